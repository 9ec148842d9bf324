#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A death that a close told on a full disk is owed. Until it is kept the name takes nothing else: a birth would be
# taken for one of the life that is over, and the death then for that of the next.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
expected_log='unable to keep a tombstone: No space left on device'

mkdir small
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
start_graveyard
touch "$G/.born/a"
dd if=/dev/zero of=small/filler bs=4k 2>/dev/null && fail "the disk is not full"

: >"$G/.died/a"
expect_fails touch "$G/.born/a"
grep -q 'No space left' "$T/said" || fail "a birth on a full disk: $(cat "$T/said")"
[ -e "$G/.alive/a" ] || fail "what could not be kept is there"

rm small/filler
cat "$G/.wait/died/a@20s" >died
touch "$G/.born/a"
[ -e "$G/.alive/a" ] || fail "the death that was owed is that of the next life"
expect_eq "events" "$(awk '{ print $4 $5 }' "$G/.log" | paste -sd ' ')" "1born 1died 2born"
