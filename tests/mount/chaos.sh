#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 16 writers, 64 waiters, 16 holders of leases, 4 pollers, a reader of .events and a lister, while
# the worker is killed 200 times, at any moment: none of them notices. `chaos.sh --long` goes on for
# 30 minutes; CHAOS_SECONDS and CHAOS_SEED may be set.
set -eu
case ${1-} in
--long) CHAOS_SECONDS=${CHAOS_SECONDS:-1800} ;;
*) CHAOS_SECONDS=${CHAOS_SECONDS:-40} ;;
esac
export CHAOS_SECONDS
TIME_LIMIT=${TIME_LIMIT:-$((CHAOS_SECONDS + 180))}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
chaos=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/chaos
[ -x "$chaos" ] || skip "the helpers are not built"
# A stone takes a page, so there is no room for all of half an hour's.
expected_log='refused what|messages lost|unable to leave .* No space left on device'
CHAOS_SEED=${CHAOS_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "CHAOS_SEED=$CHAOS_SEED CHAOS_SECONDS=$CHAOS_SECONDS"

# Five kills a second; and no more names than a long run has room for.
kills=$((CHAOS_SECONDS * 5))
pause=20000
[ "$CHAOS_SECONDS" -le 120 ] || pause=150000
start_graveyard --linger 1ms
"$chaos" "$G" "$daemon" "$CHAOS_SEED" "$CHAOS_SECONDS" "$pause" "$kills" >counts || {
	cat counts
	fail "CHAOS_SEED=$CHAOS_SEED"
}
cat counts
wait_parked 0
stop_graveyard
expect_eq "restarts that the log tells of" "$(restarts)" "$(sed -n 's/^kills //p' counts)"
expect_eq "the database" "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok
