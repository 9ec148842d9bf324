#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bury is killed: its stone is that of a dead one, and whoever waits for that learns of it.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

mkfifo running

dependent_learns()
{
	i=0
	while [ "$i" -lt 100 ]; do
		i=$((i + 1))
		# A child that ends when it can no longer write to somebody.
		"$BURY" --quiet --graveyard "$Y" --name "app$i" -- sh -c 'echo >running; exec sleep 1000' &
		supervisor=$!
		hear running
		start_bury --until "died:app$i" -- sh -c 'echo >running; exec sleep 1000'
		hear running
		child=$(cat "/proc/$supervisor/task/$supervisor/children")
		kill -s KILL "$supervisor"
		wait_exits "$job" 143
		wait "$supervisor" 2>/dev/null || :
		kill -s KILL "${child% }"
	done
}

# One who looks only afterwards.
late()
{
	"$BURY" --quiet --graveyard "$Y" --name app -- sh -c 'echo >running; exec sleep 1000' &
	supervisor=$!
	hear running
	child=$(cat "/proc/$supervisor/task/$supervisor/children")
	await born:app
	kill -s KILL "$supervisor"
	wait "$supervisor" 2>/dev/null || :
	await died:app
	# Restarted, it is alive again.
	start_bury --name app -- sh -c 'echo >running; exec sleep 1000'
	hear running
	expect_bury 1 --after died:app --after-timeout 10ms -- true
	kill -s TERM "$job"
	wait_exits "$job" 143
	await died:app
	kill -s KILL "${child% }"
}

on_both dependent_learns late
