#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the kernel aborts a connection because one request takes long, a wait ends before it does, and so does what takes
# so long to look up.
#
# This sets a sysctl of the whole machine, for as long as one mount takes: no test may run beside it.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
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
. "$(dirname "$0")/../lib/tombstones.sh"
for tool in sqlite3 python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
[ -e "$sysctl" ] || skip_kernel "fs.fuse.default_request_timeout"
[ -n "${BEFORE-}" ] || skip "may not set fs.fuse.default_request_timeout"

make_tombstones 20000

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
wait_parked 2
# A deadline of its own is kept, and says so.
expect_fails cat "$G/.wait/died/a@1s"
grep -q 'timed out' said || fail "a deadline ends with: $(cat said)"
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

# So many look for the end of so long a text, each for itself, that no machine finds it for them all in time.
cat >looking.py <<'END'
import errno, os, sys, threading
fds = [os.open(sys.argv[1] + "/.status.json", os.O_RDONLY) for _ in range(200)]
said = []

def look(fd):
	try:
		os.pread(fd, 100, 1 << 40)
		said.append("an answer")
	except OSError as e:
		said.append(errno.errorcode[e.errno])

threads = [threading.Thread(target=look, args=(fd,)) for fd in fds]
for thread in threads:
	thread.start()
for thread in threads:
	thread.join()
print(*sorted(set(said)))
END
said=$(python3 looking.py "$G")
case $said in
EAGAIN | "EAGAIN an answer") ;;
*) fail "who looks for long is told: $said" ;;
esac
