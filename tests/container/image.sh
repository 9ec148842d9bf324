#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image: what is in it, how large it is, what it says of itself, its health check.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# podman says that it cannot have the health check done regularly.
health=--health-retries=3
image=localhost/graveyardfs:0.1.0
inspect()
{
	podman image inspect -f "$1" "$image"
}

size=$(inspect '{{.Size}}')
[ "$size" -le 6000000 ] || fail "the image has $size bytes"
run idle --entrypoint '["/graveyardfs", "--janitor", "/nowhere"]' "$image"
expect_eq "files" "$(podman export idle | tar -t | grep -Ev '^(dev|etc|proc|run|sys|var|tmp)/' | sort | paste -sd ' ')" \
	"LICENSE bury graveyardfs"
version=$(podman run --rm --pull=never --network none "$image" --version)
expect_eq "version" "$version" "graveyardfs $(inspect '{{index .Labels "org.opencontainers.image.version"}}')"
expect_eq "licence" "$(inspect '{{index .Labels "org.opencontainers.image.licenses"}}')" \
	"Apache-2.0 AND LGPL-2.1-or-later"
rc=0
podman run --rm --pull=never --network none "$image" --bogus 2>/dev/null || rc=$?
expect_eq "exit status of a usage error" "$rc" 100

# Without arguments it serves what deploy/ mounts, and the health check looks at that.
mkdir -m 777 "$T/pod" "$T/db"
run side --privileged --read-only -v "$T/pod:/pod:rshared" -v "$T/db:/var/lib/graveyard" "$image"
log_of side 'event=serving mountpoint=/pod/graveyard'
podman healthcheck run side
rc=0
podman healthcheck run idle || rc=$?
expect_eq "exit status of the health check where nothing is served" "$rc" 1
podman stop -t 20 side idle >/dev/null
expect_eq "exit codes" "$(podman inspect -f '{{.State.ExitCode}}' side idle | paste -sd ' ')" "0 0"
