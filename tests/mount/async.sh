#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 100 reads parked by libaio and 100 by io_uring delay nothing else (a close, which may be a death, is a
# background request to the kernel, as asynchronous reads would be), and end properly.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/crowd" ] || skip "the helpers are not built"

nothing_is_delayed()
{
	cat "$G/.wait/died/$1-close" >stone &
	waiter=$!
	: >"$G/.died/$1-close"
	timeout 10 tail --pid="$waiter" -f /dev/null || fail "$1: a close is delayed"
	wait_exits "$waiter" 0
	timeout 10 touch "$G/.died/$1-touch"
	timeout 10 sh -c 'echo 3 >"$1"' sh "$G/.died/$1-write"
	expect_eq "$1: other waits" "$(timeout 10 cat "$G/.wait/exitcode/$1-write")" 3
	timeout 10 ls -l "$G" >/dev/null
}

# ends NAME PID...: all of them have the code.
ends()
{
	name=$1
	shift
	echo 7 >"$G/.died/$name"
	for process; do
		wait_exits "$process" 0
	done
	expect_eq "$name: what they read" "$(tail -n 1 out)" 7
	wait_parked 0
}

start_graveyard
tested=

if [ -x "$helpers/aio" ]; then
	"$helpers/aio" 100 "$G/.wait/exitcode/aio" >out &
	pid=$!
	wait_parked 100
	nothing_is_delayed aio
	ends aio "$pid"

	# Killed while they wait.
	"$helpers/aio" 100 "$G/.wait/exitcode/nobody" 2>out &
	pid=$!
	wait_parked 100
	pkill -KILL -P "$pid"
	wait_exits "$pid" 1
	wait_parked 0
	tested="$tested libaio"
fi

submit()
{
	mkfifo said
	"$helpers/uring" "$1" 100 "$G/.wait/exitcode/$2" >said &
	pid=$!
	exec 3<said
	rm said
	read -r said <&3 || {
		wait_exits "$pid" 77
		skip_kernel "io_uring"
	}
	expect_eq "uring said" "$said" submitted
	cat <&3 >out &
	copied=$!
	exec 3<&-
}

if [ -x "$helpers/uring" ]; then
	for how in poll async; do
		submit "$how" "uring-$how"
		nothing_is_delayed "uring-$how"
		ends "uring-$how" "$pid" "$copied"

		submit "$how" nobody
		kill -s KILL "$pid"
		wait_exits "$pid" 137
		# It may come to open, and to empty, "out" only now; the next one writes there.
		wait_exits "$copied" 0
		wait_parked 0
	done
	tested="$tested io_uring"
fi

[ "$tested" = " libaio io_uring" ] || skip "built without libaio or liburing; tested:$tested"
