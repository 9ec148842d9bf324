#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each worker dies of the first request that it reads, from that of the mount on: whoever asks is
# told something, or that it failed, and does not wait for ever; and it can be ended. For a build with
# -Dfault_points=true.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
need_fault_points

# ends_within SECONDS COMMAND…: however it ends.
ends_within()
{
	rc=0
	timeout "$@" >"$T/said" 2>&1 || rc=$?
	[ "$rc" != 124 ] || fail "hangs: $*"
}

export GRAVEYARDFS_DIE_AT=received:1
start_graveyard --linger 1ms
# The mount may be another one by now.
for try in 1 2; do
	ends_within 20 ls "$G"
	ends_within 20 sh -c 'echo 5 >"$1"' sh "$G/.died/told-$try"
	ends_within 20 cat "$G/.wait/died/told-$try@1s"
	ends_within 20 sh -c ': >"$1"' sh "$G/.lease/held-$try"
done
kill -s TERM "$daemon"
timeout 20 tail --pid="$daemon" -f /dev/null || fail "it does not end"
wait_graveyard
[ "$(restarts)" -gt 0 ] || fail "nobody died of its first request"
echo "$(restarts) workers; ended with $rc"
expect_eq "device still mounted" "$(mount_device "$G")" ""
