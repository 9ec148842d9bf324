#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A builder's pod is deleted while builds run: its preStop hook lets them end. Real connections to port 1234; the
# server is any server.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# client NAME: a build, from within the pod's network. It begins with the first line that is written to the pipe
# $T/NAME, and ends when the other end of the pipe is closed; then it says so, which is sooner than podman ends.
client()
{
	mkfifo "$T/$1"
	podman exec -i "$pod.graveyard-client" sh -c 'echo here; read -r _; nc 127.0.0.1 1234; echo gone' \
		<"$T/$1" >"$T/$1.out" 7>&- 8>&- &
}

# builds NAME: until the server has answered
builds()
{
	until grep -q built "$T/$1.out"; do sleep 0.1; done
}

# Somebody in the pod, from where the clients come, and the probes.
python3 - "$deploy/kubernetes/buildkit.yaml" >"$T/buildkit.yaml" <<-'END'
	import sys, yaml
	d = yaml.safe_load(open(sys.argv[1]))
	d["spec"]["template"]["spec"]["containers"].append(
	    {"name": "graveyard-client", "image": "busybox:1.36", "command": ["sh", "-c", "until [ -e /tmp/end ]; do sleep 0.1; done"]})
	yaml.safe_dump(d, sys.stdout)
END
pod_run drain "$T/buildkit.yaml"
pod_event 'started buildkit'
pod_event 'started graveyard-client'
until in_container graveyard-client nc 127.0.0.1 1234; do sleep 0.1; done
client long
exec 7>"$T/long"
client late
exec 8>"$T/late"
wait_line "$T/late.out" here
printf 'begin\nbuilt\n' >&7
builds long

kill -s TERM "$kubelet"
pod_event 'prestop buildkit'
wait_parked .wait/drained/1234
! grep -q '^prestopped' "$PODS/$pod.kubelet" || fail "the hook did not wait for the build"

# The build ends; another client comes during the quiet period.
exec 7>&-
wait_line "$T/long.out" gone
printf 'begin\nbuilt\n' >&8
builds late
# Probes, meanwhile and in the quiet period. No more than a few: on a machine that is busy one may last for longer than
# a probe does, and is then taken for a build.
(
	for _ in 1 2 3; do
		in_container graveyard-client nc 127.0.0.1 1234
		sleep 2
	done
) 7>&- 8>&- &
! grep -q '^prestopped' "$PODS/$pod.kubelet" || fail "the hook did not wait for the one that came late"
# The quiet period is ten seconds, or longer here.
began=$(date +%s)
exec 8>&-
pod_event 'prestopped buildkit 0'
[ "$(($(date +%s) - began))" -ge 8 ] || fail "there was no quiet period"
in_container graveyard-client touch /tmp/end
pod_ends 0
