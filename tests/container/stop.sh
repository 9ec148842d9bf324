#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A pod with a plain sidecar is deleted: TERM comes to all at the same time. The sidecar lingers for the last
# words of the others and for who waits for them, leaves the stones, and unmounts.
set -eu
. "$(dirname "$0")/../lib/container.sh"

pod_run stop "$deploy/kubernetes/job-plain-sidecar.yaml" \
	--command 'agent=
		until [ -e /pod/graveyard/.help ]; do sleep 1; done
		trap "echo term" TERM
		exec 9>/pod/graveyard/.lease/agent
		# Until it is told to; TERM alone does not end it.
		until [ -e /pod/last-words ]; do sleep 0.1; done
		printf "ExitCode: 3\nEpitaph: last words\n" >&9' \
	--command 'worker=
		until [ -e /pod/graveyard/.help ]; do sleep 1; done
		trap "" TERM
		exec 9>/pod/graveyard/.lease/worker
		cat /pod/graveyard/.wait/died/agent'
wait_parked .wait/died/agent
until [ -e "$G/.alive/agent" ]; do sleep 0.01; done
kill -s TERM "$kubelet"
said agent 'term'
said graveyard 'TERM: ending once all are dead'
pod_event 'term worker'
[ -e "$G/.help" ] || fail "it does not linger"
touch "$PODS/$pod/graveyard/last-words"
pod_ends 0

said worker 'Epitaph: "last words"'
expect_eq "what is left mounted" "$(grep -c fuse.graveyardfs /proc/self/mountinfo)" 0
grep -q '^ExitCode: 3$' "$G/agent" || fail "no stone is left: $(ls -lA "$G")"
[ -e "$G/.died/worker" ] || grep -q '^Died:' "$G/worker" || fail "no stone is left of the worker"
for container in graveyard agent worker; do
	pod_event "exit $container 0"
done
