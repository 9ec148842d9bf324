#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The memory limit of the manifests is enough for a crowd: a thousand waiters, and more tombstones than any pod has.
set -eu
. "$(dirname "$0")/../lib/container.sh"

limit_bytes()
{
	podman inspect -f '{{.HostConfig.Memory}}' "$pod.graveyard"
}

# counter V1 V2: of the sidecar's cgroup.
counter()
{
	path=$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p; s/^0::\(.*\)/\1/p' "/proc/$(main_pid graveyard)/cgroup" | head -n 1)
	cat "/sys/fs/cgroup/memory$path/$1" 2>/dev/null || cat "/sys/fs/cgroup$path/$2"
}

pod_run memory "$deploy/kubernetes/job.yaml" --args 'graveyard=/pod/graveyard' \
	--command 'agent=
		G=/pod/graveyard
		i=0
		while [ $i -lt 5000 ]; do
			echo 3 >$G/.died/agent-$i
			i=$((i + 1))
		done
		until [ -e /pod/parked ]; do sleep 0.1; done
		echo 0 >$G/.died/agent' \
	--command 'worker=
		i=0
		while [ $i -lt 1000 ]; do
			cat /pod/graveyard/.wait/exitcode/agent &
			i=$((i + 1))
		done
		wait
		echo done
		until [ -e /pod/measured ]; do sleep 0.1; done'
pod_event 'start worker 1'
wait_parked .wait/exitcode/agent 1000
touch "$PODS/$pod/graveyard/parked"
pod_event 'exit agent 0'
said worker 'done'
expect_eq "waiters that were told" "$(grep -c ' 0$' "$PODS/$pod.worker.log")" 1000
# Of the sidecar nothing was killed. (The most it had, with the page cache of its database, is what it says here, if
# the kernel tells: for version 2 of cgroups, 5.19 and later.)
expect_eq "limit" "$(limit_bytes)" "$((64 * 1024 * 1024))"
! peak=$(counter memory.max_usage_in_bytes memory.peak) || echo "at most $((peak / 1024)) kB" >&2
! grep event=restarted "$PODS/$pod.graveyard.log" || fail "the limit was too low"
touch "$PODS/$pod/graveyard/measured"
pod_ends 0
