#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The disk under the database is full: writers hear so, nobody is woken, the graveyard serves on, and
# works again when there is room.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
expected_log='unable to keep a tombstone: No space left on device'

fill_disk()
{
	# Page by page, to the last: a bigger piece would leave what it does not fit into.
	dd if=/dev/zero of="$T/small/filler" bs=4k 2>said && fail "the disk is not full"
	grep -q 'No space left' said || fail "cannot fill the disk: $(cat said)"
}

# no_space COMMAND…: fails, and says why.
no_space()
{
	expect_fails "$@"
	grep -q 'No space left on device' "$T/said" || fail "$*: said '$(cat "$T/said")'"
}

mkdir small
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
start_graveyard
touch "$G/.born/a"
cat "$G/.wait/exitcode/a" >code &
code=$!
cat "$G/.wait/born/b" >born &
born=$!
cat "$G/.wait/died/c" >died &
died=$!
head -n 4 "$G/.events@now" >events &
events=$!
wait_parked 4
before=$(cat "$G/.log")

fill_disk
no_space sh -c 'env echo 3 >"$1"' sh "$G/.died/a"
no_space sh -c 'env printf 3 >"$1"' sh "$G/.died/a"
no_space touch "$G/.born/b"
no_space touch "$G/.died/d"
no_space touch "$G/.ready/a"
no_space sh -c 'env echo "Born: 2026-11-21T03:00:00Z" >"$1"' sh "$G/e"
no_space rm "$G/a"
# Nothing but the close tells of this one, and a close cannot fail.
: >"$G/.died/c"

# Nothing has happened, and everything else goes on.
wait_parked 4
for name in b c d e .born/b .alive/b .died/a .died/c .died/d .ready/a .exitcode/a; do
	[ ! -e "$G/$name" ] || fail "$name is there"
done
expect_eq "stones" "$(ls "$G")" a
expect_eq "the dead" "$(ls "$G/.died")" ""
expect_eq "the stone" "$(sed 's/:.*//' "$G/a")" Born
expect_eq "the journal" "$(cat "$G/.log")" "$before"
grep -q a "$G/.status" || fail "no status"

# There is room again: what was owed is done by itself, what failed can be done again.
rm small/filler
wait_exits "$died" 0
[ -f "$G/.died/c" ] || fail "a close that could not be kept is lost"
for name in b d e .ready/a; do
	[ ! -e "$G/$name" ] || fail "$name is there, though whoever told of it was told that it failed"
done
echo 3 >"$G/.died/a"
touch "$G/.born/b"
wait_exits "$code" 0
wait_exits "$born" 0
expect_eq "the code" "$(cat code)" 3

# What was refused has left no trace.
wait_exits "$events" 0
expect_eq "events" "$(awk '{ print $1, $3, $4, $5, $6 }' "$G/.log" | paste -sd ,)" \
	"1 a 1 born -,2 c 1 born -,3 c 1 died -,4 a 1 died 3,5 b 1 born -"
expect_eq "lines of .events" "$(awk '{ print $1 }' events | paste -sd ' ')" "2 3 4 5"
stop_graveyard

# Nor does it come back with the next daemon, on a disk that was full when the last one was killed.
start_graveyard
fill_disk
no_space sh -c 'env echo 4 >"$1"' sh "$G/.died/b"
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null
rm small/filler
start_graveyard
[ ! -e "$G/.died/b" ] || fail "a death that was refused has happened after all"
expect_eq "lines of the journal" "$(wc -l <"$G/.log")" 5
