#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the mount goes before all stones are left underneath: what is written there from then on is newer than what the
# graveyard knows, and stays.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/tombstones.sh"
command -v sqlite3 >/dev/null || skip "there is no sqlite3"
mount -o remount,size=1g "$T"

make_tombstones 60000
echo old >"$G/n0060000" # from before: no stone, and in the way of one
start_graveyard --linger 1ms 
touch "$G/.born/dies" "$G/.born/lives"
kill -s TERM "$daemon"
while [ -n "$(mount_device "$G")" ]; do :; done
if [ -e "$G/dies" ]; then
	echo "all were left before the mount went"
	wait_graveyard
	exit
fi
echo 3 >"$G/dies"
wait_graveyard
expect_eq "what was told once the mount had gone" "$(cat "$G/dies")" 3
expect_eq "what was left of one who lives" "$(sed 's/:.*//' "$G/lives" | paste -sd ' ')" Born
expect_eq "what was left over another file" "$(sed 's/:.*//' "$G/n0060000" | paste -sd ' ')" "Born Died ExitCode"
expect_eq "unfinished" "$(find "$G" -name '.*' -type f)" ""
start_graveyard --linger 1ms 
expect_eq "the code" "$(cat "$G/.wait/exitcode/dies@10s")" 3
