#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As chaos.sh, and each worker dies at the same step of what it does: between what is read, done,
# kept, committed, answered and told. For a build with -Dfault_points=true. CHAOS_SECONDS, for each,
# and CHAOS_SEED may be set.
set -eu
CHAOS_SECONDS=${CHAOS_SECONDS:-4}
export CHAOS_SECONDS
TIME_LIMIT=${TIME_LIMIT:-$((CHAOS_SECONDS * 20 + 240))}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
chaos=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/chaos
need_fault_points
[ -x "$chaos" ] || skip "the helpers are not built"
expected_log='refused what|messages lost'
CHAOS_SEED=${CHAOS_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "CHAOS_SEED=$CHAOS_SEED CHAOS_SECONDS=$CHAOS_SECONDS"

# dies_at POINT N: each worker, when it comes there for the Nth time. Not so early that it has done
# nothing by then.
dies_at()
{
	DB=$T/$1-$2/graveyard.db
	[ ! -d "$G" ] || rm -r "$G"
	before=$(restarts)
	export GRAVEYARDFS_DIE_AT="$1:$2"
	start_graveyard --linger 1ms
	"$chaos" "$G" "$daemon" "$CHAOS_SEED" "$CHAOS_SECONDS" 20000 0 >counts || {
		cat counts
		fail "GRAVEYARDFS_DIE_AT=$GRAVEYARDFS_DIE_AT CHAOS_SEED=$CHAOS_SEED"
	}
	wait_parked 0
	stop_graveyard
	died=$(($(restarts) - before))
	echo "$1:$2: $died workers; $(tail -n 1 counts)"
	[ "$died" -gt 0 ] || fail "nobody died at $1"
	expect_eq "the database" "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok
	rm -r "$T/$1-$2"
}

# Passed with each request,
for point in received executed settled answered opening opened; do
	for n in 400 1201; do
		dies_at "$point" "$n"
	done
done
# with each batch.
for point in kept committed published; do
	for n in 60 301; do
		dies_at "$point" "$n"
	done
done
