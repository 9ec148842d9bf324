#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# versions.sh [TAG]: one version, that of meson.build, everywhere; and of a TAG, which has to be it, nothing is called
# unreleased any more.
set -eu
cd "$(dirname "$0")/../.."

bad=0

# same WHAT GOT WANT
same()
{
	[ "$2" = "$3" ] || {
		echo "$1: '$2', expected '$3'" >&2
		bad=1
	}
}

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)
heading=$(sed -n '/^## /{ s///p; q; }' CHANGELOG.md) # Unreleased, or VERSION - DATE
heading=${heading%% *}

same 'debian/changelog' "$(sed -n '1s/^graveyardfs (\(.*\)) .*/\1/p' debian/changelog)" "$version"
same 'Dockerfile' "$(sed -n 's/^ARG VERSION=//p' Dockerfile)" "$version"
[ "$heading" = Unreleased ] || same 'CHANGELOG.md' "$heading" "$version"

# `graveyardfs:1.2.3`, `newTag: 1.2.3`, `graveyardfs 1.2.3`
used=$(grep -rhoE '(graveyardfs[: ]|newTag: )[0-9]+\.[0-9]+\.[0-9]+' deploy tests/container |
	sed 's/.*[: ]//' | sort -u)
same 'deploy/ and tests/container/' "$used" "$version"

unreleased=no
[ "$heading" != Unreleased ] || unreleased=yes
in_debian=no
! sed 1q debian/changelog | grep -q ') UNRELEASED;' || in_debian=yes
same 'unreleased in debian/changelog' "$in_debian" "$unreleased"
if [ $# != 0 ]; then
	same 'the tag' "$1" "v$version"
	same 'unreleased in CHANGELOG.md' "$unreleased" no
fi

exit "$bad"
