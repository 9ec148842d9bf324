#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A name that was removed through the mount while its file stays underneath: the next process, which looks through all
# that is there, does not bring it back. What is written underneath after the removal does, also within a clock's tick,
# and so does what was written while nothing was mounted, with --fresh.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/below.sh"
. "$(dirname "$0")/../lib/processes.sh"
MANY=50

make_below
start_graveyard

# --- told twice, and the second time is nothing new, but later than all that is known

: >"$G/.born/gone-alive"
echo 3 >"$G/.died/gone-dead"
sleep 0.05 # longer than a tick of the clock
: >below/.born/gone-alive
: >below/.died/gone-dead
sync_below
rm "$G/gone-alive" "$G/gone-dead"
kill_worker
sync_below
expect_count . 'gone-*' 0

# --- and what comes next

: >below/gone-alive
i=0
while [ "$i" -lt "$MANY" ]; do
	echo 3 >"$G/.died/a$i"
	: >"$G/.born/b$i"
	rm "$G/a$i" "$G/b$i"
	: >"below/a$i"
	echo 4 >"below/b$i"
	i=$((i + 1))
done
sync_below
expect_eq "those born again" "$(find "$G/.alive" -name 'a*' | wc -l)" "$MANY"
expect_eq "those born and dead again" "$(grep -l '^ExitCode: 4' "$G"/b* | wc -l)" "$MANY"
[ -e "$G/.alive/gone-alive" ] || fail "a new one is not there"
before=$(cat "$G/.log")
kill_worker
expect_eq "the journal after another worker looked through all" "$(cat "$G/.log")" "$before"

# --- --fresh

stop_graveyard
rm -f "$G"/* below/.[bdr]*/*
: >"$G/a1"
start_graveyard --fresh
[ -e "$G/.alive/a1" ] || fail "what was written before a --fresh is lost"
expect_count . "[!.]*" 1
rm "$G/a1"
