#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One container waits for another's death, with nothing but cat, read and test.
set -eu
. "$(dirname "$0")/../lib/mount.sh"

start_graveyard

# Born by touch, seen by everybody at once.
touch "$G/.born/agent"
[ -f "$G/agent" ] || fail "agent has no stone"
[ -f "$G/.alive/agent" ] || fail "agent is not alive"
[ ! -f "$G/.died/agent" ] || fail "agent is dead"
expect_eq "fields while alive" "$(sed 's/:.*//' "$G/agent")" Born

# Two wait; both hear of the death, with the code that was written.
cat "$G/.wait/died/agent" >stone &
stone=$!
cat "$G/.wait/exitcode/agent" >code &
code=$!
wait_parked 2
echo 3 >"$G/.died/agent"
wait_exits "$stone" 0
wait_exits "$code" 0
expect_eq "the code" "$(cat code)" 3
cmp stone "$G/agent" || fail "the stone that was waited for is not the stone"
expect_eq "fields once dead" "$(sed 's/:.*//' stone | paste -sd ' ')" "Born Died ExitCode"

# Whoever comes late need not wait.
read -r c <"$G/.wait/exitcode/agent"
expect_eq "the code, read late" "$c" 3
[ -f "$G/.died/agent" ] || fail "agent is not dead"
[ ! -f "$G/.alive/agent" ] || fail "agent is still alive"
expect_eq "events" "$(awk '{ print $3, $4, $5, $6 }' "$G/.log" | paste -sd ,)" \
	"agent 1 born -,agent 1 died 3"

# What is over cannot be changed.
expect_fails sh -c 'echo 4 >"$1"' sh "$G/.died/agent"
expect_eq "the code afterwards" "$(cat "$G/.exitcode/agent")" 3

stop_graveyard
expect_eq "the stone left underneath" "$(cat "$G/agent")" "$(cat stone)"
