#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without any privilege: bury from the image, in front of programs that know nothing of it, on a plain volume.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# ends WITH STATUS: a pod whose agent ends with that, after the builder has begun
ends()
{
	pod_run "unprivileged-$1" "$deploy/kubernetes/unprivileged.yaml" --args "agent=sh -c $2"
	pod_ends "$3"
	said builder 'the builder ends'
	said worker "the agent ended with $1"
	expect_eq "who ended how" "$(sed -n 's/^exit //p' "$PODS/$pod.kubelet" | sort | paste -sd ,)" \
		"agent $1,bury 0,builder 0,worker 0"
	G=$PODS/$pod/graveyard
	expect_eq "stones" "$(ls "$G")" "$(printf 'agent\nbuilder\nworker')"
	expect_eq "the agent's" "$(sed 's/: .*//' "$G/agent" | paste -sd ' ')" "Born Died ExitCode"
	expect_eq "mounts" "$(mounts "$PODS")" 0
}

ends 0 true 0
ends 1 false 1
