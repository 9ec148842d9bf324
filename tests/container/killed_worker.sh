#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process that serves is killed inside of the sidecar, again and again: nobody in the pod notices.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# worker: the pid of the one that serves, as seen here.
worker()
{
	pgrep -P "$(main_pid graveyard)" gyfs-worker || :
}

pod_run killed-worker "$deploy/kubernetes/job.yaml" \
	--command 'agent=
		exec 9>/pod/graveyard/.lease/agent
		trap "echo \$? >&9" EXIT
		until [ -e /pod/graveyard/.ready/agent ]; do sleep 1; done
		exit 3' \
	--command 'worker=
		exec 8>/pod/graveyard/.lease/worker
		read -r code </pod/graveyard/.wait/exitcode/agent; echo "read: $? $code"'
wait_parked .wait/exitcode/agent
pod_event 'start agent 1'

for _ in 1 2 3 4 5; do
	killed=$(worker)
	kill -s KILL "$killed"
	# The next request is answered by another one.
	[ -e "$G/.lease/agent" ]
	[ -e "$G/.lease/worker" ]
done
# What the keeper logs comes to the file by way of others.
said graveyard 'event=restarted process=worker signal=KILL' 5
expect_eq "workers that were followed by another one" \
	"$(grep -c 'event=restarted process=worker signal=KILL' "$PODS/$pod.graveyard.log")" 5
! grep -Ev ' (read:.*|)$' "$PODS/$pod.worker.log" || fail "the one that waits has noticed"

touch "$G/.ready/agent"
said worker 'read: 0 3'
pod_ends 1
