#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end: asked for, waited for, forced, by others, and by SIGKILL.
set -eu
TIME_LIMIT=${TIME_LIMIT:-180}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
expected_log='the worker does not end'

# uptime in hundredths of a second
now()
{
	sed 's/ .*//; s/\.//' /proc/uptime
}

# ends_with STATUS: the daemon, by itself; nothing is left mounted.
ends_with()
{
	wait_graveyard
	expect_eq "exit status" "$rc" "$1"
	expect_eq "device still mounted" "$(mount_device "$G")" ""
}

# parked WHAT: a read of .wait/WHAT, whose error is in the file `said`, in $waiter.
parked()
{
	cat "$G/.wait/$1" >got 2>said &
	waiter=$!
	wait_parked 1
}

# TERM: it serves until everyone alive has died.
start_graveyard --linger 1h
echo 1 >"$G/.died/dead"
touch "$G/.born/alive"
sh -c 'while ! test -f "$1"; do :; done' sh "$G/other" &
loop=$!
kill -s TERM "$daemon"
wait_log 'TERM: ending'
expect_eq "the code of the dead" "$(cat "$G/.exitcode/dead")" 1
touch "$G/.ready/alive"
as_user 1000 sh -c 'echo 2 >"$1"' sh "$G/.died/other"
echo 3 >"$G/.died/alive"
ends_with 0
# What was there is there still: a plain file each, with what it said and whose it was.
wait_exits "$loop" 0
expect_eq "left" "$(sed -n 's/^ExitCode: //p' "$G/dead" "$G/other" "$G/alive" | paste -sd ' ')" "1 2 3"
expect_eq "fields left" "$(sed 's/:.*//' "$G/alive" | paste -sd ' ')" "Born Ready Died ExitCode"
expect_eq "owners left" "$(stat -c '%u:%g:%a' "$G/dead" "$G/other" | paste -sd ' ')" "0:0:644 1000:1000:644"

# TERM: it serves as long as somebody waits, too.
start_graveyard --linger 1h
parked died/awaited
kill -s TERM "$daemon"
wait_log 'TERM: ending' 2
echo 4 >"$G/.died/awaited"
wait_exits "$waiter" 0
ends_with 0
grep -q 'ExitCode: 4' got || fail "a waiter was not told in the end"

# But no longer than --linger. Waits end with an error that no tool takes for a signal, polls end too.
start_graveyard --linger 300ms
touch "$G/.born/forever"
parked died/forever
begun=$(now)
kill -s TERM "$daemon"
ends_with 0
took=$(($(now) - begun))
[ "$took" -ge 28 ] || fail "lingered for ${took}0 ms instead of 300"
[ "$took" -lt 9000 ] || fail "lingered for ${took}0 ms instead of 300"
wait_exits "$waiter" 1
grep -q 'Operation canceled' said || fail "a waiter was told: $(cat said)"
# And a loop on `test -f` finds the stone that it saw before.
[ -f "$G/forever" ] || fail "the stone of one that lives was not left"

# By default a second.
start_graveyard
begun=$(now)
stop_graveyard
took=$(($(now) - begun))
{ [ "$took" -ge 95 ] && [ "$took" -lt 9000 ]; } || fail "lingered for ${took}0 ms by default"

# A second signal ends it now.
start_graveyard --linger 1h
parked died/forever
kill -s INT "$daemon"
wait_log 'INT: ending'
wait_parked 1
kill -s TERM "$daemon"
ends_with 0
wait_exits "$waiter" 1
echo 0 >"$G/forever"

# A worker that hangs does not keep the mount: whoever waits gets an error, and no process is left.
start_graveyard --linger 1h
parked died/nobody
worker=$(worker_pid)
herald=$(herald_pid)
kill -s INT "$daemon"
wait_log 'INT: ending' 2
stop "$worker"
kill -s TERM "$daemon"
ends_with 111
wait_exits "$waiter" 1
grep -Eq 'abort|not connected' said || fail "a waiter was told: $(cat said)"
gone "$worker" "$herald"
start_graveyard --linger 1ms
stop "$(worker_pid)"
kill -s TERM "$daemon"
ends_with 111

# Nobody alive, nobody waits: at once.
start_graveyard --linger 1h
stop_graveyard

# Somebody is in there, has files open, and files that are not closed yet.
start_graveyard --linger 1ms
mkfifo go
(cd "$G/.died" && exec 8<"$G/.log" 9>"$G/.died/unclosed" && read -r _ <"$T/go") &
busy=$!
until [ -e "/proc/$busy/fd/9" ]; do
	:
done
stop_graveyard
echo >go
wait_exits "$busy" 0
[ ! -e "$G/unclosed" ] || fail "what was never told has been left"

# Unmounted by somebody else: it ends, and leaves what it would have.
start_graveyard
touch "$G/.born/unmounted"
# The herald may be in it for a moment.
tries=500
until umount "$G" 2>/dev/null; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "it cannot be unmounted"
	sleep 0.01
done
ends_with 0
[ -f "$G/unmounted" ] || fail "nothing was left when it was unmounted"

# The connection is aborted: no dead mount is left.
start_graveyard
parked died/nobody
echo 1 >"/sys/fs/fuse/connections/$connection/abort"
wait_exits "$waiter" 1
wait_graveyard
expect_eq "device still mounted after an abort" "$(mount_device "$G")" ""

# SIGKILL: everybody gets an error at once, and the next start clears what is left.
start_graveyard
echo 5 >"$G/.died/acknowledged"
parked died/nobody
exec 7>"$G/.died/held"
kill -s KILL "$daemon"
wait_exits "$waiter" 1
grep -Eq 'abort|not connected' said || fail "a waiter was told: $(cat said)"
wait_graveyard 2>/dev/null
expect_fails timeout 5 cat "$G/.log"
grep -q 'not connected' "$T/said" || fail "said: $(cat "$T/said")"
[ -n "$(mount_device "$G")" ] || fail "SIGKILL left no mount, so this tests nothing"
expect_fails sh -c 'echo 1 >&7'
exec 7>&-
start_graveyard
expect_eq "the code" "$(cat "$G/.exitcode/acknowledged")" 5
[ ! -e "$G/held" ] || fail "what was never told is there"
stop_graveyard
