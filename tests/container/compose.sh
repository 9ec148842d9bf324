#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The compose file, with Docker's engine: the worker ends as the agent did, and each `up` starts afresh.
set -eu
. "$(dirname "$0")/../lib/container.sh"

for command in dockerd docker-compose; do
	command -v $command >/dev/null || skip "there is no $command"
done
export DOCKER_HOST=unix:///run/docker.sock
docker=/usr/bin/docker
dockerd --data-root "$T/docker" --exec-root /run/docker --pidfile /run/docker.pid --host "$DOCKER_HOST" \
	--bridge=none --iptables=false --ip6tables=false --ip-forward=false --storage-driver=overlay2 \
	--exec-opt native.cgroupdriver=cgroupfs >"$PODS/dockerd.log" 2>&1 &
wait_line "$PODS/dockerd.log" 'API listen on'
for image in graveyardfs:0.1.0 busybox:1.36; do
	podman save -q "localhost/$image" | $docker load -q
	$docker tag "localhost/$image" "$image"
done

# No network is made, see lib/container.sh; and the agent ends with 3 here.
cat >"$T/test.yaml" <<-'END'
	services:
	  graveyard: {network_mode: none}
	  agent:
	    network_mode: none
	    command: [sh, -c, "echo 3 >/pod/graveyard/.died/agent; exit 3"]
	  worker: {network_mode: none}
END
compose()
{
	docker-compose -p test -f "$deploy/compose/compose.yaml" -f "$T/test.yaml" "$@"
}

G=/run/graveyard/graveyard
for round in 1 2; do
	compose up -d
	expect_eq "exit codes" "$($docker wait test_agent_1 test_worker_1 | paste -sd ' ')" "3 3"
	expect_eq "lives of the agent" "$(grep -c '^Life:' "$G/.history/agent")" "$round"
	compose down
	expect_eq "mounts" "$(grep -c fuse.graveyardfs /proc/self/mountinfo)" 0
	[ -e "$G/agent" ] || fail "no stone is left"
	# Otherwise it would be taken in: --fresh is about the database.
	rm -r "$G"
done
compose down -v
