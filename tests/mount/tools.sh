#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every common tool, on every view, into a file, a pipe and $(…): the right content, never an empty success.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
pagecache=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/pagecache
[ -x "$pagecache" ] || skip "the helpers are not built"
for tool in busybox python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done

shown=0
files=

# show TOOL FILE: the whole of it, by that tool.
show()
{
	case $1 in
	cat) cat "$2" ;;
	busybox-cat) busybox cat "$2" ;;
	redirect) cat <"$2" ;;
	dd) dd "if=$2" bs=64k status=none ;;
	dd-byte) dd "if=$2" bs=1 status=none ;;
	dd-direct) dd "if=$2" bs=4k iflag=direct status=none ;;
	busybox-dd) busybox dd "if=$2" 2>/dev/null ;;
	tee) tee <"$2" ;;
	busybox-tee) busybox tee <"$2" ;;
	sed) sed '' "$2" ;;
	head) head -n 1000 "$2" ;;
	busybox-head) busybox head -n 1000 "$2" ;;
	tail) tail -n 1000 "$2" ;;
	tail-from) tail -n +1 "$2" ;;
	tail-bytes) tail -c 1000000 "$2" ;;
	busybox-tail) busybox tail -n 1000 "$2" ;;
	grep) grep '' "$2" ;;
	awk) awk 1 "$2" ;;
	cp)
		copy=$(mktemp)
		cp "$2" "$copy" && cat "$copy"
		;;
	busybox-cp)
		copy=$(mktemp)
		busybox cp "$2" "$copy" && cat "$copy"
		;;
	esac
}
tools='cat busybox-cat redirect dd dd-byte dd-direct busybox-dd tee busybox-tee sed head busybox-head
	tail tail-from tail-bytes busybox-tail grep awk cp busybox-cp'

# show_all_ways TOOL FILE RESULT: to RESULT.file, RESULT.pipe and RESULT.string.
show_all_ways()
{
	show "$1" "$2" >"$3.file"
	show "$1" "$2" | cat >"$3.pipe"
	string=$(show "$1" "$2")
	printf '%s\n' "$string" >"$3.string"
}

# Python comes once for many files: it is slow to start.
python_copies()
{
	python3 -c '
import shutil, sys
for i, path in enumerate(sys.argv[1:]):
    shutil.copyfile(path, "python.%d" % i)' "$@"
}

# shows FILE WANT: all tools do.
shows()
{
	printf '%s\n' "$2" >want
	shown=$((shown + 1))
	cp want "want.$shown"
	files="$files $1"
	for tool in $tools; do
		show_all_ways "$tool" "$1" got
		for way in file pipe string; do
			cmp -s want "got.$way" || fail "$tool into a $way, of $1: $(od -c "got.$way" | head -n 3)"
		done
	done
	expect_eq "wc -l of $1" "$(wc -l <"$1")" "$(wc -l <want)"
	expect_eq "wc -c of $1" "$(wc -c <"$1")" "$(wc -c <want)"
	expect_eq "busybox wc -c of $1" "$(busybox wc -c <"$1")" "$(wc -c <want)"
	expect_eq "tail -n 1 of $1" "$(tail -n 1 "$1")" "$(tail -n 1 want)"
	expect_eq "tail -c 2 of $1" "$(tail -c 2 "$1")" "$(tail -c 2 want)"
	expect_eq "head -c 2 of $1" "$(head -c 2 "$1")" "$(head -c 2 want)"
	[ "$(stat -c %s "$1")" -ge "$(wc -c <want)" ] || fail "size of $1"
}

# shaped FILE WANT: its text, with W for each time, as one line; and all tools agree.
shaped()
{
	text=$(dd "if=$G/$1" bs=64k count=1 status=none)
	expect_eq "$1" "$(printf '%s\n' "$text" | sed -E 's/"?2[0-9-]+T[0-9:.]+Z"?/W/' | paste -sd '|')" "$2"
	shows "$G/$1" "$text"
}

start_graveyard
touch "$G/.born/agent"
echo 3 >"$G/.died/agent"
touch "$G/.born/agent"
printf 'ExitCode: 0\nEpitaph: "so long"\n' >"$G/.died/agent"
touch "$G/.ready/db"

dead='Born: W|Died: W|ExitCode: 0|Epitaph: "so long"'
for view in agent .born/agent .died/agent .wait/born/agent .wait/died/agent .wait/succeeded/agent; do
	shaped "$view" "$dead"
done
for view in db .born/db .alive/db .ready/db .wait/born/db .wait/ready/db; do
	shaped "$view" 'Born: W|Ready: W'
done
shaped .exitcode/agent 0
shaped .wait/exitcode/agent 0
shaped .wait/exitcode/agent,db 'agent 0'
for name in a b c e; do
	echo 7 >"$G/.died/$name"
done
one='Born: W|Died: W|ExitCode: 7'
shaped .wait/died/a+b+c+e "Name: a|$one|Name: b|$one|Name: c|$one|Name: e|$one"
shaped .history/agent "---|Life: 1|Born: W|Died: W|ExitCode: 3|---|Life: 2|$dead"
shows "$G/.help" "$(cat "$G/.help")"
grep -q '^WAIT' "$G/.help" || fail ".help teaches nothing"
# A terminal of 80 by 24, with the prompt in its last line.
expect_eq "lines of .help" "$(awk 'NR > 23 || length > 80' "$G/.help")" ""
shows "$G/.status" "$(cat "$G/.status")"
expect_eq ".status" "$(head -n 3 "$G/.status" | awk '{ print $1, $2, $3 }' | paste -sd ,)" \
	"NAME STATE LIFE,agent dead 2,db ready 1"
shows "$G/.log" "$(cat "$G/.log")"
expect_eq ".log" "$(head -n 7 "$G/.log" | awk '{ print $1, $3, $4, $5, $6 }' | paste -sd ,)" \
	"1 agent 1 born -,2 agent 1 died 3,3 agent 2 born -,4 agent 2 epitaph -,5 agent 2 died 0,6 db 1 born -,7 db 1 ready -"
expect_eq "head of .events" "$(head -n 7 "$G/.events")" "$(head -n 7 "$G/.log")"
expect_eq "dd of .events" "$(dd "if=$G/.events" bs=64k count=1 status=none)" "$(cat "$G/.log")"
expect_eq "busybox head of .events" "$(busybox head -n 7 "$G/.events")" "$(head -n 7 "$G/.log")"
expect_eq "sed of .events" "$(sed 2q "$G/.events")" "$(sed 2q "$G/.log")"
expect_eq "grep of .events" "$(grep -m 1 ready "$G/.events")" "$(grep ready "$G/.log")"

# shellcheck disable=SC2086 # a list
python_copies $files
while [ "$shown" -gt 0 ]; do
	cmp "want.$shown" "python.$((shown - 1))" || fail "shutil.copyfile of number $shown of $files"
	shown=$((shown - 1))
done

# What goes through the page cache is refused at once, though the wait is one that nobody has satisfied.
timeout 25 "$pagecache" "$G/agent" "$G/.died/agent" "$G/.exitcode/agent" "$G/.history/agent" \
	"$G/.wait/died/agent" "$G/.wait/died/nobody" "$G/.wait/born/nobody" "$G/.log" "$G/.status" \
	"$G/.status.json" "$G/.metrics" "$G/.help" "$G/.events" "$G/.events@now"

# Parked, all of them, and woken by one write.
for tool in $tools; do
	show_all_ways "$tool" "$G/.wait/died/late" "parked.$tool" &
	eval "pid_$(echo "$tool" | tr - _)=$!"
done
python_copies "$G/.wait/died/late" "$G/.wait/exitcode/late" &
python=$!
for kind in born ready exitcode succeeded; do
	busybox cat "$G/.wait/$kind/late" >"kind.$kind" &
	eval "pid_$kind=$!"
done
# Of the three ways of a tool the first is parked, and the others come late.
wait_parked "$(echo "$tools" python born ready exitcode succeeded | wc -w)"
touch "$G/.born/late"
cp "$G/late" want.born
touch "$G/.ready/late"
cp "$G/late" want.ready
echo 0 >"$G/.died/late"
cp "$G/late" want.died
cp want.died want.succeeded
echo 0 >want.exitcode
for tool in $tools; do
	eval "wait_exits \"\$pid_$(echo "$tool" | tr - _)\" 0"
	for way in file pipe string; do
		cmp -s want.died "parked.$tool.$way" || fail "$tool, parked, into a $way"
	done
done
wait_exits "$python" 0
cmp -s want.died python.0 || fail "shutil.copyfile, parked"
cmp -s want.exitcode python.1 || fail "shutil.copyfile of a code, parked"
for kind in born ready exitcode succeeded; do
	eval "wait_exits \"\$pid_$kind\" 0"
	cmp -s "want.$kind" "kind.$kind" || fail "busybox cat of .wait/$kind, parked: $(cat "kind.$kind")"
done

# Read byte by byte while things happen: the text of one moment.
slowly()
{
	want=$(cat "$1")
	got=$(
		exec 3<"$1"
		for n in 1 2 3 4 5; do
			dd bs=1 count=7 status=none <&3
			echo "$n" >"$G/.died/slow-$2-$n"
			printf 'Epitaph: "%s"\n' "$n" >"$G/moving" 2>/dev/null || :
			echo 5 >"$G/.died/moving" 2>/dev/null || :
			touch "$G/.born/moving"
		done
		dd bs=1 status=none <&3
	)
	expect_eq "$1, slowly" "$got" "$want"
}

touch "$G/.born/moving"
i=0
for view in .log .status moving .born/moving .alive/moving .history/moving .wait/born/moving; do
	i=$((i + 1))
	slowly "$G/$view" "$i"
done
