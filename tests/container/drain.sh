#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A builder's pod is deleted while builds run: its preStop hook lets them end. Real connections to port 1234; the
# server is any server.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# client NAME: a build that lasts until $T/NAME is removed. From within the pod's network.
client()
{
	mkfifo "$T/$1"
	# It ends when the other end of the pipe does.
	podman exec -i "$pod.graveyard-client" nc 127.0.0.1 1234 <"$T/$1" >"$T/$1.out" &
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
echo long >&7
until grep -q long "$T/long.out"; do sleep 0.1; done

kill -s TERM "$kubelet"
pod_event 'prestop buildkit'
wait_parked .wait/drained/1234
# Another one comes during the quiet period of the first.
client late
exec 8>"$T/late"
exec 7>&-
echo late >&8
until grep -q late "$T/late.out"; do sleep 0.1; done
# Probes, meanwhile and later.
(
	trap 'exit 0' TERM
	for _ in $(seq 100); do
		in_container graveyard-client nc 127.0.0.1 1234 || :
		sleep 2
	done
) 7>&- 8>&- &
probes=$!
! grep -q '^prestopped' "$PODS/$pod.kubelet" || fail "the hook did not wait for the one that came late"
exec 8>&-
began=$(date +%s)
pod_event 'prestopped buildkit 0'
[ "$(($(date +%s) - began))" -ge 8 ] || fail "there was no quiet period"
kill -s TERM "$probes" || :
in_container graveyard-client touch /tmp/end
pod_ends 0
