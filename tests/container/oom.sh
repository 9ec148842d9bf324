#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Out of memory: one who holds a lease, and the sidecar itself.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# eat CGROUP…: a process that is charged to these cgroups, and wants more memory than there is.
eat()
{
	sh -c 'for cgroup; do echo $$ >"$cgroup/cgroup.procs"; done; exec tail /dev/zero' sh "$@" ||
		: # it was killed, too, once nobody else was left
}

# memory_cgroup NAME
memory_cgroup()
{
	path=$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p; s/^0::\(.*\)/\1/p' "/proc/$(main_pid "$1")/cgroup" | head -n 1)
	for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
		[ ! -e "$root$path/cgroup.procs" ] || echo "$root$path"
	done | head -n 1
}

pod_run oom "$deploy/kubernetes/job.yaml" --memory agent=16Mi \
	--command 'agent=
		exec 9>/pod/graveyard/.lease/agent
		read -r _ </pod/graveyard/.wait/ready/worker
		exec tail /dev/zero' \
	--command 'worker=
		touch /pod/graveyard/.ready/worker
		read -r _ </pod/graveyard/.wait/died/agent && echo dead
		read -r code </pod/graveyard/.wait/exitcode/agent || echo "no code"
		until read -r _ </pod/graveyard/.wait/died/worker; do sleep 1; done'
pod_event 'exit agent 137'
said worker 'dead'
said worker 'no code'
# The sidecar still serves: it has a limit of its own.
wait_parked .wait/died/worker

# All that it is made of comes before the eater, when the kernel looks for somebody to kill.
cgroup=$(memory_cgroup graveyard)
while read -r pid; do
	echo 1000 >"/proc/$pid/oom_score_adj"
done <"$cgroup/cgroup.procs"
eat "$cgroup"
pod_event 'exit graveyard 137'
pod_event 'start graveyard 2'
pod_event 'started graveyard' 2
in_container worker grep -q '^Died:' /pod/graveyard/agent
in_container worker test -e /pod/graveyard/.ready/worker
touch "$G/.died/worker"
pod_event 'exit worker 0'
pod_ends 1
