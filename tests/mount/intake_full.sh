#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is written underneath while the disk under the database is full is taken in once there is room; until then
# that is tried once a second, and not as fast as the processor can.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
expected_log='unable to take in what lies underneath the mount: No space left on device'

# uptime in hundredths of a second
now()
{
	sed 's/ .*//; s/\.//' /proc/uptime
}

mkdir below small
mount --bind "$G" below
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
start_graveyard
touch "$G/.born/a"
dd if=/dev/zero of=small/filler bs=4k 2>/dev/null && fail "the disk is not full"

begun=$(now)
for i in 1 2 3; do
	echo "$i" >"below/late$i"
done
# Each of the three may be tried twice at once: when it is created, and when it is closed. The other three tries are a
# second apart. tail ends with the line after the ninth.
tail -n +1 -f "$LOG" | grep -m 9 'trying again' >tries
took=$(($(now) - begun))
[ "$took" -ge 250 ] || fail "nine tries took ${took}0 ms"
[ ! -e "$G/late1" ] || fail "what could not be kept is there"

rm small/filler
for i in 1 2 3; do
	expect_eq "code of late$i" "$(cat "$G/.wait/exitcode/late$i@20s")" "$i"
	expect_eq "lives of late$i" "$(grep -c '^Life:' "$G/.history/late$i")" 1
done
