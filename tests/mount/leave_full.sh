#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end, where there is no room for the stones underneath: it ends all the same, says which were not left,
# leaves no part of one, and the journal has them all.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
expected_log='unable to leave (the stone|all stones) underneath: No space left on device'

mkdir small
mount -t tmpfs -o size=1m tmpfs small
G=$T/small/g
start_graveyard --linger 1ms
touch "$G/.born/alive"
i=0
while [ "$i" -lt 40 ]; do
	i=$((i + 1))
	echo "$i" >"$G/.died/dead-$i"
done
! dd if=/dev/zero of=small/filler bs=4k 2>/dev/null || fail "the disk is not full"
kill -s TERM "$daemon"
wait_graveyard
expect_eq "exit status" "$rc" 0
expect_eq "left" "$(ls -A "$G")" ""
grep -q '^level=error msg=.alive: unable to leave the stone underneath: No space' "$LOG" || fail "nothing was said"

# With room for some, those are whole.
start_graveyard --linger 1ms
expect_eq "a code" "$(cat "$G/.exitcode/dead-40")" 40
truncate -s -40K small/filler
stop_graveyard
left=$(find "$G" -type f | wc -l)
{ [ "$left" -gt 0 ] && [ "$left" -lt 41 ]; } || fail "$left stones were left"
for stone in "$G"/*; do
	case $stone in
	*/alive) want="Born" ;;
	*) want="Born Died ExitCode" ;;
	esac
	expect_eq "$stone" "$(sed 's/:.*//' "$stone" | paste -sd ' ')" "$want"
done
