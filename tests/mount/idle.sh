#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who has nothing to do does nothing: not a single system call. A thread that makes one, or ends one, has to run
# first, and the kernel counts how often each thread has run (the third number in its schedstat).
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
[ -e /proc/self/schedstat ] || skip_kernel schedstat

runs()
{
	for comm in /proc/[0-9]*/task/*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		case $name in
		graveyardfs | gyfs-*) cat "${comm%comm}schedstat" ;;
		esac
	done | awk '{ print $1, $3 }' | paste -sd ,
}

# idle SECONDS WHEN
idle()
{
	before=$(runs)
	[ -n "$before" ] || fail "no process of that name"
	sleep "$1"
	expect_eq "runs (ns, times) of each thread in $1 s, $2" "$(runs)" "$before"
}

start_graveyard
stat "$G" >/dev/null
herald_pid >/dev/null
idle 3 "after the start"

# Activity of every kind; whoever waits has no deadline, or had one and has gone.
touch "$G/.born/a" "$G/.ready/a"
echo 1 >"$G/.died/a"
cat "$G/.status" "$G/.log" "$G/.wait/died/a" >/dev/null
ls -lR "$G" >/dev/null
rm "$G/a"
expect_fails cat "$G/.wait/died/b@20ms"
cat "$G/.wait/died/b@1h" >/dev/null &
pid=$!
for wait in born/b died/b exitcode/b,c ready/b+c succeeded/b@next; do
	cat "$G/.wait/$wait" >/dev/null 2>&1 &
done
cat "$G/.events@now" >/dev/null 2>&1 &
wait_parked 7
kill "$pid"
wait_exits "$pid" 143
wait_parked 6
idle 10 "with waits parked"
