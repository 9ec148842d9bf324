#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Docker in Docker: a container that was started by an engine which itself runs in a container of the pod waits, with
# plain cat and test -f, for a death in the pod outside. From the manifests for Buildkite, both of them.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# The agent's job. The engine's only image is made from what the agent has.
image='tar -c -C / bin/busybox bin/sh bin/cat bin/test bin/sleep | docker import - inner >/dev/null'
inner='docker run --network none -v /pod:/pod:rslave'
mkdir -p "$PODS/lease/graveyard" "$PODS/loop/graveyard"

# By lease and read. One waits for the agent's end, and outlives it; one for a name of its own.
cat >"$PODS/lease/graveyard/job" <<-END
	$image
	$inner --name one -d inner cat /pod/graveyard/.wait/died/outer >/dev/null
	$inner --name two -d inner sh -c '
		until test -f /pod/graveyard/.died/outer; do sleep 0.1; done
		cat /pod/graveyard/outer; touch /pod/graveyard/.born/inner' >/dev/null
	touch /pod/started
	docker wait one two
	docker logs one
	docker logs two
	exit 3
END
pod_run lease "$deploy/kubernetes/buildkite.yaml"
pod_event 'start dind 1'
until [ -e "$PODS/lease/graveyard/started" ]; do sleep 0.1; done
wait_parked .wait/died/outer
printf 'ExitCode: 4\nEpitaph: outside\n' >"$G/outer"
pod_event 'exit agent 3'
expect_eq "what the inner ones were told" "$(grep -c 'Epitaph: "outside"' "$PODS/$pod.agent.log")" 2
pod_event 'exit dind 0'
pod_ends 1
[ -e "$G/inner" ] || fail "the birth of the inner one was not kept"

# The loop.
cat >"$PODS/loop/graveyard/job" <<-END
	$image
	$inner --rm inner test -e /pod/graveyard/.help
END
pod_run loop "$deploy/kubernetes/buildkite-loop.yaml"
pod_event 'exit agent 0'
pod_event 'exit dind 0'
pod_ends 0
