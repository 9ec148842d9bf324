#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole sidecar is killed and started again. The others see errors at once, then the new mount, with
# everything that was acknowledged; waits in loops end rightly.
set -eu
. "$(dirname "$0")/../lib/container.sh"

pod_run killed "$deploy/kubernetes/job.yaml" --args 'graveyard=/pod/graveyard' \
	--command 'agent=
		G=/pod/graveyard
		touch $G/.born/agent
		i=0
		# It writes until it cannot, and keeps what was acknowledged outside.
		while echo "Epitaph: $i" >$G/.died/agent-$i; do
			echo $i >/pod/acknowledged
			i=$((i + 1))
		done
		echo "refused: $i"
		until echo 3 >$G/.died/agent; do sleep 1; done' \
	--command 'worker=
		G=/pod/graveyard
		read -r _ <$G/.wait/died/agent || echo "error: $?"
		tries=0
		until read -r code <$G/.wait/exitcode/agent; do
			tries=$((tries + 1))
			sleep 1
		done
		echo "code: $code"'
pod_event 'start worker 1'
wait_parked .wait/died/agent
until [ -s "$PODS/$pod/graveyard/acknowledged" ]; do sleep 0.01; done

kill_container graveyard
said agent 'refused: '
said worker 'error: '
pod_event 'start graveyard 2'
said worker 'code: 3'
# Both of them ended with 0.
pod_ends 0

# All that was acknowledged is there, whole; one more may be.
last=$(cat "$PODS/$pod/graveyard/acknowledged")
for i in $(seq 0 "$last"); do
	grep -q "^Epitaph: \"$i\"$" "$G/agent-$i" || fail "agent-$i was acknowledged, and is: $(cat "$G/agent-$i")"
done
