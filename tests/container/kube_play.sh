#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sidecar, app and waiter from a Pod manifest, by `podman kube play`, without anything of ours between.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# A Pod, as podman 4.3 knows no Jobs.
"$here/kubelet.py" --name played --print "$deploy/kubernetes/job-plain-sidecar.yaml" >"$T/pod.yaml"
podman kube play -q --network none "$T/pod.yaml" >/dev/null
expect_eq "exit codes of the waiter, the app and the sidecar" \
	"$(podman wait played-worker played-agent played-graveyard | paste -sd ' ')" "0 0 0"
podman logs played-worker | grep -q '^the agent ended with 0$' || fail "the waiter was not told"
expect_eq "what is left mounted" "$(grep -c fuse.graveyardfs /proc/self/mountinfo)" 0
stone=$(podman volume inspect -f '{{.Mountpoint}}' graveyard)/graveyard/agent
grep -q '^ExitCode: 0$' "$stone" || fail "no stone is left: $(cat "$stone")"
podman kube down "$T/pod.yaml" >/dev/null
