#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a graveyard makes of the calls that programs make to files: when a creation counts, which write is
# taken, which names there are, and all that is refused.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

expected_log='refused what'
need_try
start_graveyard

# --- a creation counts from its first write, or from its last close

new never
gets "ok ENOENT ok ENOENT ok ok" open wc "$n" stat "$n" flush stat "$n" close stat "$n"
journal "1 born"
new never
gets "ok ENOENT ok ok ok" open wc ".died/$n" stat "$n" write "3\n" stat ".died/$n" close
journal "1 born,1 died 3"
new never
gets "ok ok ok ok ok" open wc ".died/$n" flush flush futimens stat ".died/$n"
journal "1 born,1 died"
new never
gets "ok eof ok ok" open bc "$n" read write "3\n" close
journal "1 born,1 died 3"
new alive
gets "ok ok ok" open wca ".died/$n" write "3\n" close
journal "${past}1 died 3"

# Refused, it is no creation, though it is closed properly, and what follows may be right.
new never
gets "ok EINVAL ok ENOENT" open wc ".died/$n" write "rubbish\n" close stat "$n"
gets "ok EINVAL ok ENOENT" open wc "$n" write "rubbish\n" close stat "$n"
nothing_new
gets "ok EINVAL ok ok" open wc ".died/$n" write "rubbish\n" write "3\n" close
journal "1 born,1 died 3"

# Somebody else was faster than the one who has it open.
new alive
exec 5>"$G/.died/$n"
absent ".died/$n"
echo 3 >"$G/.died/$n"
exec 5>&-
journal "${past}1 died 3"
new never
exec 5>"$G/.born/$n"
touch "$G/.born/$n" "$G/.died/$n"
exec 5>&-
journal "1 born,1 died"

# --- O_EXCL decides who created

new never
exec 5>"$G/$n"
gets "EEXIST" open wcx "$n"
gets "ok ok" open wc "$n" close
exec 5>&-
journal "1 born"
gets "EEXIST" open wcx "$n"
gets "EEXIST" open wcx ".born/$n"
new never
exec 5>"$G/.died/$n"
gets "EEXIST" open wcx ".died/$n"
echo rubbish >&5 2>/dev/null || :
gets "ok ok ok" open wcx ".died/$n" write "3\n" close
exec 5>&-
journal "1 born,1 died 3"

# 2 × 300 names at the same time, in the same order.
steps()
{
	i=0
	while [ $i -lt 300 ]; do
		printf 'open wcx %s/race-%s write 3\\n\n' "$G" "$i"
		i=$((i + 1))
	done
}
steps >words
# shellcheck disable=SC2046 # they are
{
	"$try" $(cat words) >one &
	one=$!
	"$try" $(cat words) >two
	wait_exits "$one" 0
}
for who in one two; do
	xargs -n 2 <"$who" | cut -d ' ' -f 1 >"$who.opens"
done
expect_eq "who created" "$(paste -d ' ' one.opens two.opens | sort | uniq -c | sort |
	grep -vcE '^ *[0-9]+ (ok EEXIST|EEXIST ok)$')" 0
expect_eq "created" "$(find "$G" -maxdepth 1 -name 'race-*' | wc -l)" 300

# --- O_TRUNC alone changes nothing

for state in alive dead dead3; do
	new "$state"
	gets "ok ok ok ok" open wt "$n" ftruncate close truncate "$n"
	gets "ok ok" open wct "$n" close
	gets "ok" truncate ".born/$n"
	case $state in
	dead*) gets "ok ok ok ok" open wct ".died/$n" ftruncate close truncate ".died/$n" ;;
	esac
	nothing_new
done

# --- a write that ends inside a line is held until the line ends, or the file is flushed

new alive
gets "ok ok ENOENT ok ok ok" open wc ".died/$n" write "3" stat ".died/$n" flush stat ".died/$n" close
journal "${past}1 died 3"
new alive
gets "ok ok ok" open wc ".died/$n" write "3" close
journal "${past}1 died 3"
new alive
gets "ok ok ok ok ok" open w "$n" write "ExitCo" write "de: 4" write "2\nEpit" write "aph: e"
journal "${past}1 died 42,1 epitaph"
new never
gets "ok ok EINVAL ok ENOENT" open wc ".died/$n" write "rubbish" flush close stat "$n"
gets "ok ok EINVAL ENOENT" open wc ".died/$n" write "rubbish" close stat "$n"
gets "ok ok EINVAL EINVAL" open wc "$n" write "rub" write "bish\n" write "3 0\n"
nothing_new
new alive
gets "ok ok EINVAL" open w "$n" write "Epitaph: e\nrub" write "bish\n"
journal "${past}1 epitaph"

# --- limits

new alive
gets "ok ok EFBIG EFBIG" open w "$n" fill "Mood: " 4096 fill "Mood: " 4097 fill "Mood: " 100000
gets "ok EFBIG" open w "$n" fill "ExitCode: 3\nMood: " 4097
gets "ok EFBIG" open w "$n" fill "Epitaph: " 1035
nothing_new
gets "ok ok" open w "$n" fill "Epitaph: " 1034
journal "${past}1 epitaph"
expect_eq "length of the epitaph" "$(field Epitaph | tr -d '\n' | wc -c)" 1024
new never
gets "ok EFBIG ok ENOENT" open wc "$n" fill "Mood: " 5000 close stat "$n"
nothing_new

for code in -1 $(seq 0 255); do
	echo "$code" >"$G/.died/code$code"
done
expect_eq "codes" "$(for code in -1 $(seq 0 255); do
	sed -n 's/^ExitCode: //p' "$G/code$code"
done | paste -sd ' ')" "$(seq -1 255 | paste -sd ' ')"
expect_eq "-1 as a shell can use it" "$(cat "$G/.exitcode/code-1" "$G/.wait/exitcode/code-1" |
	paste -sd ' ')" "255 255"
new never
for code in -2 256 1000 99999999999999999999 3.0 0x3 3x '3 3' - '' --; do
	[ -z "$code" ] || gets "ok EINVAL" open wc ".died/$n" write "$code\n"
	gets "ok EINVAL" open wc "$n" write "ExitCode: x$code\n"
done
nothing_new

# --- names

long=$(printf '%0253d' 0)
for name in a Z 0 _ a.b a_b a-b a. a- _. "$long"; do
	gets "ok ok" open wc "$name" close
	gets "ok" stat ".born/$name"
done
for name in -a '-' 'a b' 'a,b' 'a+b' 'a@b' 'a:b' 'a=b' 'a~' 'ä' "a
b" 'a\b' '*' "${long}0" "${long}00000"; do
	for directory in . .born .ready .died; do
		gets "EINVAL EINVAL" open wc "$directory/$name" open wcx "$directory/$name"
	done
done
for name in .a ..a .born2 .hidden; do
	gets "EINVAL ENOENT EPERM" open wc "$name" stat "$name" mkdir "$name"
	for directory in .born .ready .died; do
		gets "EINVAL" open wc "$directory/$name"
	done
done
expect_eq "dot names among the stones" "$(find "$G" -maxdepth 1 -mindepth 1 -name '.*')" ""

# --- attributes: taken without a word, and without effect

look()
{
	stat -c '%a %u %g %y' "$G/$1"
}

for state in alive dead dead3; do
	new "$state"
	past_look=$(look "$n")
	gets "ok ok ok ok" chmod 600 "$n" utimens "$n" mtime "$n" chmod 777 ".born/$n"
	gets "ok ok ok" open w "$n" fchmod 600 futimens
	case $state in
	dead*) gets "ok ok ok" chmod 600 ".died/$n" utimens ".died/$n" mtime ".died/$n" ;;
	esac
	expect_eq "attributes of $n" "$(look "$n")" "$past_look"
	nothing_new
done
expect_eq "a stone's mode" "${past_look%% *}" 644
gets "ok ok ok" chmod 700 . chmod 700 .born utimens .
expect_eq "the graveyard's mode" "$(stat -c %a "$G" "$G/.born" | paste -sd ' ')" "777 777"

new alive
gets "ok ok ok" chown 1000 "$n" stat "$n" chown 1000 ".born/$n"
journal "${past}0 owner"
expect_eq "the new owner" "$(stat -c '%u %g' "$G/$n" "$G/.alive/$n" | paste -sd ' ')" "1000 1000 1000 1000"

# --- touch: of the birth of a dead one it is the next birth, of the stone it is nothing

for touch in touch 'busybox touch' 'touch -c' 'tee -a'; do
	new dead
	$touch "$G/.born/$n" </dev/null
	journal "${past}2 born"
	$touch "$G/.born/$n" </dev/null
	journal "${past}2 born"
	new dead
	$touch "$G/$n" "$G/.died/$n" </dev/null
	cat "$G/.born/$n" >/dev/null
	nothing_new
done
for touch in touch 'busybox touch' 'tee -a'; do
	new never
	$touch "$G/.ready/$n" </dev/null
	$touch "$G/.died/$n" </dev/null
	journal "1 born,1 ready,1 died"
	new never
	$touch "$G/$n" </dev/null
	journal "1 born"
done

# --- removing

for state in alive dead3; do
	new "$state"
	gets "ok ENOENT ENOENT ENOENT" unlink "$n" unlink "$n" stat "$n" stat ".born/$n"
	journal "${past}1 removed"
	gets "ok ok" open wc "$n" close
	journal "${past}1 removed,2 born"
	has_stone Born
done
new alive
cat "$G/.wait/exitcode/$n" >code &
waiter=$!
wait_parked 1
exec 5>>"$G/$n"
gets ok unlink "$n"
# Whoever has it open does not bring it back.
expect_fails sh -c 'echo 4 >&5'
exec 5>&-
wait_parked 1
journal "${past}1 removed"
gets "ok ok ok" open wc ".died/$n" write "5\n" close
journal "${past}1 removed,2 born,2 died 5"
wait_exits "$waiter" 0
expect_eq "who waited while it was removed" "$(cat code)" 5

# --- whatever else there is to do to files

new dead3
for directory in . .born .died .wait .history .bin; do
	gets "EPERM EPERM EPERM EPERM EPERM EPERM" mkdir "$directory/new" mknod "$directory/new" \
		mkfifo "$directory/new" symlink "$n" "$directory/new" link "$n" "$directory/new" \
		rename "$n" "$directory/new"
done
for view in .born .died .exitcode .history .wait/died; do
	gets "EPERM EPERM EPERM" unlink "$view/$n" rmdir "$view" rename "$view/$n" new
done
gets "EPERM EPERM EPERM EPERM" unlink .log unlink .help unlink .bin/bury rename .log new
expect_fails mv "$G/$n" "$G/new"
expect_fails ln "$G/$n" "$G/new"
expect_fails ln -s "$n" "$G/new"
expect_fails rm "$G/.died/$n"
gets "EACCES EACCES EACCES EACCES EACCES EACCES" open w ".exitcode/$n" open wt ".history/$n" \
	open w ".wait/died/$n" open w .log open wt .status open b .help
gets "EPERM EPERM EPERM" open wc .alive/new open wc .exitcode/new open wc .history/new
nothing_new
[ -f "$G/$n" ] || fail "$n is gone"
absent new .born/new

# --- waits say why they fail

new dead
gets "ok ENODATA" open r ".wait/exitcode/$n" read
gets "ok ESRCH" open r ".wait/ready/$n" read
gets "ok ETIMEDOUT" open r ".wait/died/nobody@10ms" read
gets "ok EAGAIN" open rn ".wait/died/nobody" read
gets "EINVAL EINVAL EINVAL" open r ".wait/died/a b" open r ".wait/died/a@soon" open r ".wait/died/a,"
new ready
"$try" open r "$G/.wait/ready/$n@next" read >said &
waiter=$!
wait_parked 1
echo 0 >"$G/.died/$n"
touch "$G/.ready/other"
wait_parked 1
touch "$G/.born/$n"
echo 0 >"$G/.died/$n"
wait_exits "$waiter" 0
expect_eq "waiting for one to be ready that dies" "$(cat said)" "ok ESRCH"
