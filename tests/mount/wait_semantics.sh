#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a wait waits for, and what it delivers.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
export LC_ALL=C

# park RESULT WHAT: reads .wait/WHAT in the background.
park()
{
	cat "$G/.wait/$2" >"$1" 2>"$1.err" &
	eval "pid_$1=$!"
}

# gets RESULT TEXT: it ended well with that, times being W, in one line.
gets()
{
	eval "wait_exits \"\$pid_$1\" 0"
	expect_eq "$1" "$(one_line <"$1")" "$2"
}

one_line()
{
	sed -E 's/"2[0-9-]+T[0-9:.]+Z"/W/' | paste -sd '|'
}

# fails RESULT MESSAGE: it ended with that error, and no text.
fails()
{
	eval "wait_exits \"\$pid_$1\" 1"
	expect_eq "$1: error" "$(sed 's/.*: //' "$1.err")" "$2"
	expect_eq "$1: text" "$(cat "$1")" ""
}

# is WHAT TEXT, refused WHAT MESSAGE: at once.
is()
{
	expect_eq "$1" "$(timeout 10 cat "$G/.wait/$1" | one_line)" "$2"
}

refused()
{
	expect_fails timeout 10 cat "$G/.wait/$1"
	expect_eq "$1: error" "$(sed 's/.*: //' said)" "$2"
}

die()
{
	echo "$2" >"$G/.died/$1"
}

start_graveyard

# Names nobody has heard of; the next to be born.
park unheard died/new
park unheard_born born/new
park unheard_ready ready/new
park other died/older
wait_parked 4
touch "$G/.born/new"
gets unheard_born 'Born: W'
touch "$G/.ready/new"
gets unheard_ready 'Born: W|Ready: W'
wait_parked 2
die new 1
gets unheard 'Born: W|Ready: W|Died: W|ExitCode: 1'
wait_parked 1
die older 0
gets other 'Born: W|Died: W|ExitCode: 0'

# Any of: the first, and it alone. All of: noticed at any time, even if reborn meanwhile.
park any died/a,b
park all died/a+b
park all_codes exitcode/b+a
park any_code exitcode/a,b
wait_parked 4
die a 1
gets any 'Name: a|Born: W|Died: W|ExitCode: 1'
gets any_code 'a 1'
touch "$G/.born/a" "$G/.ready/a"
die a 2
touch "$G/.born/a"
wait_parked 2
die b 3
gets all 'Name: a|Born: W|Died: W|ExitCode: 1|Name: b|Born: W|Died: W|ExitCode: 3'
gets all_codes 'b 3|a 1'
# Those that are so already are delivered together; the living are not.
die c 4
is died/a,b,c 'Name: b|Born: W|Died: W|ExitCode: 3|Name: c|Born: W|Died: W|ExitCode: 4'
is born/b+c 'Name: b|Born: W|Died: W|ExitCode: 3|Name: c|Born: W|Died: W|ExitCode: 4'

# Deadlines: counted from the open, in all units.
exec 4<"$G/.wait/died/nobody@200ms" 3<"$G/.wait/died/nobody@200ms" 5<"$G/.wait/died/intime@200ms"
refused died/nobody@1ms 'Connection timed out'
die intime 5
expect_fails cat <&3
expect_eq "the deadline" "$(sed 's/.*: //' said)" 'Connection timed out'
# Though it is asked not to wait: it has waited long enough since the open, which was the first of them.
expect_fails dd iflag=nonblock status=none <&4
expect_eq "the deadline, long after the open" "$(sed 's/.*: //' said)" 'Connection timed out'
expect_eq "what came in time" "$(one_line <&5)" 'Born: W|Died: W|ExitCode: 5'
exec 3<&- 4<&- 5<&-
refused died/nobody@0s 'Connection timed out'
refused died/nobody,other2@0.01s 'Connection timed out'
refused died/nobody@20ms@next 'Connection timed out'
refused died/nobody@next@20ms 'Connection timed out'
for unit in 20000ms 20s 1m 1h 1m30s; do
	name=late$unit
	park "u$unit" "died/$name@$unit"
	wait_parked 1
	die "$name" 6
	gets "u$unit" 'Born: W|Died: W|ExitCode: 6'
done
is died/c@0s 'Born: W|Died: W|ExitCode: 4'

# @next: not what is so already.
park next_died died/c@next
park next_code exitcode/c@next
park next_born born/c@next
park next_ready ready/c@next
park next_unborn died/unborn@next
wait_parked 5
touch "$G/.born/c"
gets next_born 'Born: W'
park alive_born born/c@next
park alive_died died/c@next
touch "$G/.ready/c"
gets next_ready 'Born: W|Ready: W'
park ready_ready ready/c@next
wait_parked 6
die c 7
gets next_died 'Born: W|Ready: W|Died: W|ExitCode: 7'
gets next_code 7
gets alive_died 'Born: W|Ready: W|Died: W|ExitCode: 7'
wait_parked 3
touch "$G/.born/c" "$G/.ready/c"
gets alive_born 'Born: W'
gets ready_ready 'Born: W|Ready: W'
die unborn 8
gets next_unborn 'Born: W|Died: W|ExitCode: 8'

# About the life that is current at the open, and the stone as it was at the event.
touch "$G/.born/d"
exec 3<"$G/.wait/born/d" 4<"$G/.wait/died/d" 5<"$G/.wait/exitcode/d" 6<"$G/.wait/ready/d"
touch "$G/.ready/d"
die d 1
exec 7<"$G/.wait/died/d"
touch "$G/.born/d"
die d 2
touch "$G/.born/d"
expect_eq "born, later" "$(one_line <&3)" 'Born: W'
expect_eq "died, later" "$(one_line <&4)" 'Born: W|Ready: W|Died: W|ExitCode: 1'
expect_eq "exitcode, later" "$(cat <&5)" 1
expect_eq "ready, later" "$(one_line <&6)" 'Born: W|Ready: W'
expect_eq "dead at the open" "$(one_line <&7)" 'Born: W|Ready: W|Died: W|ExitCode: 1'
exec 3<&- 4<&- 5<&- 6<&- 7<&-

# Ready: a dead one never will be.
die e 0
refused ready/e 'No such process'
park ready_dies ready/f
park ready_any ready/f,e
park ready_either ready/f,g
park ready_both ready/f+g
wait_parked 4
touch "$G/.born/f"
wait_parked 4
die f 1
fails ready_dies 'No such process'
fails ready_any 'No such process'
fails ready_both 'No such process'
wait_parked 1
touch "$G/.ready/g"
gets ready_either 'Name: g|Born: W|Ready: W'
die g 0
refused ready/g 'No such process'

# Exit codes: none is an error, until there is one; -1 is 255.
park nocode exitcode/h
park nocode_died died/h
exec 3<"$G/.wait/exitcode/h"
wait_parked 2
touch "$G/.died/h"
fails nocode 'No data available'
gets nocode_died 'Born: W|Died: W'
refused exitcode/h 'No data available'
die h 4
is exitcode/h 4
expect_eq "a code that came after the death" "$(cat <&3)" 4
exec 3<&-
die i -1
is exitcode/i 255
is died/i 'Born: W|Died: W|ExitCode: -1'

# Succeeded: failures that are retried do not count.
park succeeded succeeded/j
wait_parked 1
for code in 1 2; do
	touch "$G/.born/j"
	die j "$code"
	wait_parked 1
done
touch "$G/.born/j"
die j 0
gets succeeded 'Born: W|Died: W|ExitCode: 0'
is succeeded/j 'Born: W|Died: W|ExitCode: 0'
touch "$G/.born/j"
park again succeeded/j
wait_parked 1
touch "$G/.died/j"
wait_parked 1
die j 0
gets again 'Born: W|Died: W|ExitCode: 0'

# Taken off view: nobody is woken, the next life counts.
touch "$G/.born/k"
park removed died/k
wait_parked 1
rm "$G/k"
wait_parked 1
touch "$G/.born/k"
wait_parked 1
die k 9
gets removed 'Born: W|Died: W|ExitCode: 9'

# What is no WHO.
for who in 'a,' ',a' 'a,,b' 'a+' 'a,b+c' '@1s' 'a@' 'a@1' 'a@1x' 'a@-1s' 'a@1s@2s' 'a@next@next' 'a@now' \
	'a b' 'a@ 1s' '-a' '.a' 'a,.b' 'ä' "$(printf '%0254d' 0)"; do
	refused "died/$who" 'Invalid argument'
done
refused nothing/a 'No such file or directory'
expect_fails sh -c 'echo 1 >"$1"' sh "$G/.wait/died/a"

# Long ones: as long as a name can be in a file system of this kind.
long=$(printf '%0253d' 0)
refused "died/$long,$long,$long,$long@1ms" 'Connection timed out'
expect_fails timeout 10 cat "$G/.wait/died/$long,$long,$long,$long,$long"
wait_parked 0
