#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# restartPolicy OnFailure: all that has failed is started again. A waiter that is back before the agent is
# would hear of the death that it has heard of already; with @next it hears of the next one.
set -eu
. "$(dirname "$0")/../lib/container.sh"

pod_run next "$deploy/kubernetes/job-plain-sidecar.yaml" \
	--command 'agent=
		until [ -e /pod/graveyard/.help ]; do sleep 1; done
		# The second time, not before the waiter is there.
		[ ! -e /pod/first ] || until [ -e /pod/waits ]; do sleep 0.1; done
		exec 9>/pod/graveyard/.lease/agent
		trap "echo \$? >&9" EXIT
		[ -e /pod/first ] || { touch /pod/first; exit 3; }
		exit 0' \
	--command 'worker=
		until [ -e /pod/graveyard/.help ]; do sleep 1; done
		exec 9>/pod/graveyard/.lease/worker
		trap "echo \$? >&9" EXIT
		next=
		[ ! -e /pod/heard ] || next=@next
		read -r code </pod/graveyard/.wait/exitcode/agent$next || exit 1
		echo "code: $code"
		touch /pod/heard
		[ "$code" = 0 ]' \
	--args 'graveyard=--until=succeeded:agent+succeeded:worker --linger=25s /pod/graveyard'
said worker 'code: 3'
pod_event 'start worker 2'
wait_parked .wait/exitcode/agent@next
touch "$PODS/$pod/graveyard/waits"
said worker 'code: 0'
pod_ends 0
expect_eq "restarts" "$(grep -c '^start agent' "$PODS/$pod.kubelet")" 2
