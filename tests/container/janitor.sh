#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole sidecar is killed while its pod is being deleted, so that nobody starts it again. The janitor, which is
# stopped last, unmounts what it has left; without a janitor the pod could not be deleted.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# killed_in_deletion NAME STATUS [OPTION]…: how that pod ends
killed_in_deletion()
{
	name=$1
	status=$2
	shift 2
	pod_run "$name" "$deploy/kubernetes/job.yaml" "$@" --command 'worker=true' --command 'agent=
		trap "echo term" TERM
		exec 9>/pod/graveyard/.lease/agent
		until [ -e /pod/end ]; do sleep 0.1; done'
	pod_event 'started graveyard'
	until [ -e "$G/.alive/agent" ]; do sleep 0.01; done
	kill -s TERM "$kubelet"
	said agent 'term'
	kill_container graveyard
	pod_event 'exit graveyard 137'
	expect_fails stat "$G/agent"
	grep -q 'not connected' "$T/said" || fail "the mount is not dead: $(cat "$T/said")"
	touch "$PODS/$pod/graveyard/end"
	pod_ends "$status"
	pod_event 'exit graveyard-janitor 0'
}

killed_in_deletion janitor 0
expect_eq "mounts" "$(mounts "$PODS")" 0

killed_in_deletion nobody 3 --args 'graveyard-janitor=--janitor /pod/elsewhere'
umount -l "$G"
