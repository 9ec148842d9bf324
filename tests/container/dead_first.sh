#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main container is dead before the waiter starts: its code is the waiter's, and so the pod's result.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# ends WITH: the status of a pod whose agent ends with that
ends()
{
	pod_run "dead-first-$1" "$deploy/kubernetes/job.yaml" --after worker=agent --command "agent=
		exec 9>/pod/graveyard/.lease/agent
		trap 'echo \$? >&9' EXIT
		exit $1"
	pod_ends "$2"
	expect_eq "what the kubelet saw" "$(grep '^exit [aw]' "$PODS/$pod.kubelet")" \
		"$(printf 'exit agent %s\nexit worker %s' "$1" "$1")"
}

ends 0 0
ends 3 1
