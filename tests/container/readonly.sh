#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The second, read-only mount: one who was there before it, and one who came after, see everything, and can
# change nothing, root or not.
set -eu
. "$(dirname "$0")/../lib/container.sh"

view=/view/graveyard
tries="
	until [ -e $view/.help ]; do sleep 0.1; done
	for path in new agent .born/new .ready/agent .died/agent .lease/new; do
		! (echo 3 >>$view/\$path) 2>/dev/null || echo \"wrote \$path\"
		! touch $view/\$path 2>/dev/null || echo \"touched \$path\"
	done
	! rm $view/agent 2>/dev/null || echo 'removed agent'
	! mount -o remount,rw $view 2>/dev/null || echo 'mounted it again'
	read -r code <$view/.wait/exitcode/agent
	echo \"code: \$code\""

mkdir -m 777 "$T/pod" "$T/view" "$T/db"
run before -v "$T/view:/view:rslave" busybox:1.36 sh -c "$tries"
run sidecar --privileged -v "$T/pod:/pod:rshared" -v "$T/view:/view:rshared" -v "$T/db:/var/lib/graveyard" \
	graveyardfs:0.1.0 --read-only-at "$view" /pod/graveyard
log_of sidecar 'event=serving mountpoint=/pod/graveyard'
touch "$T/pod/graveyard/.born/agent"
run after --user 1000 -v "$T/view:/view:rslave" busybox:1.36 sh -c "$tries"
wait_parked .wait/exitcode/agent 2
echo 3 >"$T/pod/graveyard/.died/agent"
podman wait before after >/dev/null
for container in before after; do
	log_of $container 'code: 3'
	expect_eq "what $container said" "$(wc -l <"$PODS/$container.log")" 1
done
expect_eq "names" "$(ls "$T/pod/graveyard")" agent
podman stop -t 20 sidecar >/dev/null
expect_eq "exit code of the sidecar" "$(podman inspect -f '{{.State.ExitCode}}' sidecar)" 0

# As users have it: the inspector has the view only, and follows the events.
pod_run inspect "$deploy/kubernetes/inspect.yaml"
pod_ends 0
said inspector 'agent died 0'
