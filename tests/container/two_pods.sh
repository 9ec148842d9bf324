#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two pods at once on one machine, from the same manifest: neither hears of the other. One is deleted, one
# sidecar is killed; the other pod goes on.
set -eu
. "$(dirname "$0")/../lib/container.sh"

waits='
	read -r code </pod/graveyard/.wait/exitcode/agent
	echo "code: $code"; exit "$code"'
lives='
	exec 9>/pod/graveyard/.lease/agent
	trap "echo \$? >&9" EXIT
	until [ -e /pod/end ]; do sleep 0.1; done
	exit "$(cat /pod/end)"'

pod_run one "$deploy/kubernetes/job.yaml" --command "agent=$lives" --command "worker=$waits"
one=$kubelet
pod_run two "$deploy/kubernetes/job.yaml" --command "agent=$lives" --command "worker=$waits"
for pod in one two; do
	pod_event 'start agent 1'
	pod_event 'start worker 1'
done
wait_parked .wait/exitcode/agent 2

pod=one
echo 0 >"$PODS/one/graveyard/end"
kubelet_of_two=$kubelet
kubelet=$one
pod_ends 0
expect_eq "graveyards that are left" "$(mounts "$T")" 1
[ -e "$PODS/two/graveyard/graveyard/.alive/agent" ] || fail "a death came from the other pod"

pod=two
kubelet=$kubelet_of_two
echo 5 >"$PODS/two/graveyard/end"
said worker 'code: 5'
pod_ends 1
