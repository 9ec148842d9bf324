#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An app is there before the mount: what it has written is taken in, and then it sees the mount. One that has
# forgotten HostToContainer never sees it: what it writes is taken in, too, and the log warns of it.
set -eu
. "$(dirname "$0")/../lib/container.sh"

vol=$T/vol
mkdir -m 777 "$vol" "$T/db"
G=$vol/graveyard

run early --user 1000 -v "$vol:/pod:rslave" busybox:1.36 sh -c '
	mkdir -p /pod/graveyard/.died
	touch /pod/graveyard/early
	echo 3 >/pod/graveyard/.died/over
	echo written
	until [ -e /pod/graveyard/.help ]; do sleep 0.1; done
	read -r code </pod/graveyard/.wait/exitcode/over
	echo "sees: $code"
	read -r _ </pod/graveyard/.wait/died/blind
	echo "was told"
	until [ -e /pod/enough ]; do sleep 0.1; done'
log_of early written
run blind -v "$vol:/pod" busybox:1.36 sh -c '
	until [ -e /pod/serving ]; do sleep 0.1; done
	touch /pod/graveyard/blind
	echo 4 >/pod/graveyard/.died/blind
	[ -e /pod/graveyard/.help ] || echo "sees no mount"
	until [ -e /pod/enough ]; do sleep 0.1; done'
run sidecar --privileged -v "$vol:/pod:rshared" -v "$T/db:/var/lib/graveyard" graveyardfs:0.1.0 /pod/graveyard
log_of sidecar 'event=serving mountpoint=/pod/graveyard'
[ -e "$G/.alive/early" ] || fail "what was early is not taken in"
expect_eq "the code of who was early" "$(cat "$G/.exitcode/over")" 3
log_of early 'sees: 3'

touch "$vol/serving"
log_of early 'was told'
log_of blind 'sees no mount'
expect_eq "the code of who does not see the mount" "$(cat "$G/.exitcode/blind")" 4
log_of sidecar 'level=warning event=intake name=blind '

touch "$vol/enough"
podman wait early blind >/dev/null
podman stop -t 20 sidecar >/dev/null
expect_eq "exit code of the sidecar" "$(podman inspect -f '{{.State.ExitCode}}' sidecar)" 0
