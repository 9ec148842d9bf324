# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests of what is written underneath the mount, in the directory "below"; to be sourced after mount.sh.

# make_below: the graveyard's directory as somebody sees it who does not see the mount.
make_below()
{
	mkdir below "$G/.born" "$G/.ready" "$G/.died"
	mount --bind "$G" below
}

# sync_below: everything that was written underneath has been taken in.
synced=0
sync_below()
{
	synced=$((synced + 1))
	: >"below/synced$synced"
	timeout 20 cat "$G/.wait/born/synced$synced" >/dev/null
}

# expect_count DIRECTORY PATTERN COUNT
expect_count()
{
	expect_eq "names in $1 like $2" "$(find "$G/$1" -mindepth 1 -maxdepth 1 -name "$2" | wc -l)" "$3"
}
