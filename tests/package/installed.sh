#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# installed.sh BUILD: what is installed from there is this and nothing else, and the unit is that of deploy/ with the
# path of the executable that was installed.
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$(realpath "$1")

# option NAME: of meson's, as the build directory has it.
option()
{
	meson introspect --buildoptions "$build" |
		python3 -c 'import json, sys; print(*[o["value"] for o in json.load(sys.stdin) if o["name"] == sys.argv[1]])' "$1"
}

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
prefix=$(option prefix)
DESTDIR=$T/root meson install -C "$build" --no-rebuild --quiet

# expected: MODE PATH for each.
expected()
{
	echo '755 bin/bury'
	echo '755 bin/graveyardfs'
	echo '644 lib/systemd/system/graveyardfs.service'
	for name in bury graveyardfs; do
		echo "644 share/bash-completion/completions/$name"
	done
	for name in CHANGELOG.md LICENSE README.md; do
		echo "644 share/doc/graveyardfs/$name"
	done
	(cd "$top/deploy" && find compose kubernetes -type f -printf '644 share/doc/graveyardfs/examples/%p\n')
	(cd "$top/doc" && find . -name '*.[1-8]' -printf '%f\n') | while read -r page; do
		echo "644 share/man/man${page##*.}/$page"
	done
}

expected | sort >"$T/expected"
(cd "$T/root" && find . ! -type d -printf '%m %P\n') | sed "s| ${prefix#/}/| |" | sort >"$T/installed"
diff -u "$T/expected" "$T/installed" || {
	echo "FAILED: what is installed (+) is not what should be (-)" >&2
	exit 1
}

# Save for the path, and for what its head says of copying it.
unit=$T/root$prefix/lib/systemd/system/graveyardfs.service
grep -v "$(printf '^#\tcp ')" "$top/deploy/systemd/graveyardfs.service" |
	sed "s|/usr/local/sbin/graveyardfs|$prefix/bin/graveyardfs|" >"$T/unit"
if ! diff -u "$T/unit" "$unit" || ! grep -q "^ExecStart=$prefix/bin/graveyardfs " "$unit"; then
	echo "FAILED: the unit that is installed (+) is not that of deploy/ with the path of what is installed (-)" >&2
	exit 1
fi
