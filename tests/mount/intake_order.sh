#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is told underneath the mount and what is told through it happen in the order in which they were told, however
# busy the worker is: who has written his death underneath and restarts is alive, and who was born there and has died
# is dead.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/below.sh"
MANY=200

# expect_lives PATTERN COUNT: of every name.
expect_lives()
{
	expect_eq "names like $1 that have not $2 lives" \
		"$(sqlite3 "$DB" "SELECT count(*) FROM tombstones WHERE name LIKE '$1' AND life <> $2")" 0
}

make_below
start_graveyard --linger 1ms

for n in 1 2 3; do
	while :; do : <"$G/.help"; done &
	eval "load$n=\$!"
done
i=0
while [ "$i" -lt "$MANY" ]; do
	: >"below/dead$i"
	echo 3 >"$G/.died/dead$i"
	: >"$G/.born/reborn$i"
	: >"below/.died/reborn$i"
	: >"$G/.born/reborn$i"
	i=$((i + 1))
done
# shellcheck disable=SC2154 # load1…: by eval
kill "$load1" "$load2" "$load3"
sync_below
expect_count .died 'dead*' "$MANY"
expect_lives 'dead%' 1
expect_count .alive 'reborn*' "$MANY"
expect_lives 'reborn%' 2
