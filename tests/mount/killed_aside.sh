#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The worker is killed, and meanwhile the mount is taken down; and the worker of a mount that only shows.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

# without_worker COMMAND…: while there is none, and the keeper starts none.
without_worker()
{
	worker=$(worker_pid)
	stop "$daemon"
	kill -s KILL "$worker"
	gone "$worker"
	"$@"
	kill -s CONT "$daemon"
}

# ended: by itself, with nothing mounted, nobody waiting, and the stones left.
ended()
{
	wait_graveyard
	expect_eq "exit status" "$rc" 0
	expect_eq "device still mounted" "$(mount_device "$G")" ""
	wait_exits "$waiter" 1
	[ -f "$G/dead" ] || fail "the stone was not left"
}

# --- taken down by somebody else, in front of no worker

for unmount in "umount -l" "$GRAVEYARDFS --unmount"; do
	start_graveyard
	echo 3 >"$G/.died/dead"
	cat "$G/.wait/died/nobody" 2>said &
	waiter=$!
	wait_parked 1
	herald=$(herald_pid)
	aborted=$connection
	# shellcheck disable=SC2086 # a command
	without_worker $unmount "$G"
	# Who waits in a mount that was taken down lazily keeps it, until its connection is aborted.
	[ ! -e "/sys/fs/fuse/connections/$aborted/abort" ] ||
		echo 1 >"/sys/fs/fuse/connections/$aborted/abort"
	ended
	gone "$herald"
done

# --- and the connection aborted

start_graveyard
cat "$G/.wait/died/nobody" 2>said &
waiter=$!
wait_parked 1
without_worker sh -c 'echo 1 >"$1"' sh "/sys/fs/fuse/connections/$connection/abort"
ended

# --- a private copy: its waits fail, so nothing is parked; the next worker shows the same

start_graveyard --linger 1ms
echo 5 >"$G/.died/last"
stop_graveyard
start_graveyard --read-only
kill_worker
expect_eq "a code" "$(timeout 10 cat "$G/.exitcode/last")" 5
exec 7<"$G/.log"
read -r first <&7
kill_worker
cat <&7 >rest
exec 7<&-
expect_eq "a log read over a death" "$(printf '%s\n' "$first" | cat - rest)" "$(cat "$G/.log")"
stop_graveyard
