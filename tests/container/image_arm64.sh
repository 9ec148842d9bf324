#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image for arm64, which is built by a cross compiler; what needs no FUSE is run by an emulator.
set -eu
. "$(dirname "$0")/../lib/container.sh"

qemu=$(command -v qemu-aarch64-static) || skip "there is no qemu-aarch64-static"
image=localhost/graveyardfs:arm64
expect_eq "platform" "$(podman image inspect -f '{{.Os}}/{{.Architecture}}' "$image")" linux/arm64
size=$(podman image inspect -f '{{.Size}}' "$image")
[ "$size" -le 6000000 ] || fail "the image has $size bytes"

container=$(podman create --pull=never --network none --no-healthcheck "$image" 2>"$T/said")
podman cp "$container:/graveyardfs" "$T/graveyardfs"
podman rm "$container" >/dev/null
file=$(readelf -h "$T/graveyardfs")
echo "$file" | grep -q 'Machine: *AArch64' || fail "not for arm64: $file"

# expect_status STATUS ARGUMENT…
expect_status()
{
	want=$1
	shift
	rc=0
	"$qemu" "$T/graveyardfs" "$@" >"$T/said" 2>&1 || rc=$?
	expect_eq "exit status of graveyardfs $*" "$rc" "$want"
}

expect_status 0 --version
expect_eq "version" "$(cat "$T/said")" "graveyardfs 0.1.0"
expect_status 0 --help
expect_status 1 --check "$T"
expect_status 100 --bogus
expect_status 100
