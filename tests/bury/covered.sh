#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A plain directory that a graveyard is mounted over at any moment of a short life, and one that it is taken away from:
# what was meant for the one and is refused by the other is told to that.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"

# during COMMAND…: a life, while that is done.
during()
{
	"$@" &
	change=$!
	expect_bury 0 --name app -- true
	wait_exits "$change" 0
	! grep level=error bury.log || fail "$*: an error"
	i=$((i + 1))
}

kind=plain
Y=$T/covered
mkdir "$Y"
start_graveyard
i=0
while [ "$i" -lt 400 ]; do
	during mount --bind "$G" "$Y"
	during umount -l "$Y"
done

# --- what is left underneath of one who lives on is no death to who sees it again

mkfifo running end
mkdir under
mount --bind "$Y" under
rm -f "$Y"/*
start_bury --name dep -- sh -c 'echo >running; read -r _ <end'
hear running
expect_eq "its stone says that it is held" "$(grep -c '^Lease: lock' "$Y/dep")" 1
mount --bind "$G" "$Y"
until [ -e "$Y/.lease/dep" ]; do sleep 0.01; done
while grep -q '^Lease: lock' under/dep; do sleep 0.01; done
stop "$job"
umount -l "$Y"
expect_bury 1 --after died:dep --after-timeout 10ms -- true
kill -s CONT "$job"
until grep -q '^Lease: lock' "$Y/dep"; do sleep 0.01; done
echo >end
wait_exits "$job" 0
