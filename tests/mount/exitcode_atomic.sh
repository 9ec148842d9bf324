#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One who waits for a code never sees the death without the code that the same `echo` carries: a thousand
# times in each shell. And an `echo` that is refused fails in the shell and leaves nothing behind.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

COUNT=1000

need_shells
crowd_code=$(helper crowd_code)
expected_log='refused what'
start_graveyard
export G COUNT

# Every other one is born before; for the rest the death is the first that is heard of it.
cat >die <<'END'
i=0
while [ $i -lt $COUNT ]; do
	if [ $((i % 2)) = 0 ]; then
		: > $G/.born/$1$i || exit 1
	fi
	echo 3 > $G/.died/$1$i || exit 1
	i=$((i + 1))
done
END

for sh in $SHELLS; do
	"$crowd_code" "$G" "$sh-" "$COUNT" 3 >right &
	crowd=$!
	wait_parked "$COUNT"
	"$sh" die "$sh-"
	wait_exits "$crowd" 0
	expect_eq "codes heard of $sh" "$(cat right)" "$COUNT"
done
# The journal tells each death once, with its code.
expect_eq "deaths with a code" "$(grep -cE '^ *[0-9]+ [^ ]+ [^ ]+ +1 died +3 ' "$G/.log")" \
	$((COUNT * 5))
expect_eq "deaths" "$(grep -c ' died ' "$G/.log")" $((COUNT * 5))

# --- what is refused

events=$(grep -c . "$G/.log")
touch "$G/.born/alive"
cat "$G/.wait/died/alive" >heard 2>&1 &
waiter=$!
wait_parked 1
for sh in $SHELLS; do
	for word in rubbish 300 256 -2 3x '"' 'ExitCode: 300' 'Died: yesterday'; do
		for name in nobody alive; do
			expect_fails "$sh" -c 'echo "$2" > "$1"' sh "$G/.died/$name" "$word"
			expect_fails "$sh" -c 'echo "$2" > "$1"' sh "$G/$name" "$word"
		done
		expect_eq "after $word in $sh" "$(find "$G" "$G/.died" -name nobody)" ""
		[ ! -e "$G/nobody" ] || fail "$word in $sh makes a name"
		[ ! -e "$G/.died/alive" ] || fail "$word in $sh makes a death"
	done
done
expect_eq "events of what was refused" "$(grep -c . "$G/.log")" $((events + 1))
[ ! -e "$G/.history/nobody" ] || fail "a name that was refused has a history"
wait_parked 1

# Then the right word, into the same files.
for sh in $SHELLS; do
	"$sh" -c 'echo -1 > "$1"' sh "$G/.died/$sh"
	expect_eq "-1 by $sh" "$(cat "$G/.exitcode/$sh")" 255
	"$sh" -c 'echo 255 > "$1"' sh "$G/.died/255-$sh"
	expect_eq "255 by $sh" "$(cat "$G/.exitcode/255-$sh")" 255
done
echo 0 >"$G/.died/alive"
wait_exits "$waiter" 0
