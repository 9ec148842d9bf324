#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A graveyard that goes away is waited for: that is nobody's death. Once it is back, it is told of who lives, and a
# death is heard of.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"

kind=served
Y=$G
mkfifo running

wait_said()
{
	timeout 50 sh -c 'tail -n +1 -f "$1" | grep -qm1 -e "$2"' sh "$T/bury.log" "$1" ||
		fail "not said: $1"
}

# begin OPTION…
begin()
{
	: >"$T/bury.log"
	start_bury --name app "$@" -- sh -c 'trap "exit 7" TERM; echo >running; while :; do sleep 100 & wait; done'
	hear running
}

# --- all of it is killed, and started again

expected_log=.
start_graveyard
touch "$G/.born/dep"
begin --until died:dep
kill_graveyard
wait_said event=graveyard-gone
kill -s 0 "$job" || fail "took an outage for a death"
start_graveyard
wait_said event=graveyard-back
[ -e "$G/.alive/app" ] || fail "alive, but the graveyard does not know"
[ -e "$G/.lease/app" ] || fail "alive, but holds no lease any more"
echo 0 >"$G/.died/dep"
wait_exits "$job" 7
expect_eq "the code" "$(cat "$G/.exitcode/app")" 7

# --- it ends as it should, and is mounted again: in between the directory is a plain one

touch "$G/.born/dep"
begin --until died:dep
stop_graveyard
wait_said event=graveyard-gone
[ -f "$G/dep" ] || fail "no stone was left"
kill -s 0 "$job" || fail "took a shut-down for a death"
start_graveyard
kill -s 0 "$job" || fail "took a start for a death"
until [ -e "$G/.lease/app" ]; do sleep 0.01; done
echo 0 >"$G/.died/dep"
wait_exits "$job" 7

# --- a plain directory that a graveyard is mounted over

stop_graveyard
rm -f "$G"/*
begin --until died:other
start_graveyard
until [ -e "$G/.lease/app" ]; do sleep 0.01; done
touch "$G/.died/other"
wait_exits "$job" 7

# --- the death comes while nobody serves

touch "$G/.born/dep"
begin --until died:dep
stop_graveyard
printf 'Died: "2099-01-01T00:00:00Z"\n' >>"$G/dep"
wait_exits "$job" 7
grep -q '^ExitCode: 7' "$G/app" || fail "no stone in what was left"

# --- it is not there at the start, and comes

start_graveyard
kill_graveyard
start_bury --name app -- sh -c 'exit 5'
start_graveyard
wait_exits "$job" 5
expect_eq "the code" "$(cat "$G/.exitcode/app")" 5

# --- only the worker is killed: nobody notices

touch "$G/.born/dep"
begin --until died:dep
kill_worker
touch "$G/.died/dep"
wait_exits "$job" 7
! grep -q graveyard-gone "$T/bury.log" || fail "noticed"
