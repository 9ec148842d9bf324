#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file's mtime is that of a clock's tick, and may so be before what was told through the mount just before the file
# was written. What is told there and through the mount counts in the order in which it was told, whichever of them
# comes first, and nothing that was taken in is taken for new.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/below.sh"
. "$(dirname "$0")/../lib/processes.sh"
MANY=50

# this_second FILE: as a file system would have it that keeps whole seconds.
this_second()
{
	touch -d "@$(date +%s)" "$1"
}

make_below
start_graveyard --linger 1ms

# --- told underneath within the tick of a birth

# Births are written, as a write returns once they are kept. A close returns before that: a birth may be dated later
# than what is told underneath after it, and by any time where the worker does not get to run.

i=0
while [ "$i" -lt "$MANY" ]; do
	echo >"$G/.born/stone$i"
	echo 3 >"below/stone$i"
	echo >"$G/.born/marker$i"
	: >"below/.died/marker$i"
	echo >"$G/.born/ready$i"
	: >"below/.ready/ready$i"
	i=$((i + 1))
done
echo >"$G/.born/second"
this_second below/.died/second
sync_below
expect_count .died 'stone*' "$MANY"
expect_count .died 'marker*' "$MANY"
expect_count .ready 'ready*' "$MANY"
[ -e "$G/.died/second" ] || fail "what whole seconds tell is lost"
expect_eq "lives that are over before they began" \
	"$(sqlite3 "$DB" "SELECT count(*) FROM lives WHERE died < born OR ready < born")" 0

# --- a birth within the tick of a death

i=0
while [ "$i" -lt "$MANY" ]; do
	echo 3 >"$G/.died/again$i"
	: >"below/again$i"
	i=$((i + 1))
done
sync_below
expect_count .alive 'again*' "$MANY"

# --- the other way round: told through the mount at once after a file was written

i=0
while [ "$i" -lt "$MANY" ]; do
	: >"below/dies$i"
	: >"$G/.died/dies$i"
	: >"below/.died/lives$i"
	: >"$G/.born/lives$i"
	i=$((i + 1))
done
sync_below
expect_count .died 'dies*' "$MANY"
expect_count .alive 'lives*' "$MANY"

# --- a death told twice within a tick is one

i=0
while [ "$i" -lt "$MANY" ]; do
	: >"$G/.born/twice$i"
	echo 3 >"$G/.died/twice$i"
	: >"below/.died/twice$i"
	echo >"$G/.born/twice-below$i"
	echo 3 >"below/twice-below$i"
	: >"below/.died/twice-below$i"
	i=$((i + 1))
done
sync_below
expect_count .died 'twice*' $((2 * MANY))
expect_eq "second lives" "$(sqlite3 "$DB" "SELECT count(*) FROM tombstones WHERE name LIKE 'twice%' AND life > 1")" 0

# --- the worker is killed

echo >"$G/.born/stopped"
worker=$(worker_pid)
kill -s STOP "$worker"
this_second below/.died/stopped
kill -s KILL "$worker"
await_child gyfs-worker "$worker" >/dev/null
sync_below
[ -e "$G/.died/stopped" ] || fail "what was told while nobody served is lost"

# What was taken in is looked at again by the next worker.
i=0
while [ "$i" -lt "$MANY" ]; do
	: >"below/old$i"
	: >"below/.died/killed$i"
	i=$((i + 1))
done
sync_below
i=0
while [ "$i" -lt "$MANY" ]; do
	: >"$G/.died/old$i"
	: >"$G/.born/killed$i"
	i=$((i + 1))
done
before=$(cat "$G/.log")
kill_worker
expect_eq "the journal after another worker looked through all" "$(cat "$G/.log")" "$before"
