#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without any privilege: bury from the image, in front of programs that know nothing of it, on a plain volume.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# ended WITH: the agent did, and so did the others, each as it should
ended()
{
	said worker "the agent ended with $1"
	expect_eq "who ended how" "$(sed -n 's/^exit //p' "$PODS/$pod.kubelet" | LC_ALL=C sort | paste -sd ,)" \
		"agent $1,builder 0,bury 0,worker 0"
	G=$PODS/$pod/graveyard
	expect_eq "stones" "$(ls "$G")" "$(printf 'agent\nbuilder\nworker')"
	expect_eq "the agent's" "$(sed 's/: .*//' "$G/agent" | paste -sd ' ')" "Born Lease Died ExitCode"
	expect_eq "mounts" "$(mounts "$PODS")" 0
}

# As it is: the agent may be dead before the builder begins.
pod_run unprivileged "$deploy/kubernetes/unprivileged.yaml"
pod_ends 0
ended 0

# An agent that fails, and not before the builder runs.
pod_run fails "$deploy/kubernetes/unprivileged.yaml" --command 'agent=
	exec /opt/bury/bury --name=agent -- sh -c "
		until [ -e /graveyard/builder ]; do sleep 0.1; done
		exit 3"'
pod_ends 1
said builder 'event=stopping name=builder cond=died:agent'
ended 3
