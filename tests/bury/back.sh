#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A graveyard that goes away and comes back, and sees nobody's process, as in a pod: whoever held a lease is dead to it
# until he takes up a new one. To others that is no death, unless he does not.
set -eu
TIME_LIMIT=${TIME_LIMIT:-180}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"

kind=served
Y=$G
mkfifo running end
serve_apart
expected_log=.
runs='trap "exit 7" TERM; echo >running; while :; do sleep 100 & wait; done'

# begin_dep: its process is $dep, that of its child $child.
begin_dep()
{
	"$BURY" --quiet --graveyard "$Y" --name dep "$@" -- sh -c "$runs" &
	dep=$!
	hear running
	child=$(cat "/proc/$dep/task/$dep/children")
}

# begin OPTION…: one that depends on it, and has heard of no death by the time dep is dead to the graveyard.
begin()
{
	: >bury.log
	start_bury --name app "$@" -- sh -c "$runs"
}

# says_lost COND: it has heard of a death that may be none.
says_lost()
{
	timeout 50 sh -c 'tail -n +1 -f "$1" | grep -qm1 "event=lease-lost .*cond=$2"' sh "$T/bury.log" "$1" ||
		fail "not said: lease-lost, but $(cat "$T/bury.log")"
}

# Killed and started again, while dep hears of nothing.
restart()
{
	stop "$dep"
	kill_graveyard
	start_graveyard
	[ -e "$G/.died/dep" ] || fail "dep is not dead to the graveyard that came back"
	says_lost "$1"
}

start_graveyard

# --- one that runs, with a dep that comes back, and then dies

begin_dep
begin --until died:dep
hear running
restart died:dep
kill -s CONT "$dep"
until [ -e "$G/.alive/dep" ] && [ -e "$G/.alive/app" ]; do sleep 0.01; done
kill -s 0 "$job" || fail "took an outage for a death"
kill -s TERM "$dep"
wait_exits "$dep" 7
wait_exits "$job" 7

# --- one that waits for it to be ready

begin_dep
begin --after ready:dep --after-timeout 50s
until find "/proc/$job/fd" -lname '*/.wait/ready/dep' 2>/dev/null | grep -q .; do
	kill -s 0 "$job" || fail "it does not wait"
done
restart ready:dep
kill -s CONT "$dep"
until [ -e "$G/.alive/dep" ]; do sleep 0.01; done
touch "$G/.ready/dep"
hear running
kill -s TERM "$job"
wait_exits "$job" 7

# --- one that had seen the plain directory between two mounts, and looks there once the next has come

stop "$dep"
kill_graveyard
umount -l "$G"
begin --until died:dep
hear running
stop "$job"
touch "$G/news" # is heard before the mount is
start_graveyard
kill -s CONT "$job"
says_lost died:dep
kill -s CONT "$dep"
until [ -e "$G/.alive/dep" ]; do sleep 0.01; done
kill -s 0 "$job" || fail "took an outage for a death"
kill -s TERM "$dep"
wait_exits "$dep" 7
wait_exits "$job" 7

# --- one whose next graveyard goes away, too, and leaves in the plain directory what it took for a death

begin_dep
begin --until died:dep
hear running
restart died:dep
apart=$(cat "/proc/$daemon/task/$daemon/children")
kill -s TERM "${apart% }"
wait_graveyard
grep -q 'lease lost' "$G/dep" || fail "it is not left as lost"
until grep -q '^Lease: lock' "$G/app"; do sleep 0.01; done
kill -s CONT "$dep"
until grep -q '^Lease: lock' "$G/dep"; do sleep 0.01; done
kill -s 0 "$job" || fail "took an outage for a death, by what was left of it"
kill -s TERM "$dep"
wait_exits "$dep" 7
wait_exits "$job" 7
rm "$G/app"

# --- one whose graveyard is killed over a directory in which there is the stone of an earlier life

printf 'Born: "2026-11-21T03:00:00Z"\nDied: "2026-11-21T03:00:01Z"\n' >"$G/dep"
start_graveyard
begin_dep
begin --until died:dep
hear running
stop "$dep"
kill_graveyard
umount -l "$G"
until grep -qs '^Lease: lock' "$G/app"; do sleep 0.01; done
grep -q '^Died' "$G/dep" || fail "there is no stone of an earlier life"
kill -s 0 "$job" || fail "took the death of an earlier life for one"
kill -s CONT "$dep"
until grep -q '^Lease: lock' "$G/dep"; do sleep 0.01; done
kill -s 0 "$job" || fail "took a birth for a death"
kill -s TERM "$dep"
wait_exits "$dep" 7
wait_exits "$job" 7
rm "$G/dep" "$G/app"
start_graveyard

# --- a dep that does not come back

begin_dep
begin --until died:dep
hear running
restart died:dep
kill -s KILL "$dep" "${child% }"
wait_exits "$job" 7
expect_eq "its epitaph" "$(field app Epitaph)" "stopped: died:dep"

# One who begins to wait only later is told at once.
expect_bury 143 --until died:dep -- sleep 1000
kill_graveyard
