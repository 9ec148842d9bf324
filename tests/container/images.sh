#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who waits needs nothing in its image: busybox, an image with nothing but cat, one without a shell, with a
# program that has never heard of us.
set -eu
. "$(dirname "$0")/../lib/container.sh"

vol=$T/vol
mkdir -m 777 "$vol" "$T/db"
run sidecar --cap-drop ALL --cap-add SYS_ADMIN --device /dev/fuse -v "$vol:/pod:rshared" \
	-v "$T/db:/var/lib/graveyard" graveyardfs:0.1.0 /pod/graveyard
log_of sidecar 'event=serving mountpoint=/pod/graveyard'

volume="-v $vol:/pod:rslave --user 1000 --read-only"
wait=/pod/graveyard/.wait
# shellcheck disable=SC2086 # lists
{
	run busybox $volume busybox:1.36 cat $wait/died/app
	run ash $volume busybox:1.36 sh -c "read -r code <$wait/exitcode/app; exit \"\$code\""
	run cat $volume cat /bin/cat $wait/died/app
	run distroless $volume distroless /await $wait/exitcode/app
	run debian $volume debian:bookworm-slim bash -c "
		trap 'echo 3 >/pod/graveyard/.died/app' EXIT
		touch /pod/graveyard/.born/app
		until [ -e /pod/end ]; do sleep 0.1; done"
}
wait_parked .wait/died/app 2
wait_parked .wait/exitcode/app 2
touch "$vol/end"
expect_eq "exit codes of those who wait" \
	"$(podman wait busybox ash cat distroless | paste -sd ' ')" "0 3 0 3"
log_of busybox 'ExitCode: 3'
log_of cat 'ExitCode: 3'
podman stop -t 20 sidecar >/dev/null
expect_eq "exit code of the sidecar" "$(podman inspect -f '{{.State.ExitCode}}' sidecar)" 0
