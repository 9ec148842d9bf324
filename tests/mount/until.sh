#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --until: it ends once its condition holds, whoever serves by then.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
plain=$GRAVEYARDFS

# enum fuse_opcode
WRITE=16

# endings: how often its condition has held, for all that were started so far.
endings()
{
	grep -c -e '--until .*: ending' "$LOG" || :
}

# until_holds COND [OPTION]…: serves on a database of its own.
until_holds()
{
	DB=$T/db-$((at += 1))/graveyard.db
	find "$G" -type f -delete
	ended=$(endings)
	start_graveyard --until "$@"
}
at=0

# goes_on: what has happened so far is not it. It is looked at after what it came with was answered, and before
# the next request is.
goes_on()
{
	stat "$G" "$G/.died" >/dev/null
	kill -s 0 "$daemon"
	expect_eq "how often it has held" "$(endings)" "$ended"
}

# has_held: it ends, now or soon. This time: the log has the words of earlier ones, too.
has_held()
{
	tries=2000
	until [ "$(endings)" -gt "$ended" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "it has not held"
		sleep 0.01
	done
}

# ends: by itself, with success, and without its mount.
ends()
{
	wait_graveyard
	expect_eq "exit status" "$rc" 0
	expect_eq "device still mounted" "$(mount_device "$G")" ""
}

# --- one condition

until_holds died:main
touch "$G/.born/main" "$G/.born/other"
goes_on
echo 3 >"$G/.died/other"
goes_on
echo 4 >"$G/.died/main"
ends
wait_log '^level=info msg="--until died:main: ending once'
# As after any other end, what was there is there still.
expect_eq "left" "$(sed -n 's/^ExitCode: //p' "$G/main" "$G/other" | paste -sd ' ')" "4 3"

until_holds born:done --linger 200ms
goes_on
touch "$G/.born/done"
ends

# A lease that closes is a death, too.
until_holds died:agent
sh -c 'read -r _ <"$1"' sh "$G/.wait/born/agent" 9>"$G/.lease/agent"
ends

# The readiness of one who was ready in vain does not count, that of his next life does.
until_holds ready:a --linger 200ms
touch "$G/.born/a" "$G/.died/a" "$G/.born/a"
goes_on
touch "$G/.ready/a"
ends

# Failures that are retried are no success.
until_holds succeeded:job
echo 1 >"$G/.died/job"
touch "$G/.born/job"
echo 2 >"$G/.died/job"
goes_on
touch "$G/.born/job"
echo 0 >"$G/.died/job"
ends

# A code may come after its death.
until_holds succeeded:job
touch "$G/.died/job"
goes_on
echo 0 >"$G/.died/job"
ends

# --- several: all at any time, any

until_holds died:a+born:b+succeeded:c --linger 200ms
echo 1 >"$G/.died/a"
touch "$G/.born/a"
echo 0 >"$G/.died/c"
rm "$G/c"
goes_on
touch "$G/.born/b"
ends

until_holds died:a,ready:b
touch "$G/.born/a" "$G/.born/b"
goes_on
echo 0 >"$G/.died/b"
goes_on
echo 0 >"$G/.died/a"
ends

# --- lingering: as long as after SIGTERM, for those who are alive, and those who read

until_holds died:main --linger 1h --max-waits 1
touch "$G/.born/main" "$G/.born/helper"
cat "$G/.wait/died/helper" >got &
waiter=$!
wait_parked 1
echo 5 >"$G/.died/main"
has_held
touch "$G/.ready/helper"
wait_parked 1
kill_worker
wait_parked 1
echo 6 >"$G/.died/helper"
wait_exits "$waiter" 0
ends
grep -q 'ExitCode: 6' got || fail "a waiter was not told in the end"

# Not longer than that; then whoever waits is sent away.
until_holds died:main --linger 200ms
touch "$G/.born/main" "$G/.born/forever"
cat "$G/.wait/died/forever" >got 2>said &
waiter=$!
wait_parked 1
echo 5 >"$G/.died/main"
ends
wait_exits "$waiter" 1
grep -q 'Operation canceled' said || fail "a waiter was told: $(cat said)"

# A signal while it lingers is the first one. Of two alike that are not taken yet the kernel keeps one, hence another.
until_holds died:main --linger 1h
touch "$G/.born/forever" "$G/.died/main"
has_held
kill -s TERM "$daemon"
touch "$G/.ready/forever"
kill -s INT "$daemon"
ends

# A signal that comes before it holds ends it as ever.
until_holds died:main
touch "$G/.born/main"
kill -s INT "$daemon"
wait_log 'INT: ending'
touch "$G/.died/main"
ends

# --- what is so at the start

# ends_at_once [OPTION]…
ends_at_once()
{
	timeout 20 "$GRAVEYARDFS" --db "$DB" "$@" "$G" 2>>"$LOG" || fail "$*: exit status $?"
	expect_eq "device still mounted" "$(mount_device "$G")" ""
}

ends_at_once --until died:main --linger 200ms
ends_at_once --until born:nobody,born:main --linger 200ms
# But not who was ready once, and is dead.
start_graveyard --until died:nobody --linger 200ms
touch "$G/.born/main" "$G/.ready/main" "$G/.died/main"
stop_graveyard
ended=$(endings)
start_graveyard --until ready:main --linger 200ms
goes_on
touch "$G/.born/main" "$G/.ready/main" "$G/.died/main"
ends
# Nor what --fresh has put behind.
ended=$(endings)
start_graveyard --until died:main --linger 200ms --fresh
touch "$G/.born/main"
goes_on
touch "$G/.died/main"
ends

# What nobody who served was told of: it lay there.
DB=$T/taken/graveyard.db
find "$G" -type f -delete
echo 7 >"$G/main"
ends_at_once --until died:main

# --- workers that are killed

until_holds died:a+died:b
echo 1 >"$G/.died/a"
kill_worker
touch "$G/.born/a"
goes_on
kill_worker
echo 1 >"$G/.died/a"
goes_on
echo 2 >"$G/.died/b"
ends

# After the commit, and before anybody has looked.
need_hold
until_holds died:main
touch "$G/.born/main"
hold_at "answer $WRITE"
echo 8 >"$G/.died/main" &
writer=$!
await_hold
kill -s KILL "$(worker_pid)"
wait_exits "$writer" 0
ends
expect_eq "left" "$(sed -n 's/^ExitCode: //p' "$G/main")" 8
GRAVEYARDFS=$plain

# A kernel that cannot resend: it is mounted again, and the condition is the same as before.
export GRAVEYARDFS_WITHOUT=resend
until_holds died:a+died:b
echo 1 >"$G/.died/a"
rm "$G/a"
kill_worker
wait_log event=mounted-again
tries=2000
until timeout 10 sh -c 'echo 2 >"$1"' sh "$G/.died/b" 2>/dev/null; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "it does not serve again"
	sleep 0.01
done
ends
