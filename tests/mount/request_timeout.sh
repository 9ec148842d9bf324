#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the kernel aborts a connection because one request takes long, a wait ends before it does.
#
# This sets a sysctl of the whole machine, for as long as one mount takes: no test may run beside it.
set -eu
sysctl=/proc/sys/fs/fuse/default_request_timeout

# Around the harness: the old value comes back even if that is killed.
if [ "$(id -u)" = 0 ] && [ -z "${INSIDE-}" ] && [ -w "$sysctl" ]; then
	if [ -z "${BEFORE-}" ]; then
		BEFORE=$(cat "$sysctl")
		export BEFORE
		trap 'echo "$BEFORE" >"$sysctl"' EXIT
		trap 'exit 143' HUP INT TERM
		rc=0
		"$0" || rc=$?
		exit "$rc"
	fi
fi
. "$(dirname "$0")/../lib/mount.sh"
[ -e "$sysctl" ] || skip_kernel "fs.fuse.default_request_timeout"
[ -n "${BEFORE-}" ] || skip "may not set fs.fuse.default_request_timeout"

# The least that the kernel knows, which it takes 1 for, is 15 s.
echo 1 >"$sysctl"
[ "$(cat "$sysctl")" = 1 ] || skip "cannot set fs.fuse.default_request_timeout"
start_graveyard
stat -f "$G" >/dev/null
echo "$BEFORE" >"$sysctl"
grep -q '^level=warning .*aborts.* 15 s.*EAGAIN' "$LOG" || fail "the log does not tell of the timeout"

touch "$G/.born/a"
cat "$G/.wait/died/a" 2>died &
died=$!
cat "$G/.events@now" 2>events &
events=$!
cat "$G/.wait/died/a@1s" 2>deadline &
deadline=$!
wait_parked 3
# A deadline of its own is kept, and says so.
wait_exits "$deadline" 1
grep -q 'timed out' deadline || fail "a deadline ends with: $(cat deadline)"
# EAGAIN, and not because the connection is gone.
timeout 14 tail --pid="$died" -f /dev/null || fail "a wait goes on beyond the patience of the kernel"
wait_exits "$died" 1
wait_exits "$events" 1
for waiter in died events; do
	grep -q 'temporarily unavailable' "$waiter" || fail "$waiter ends with: $(cat "$waiter")"
done
# Whoever tries again waits again, and is told.
cat "$G/.wait/exitcode/a" >code &
code=$!
wait_parked 1
echo 3 >"$G/.died/a"
wait_exits "$code" 0
expect_eq "the code" "$(cat code)" 3
