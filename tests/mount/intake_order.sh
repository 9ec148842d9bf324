#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is told underneath the mount and what is told through it happen in the order in which they were told, however
# busy the worker is: who has written his death underneath and restarts is alive, and who was born there and has died
# is dead.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/below.sh"
. "$(dirname "$0")/../lib/processes.sh"
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

# --- more has been told underneath than is taken in at a time

# overtaken DIRECTORY NAME COMMAND…: files in whole seconds, and what is told through the mount after the last.
overtaken()
{
	directory=$1
	name=$2
	shift 2
	worker=$(worker_pid)
	kill -s STOP "$worker"
	# shellcheck disable=SC2046 # a thousand of them
	touch -d "@$(date +%s)" $(seq -f "$directory/$name%g" 1000)
	"$@" >"$G/.$name/${name}1000" &
	told=$!
	until [ "$(requests_waiting)" -gt 0 ]; do sleep 0.01; done
	kill -s CONT "$worker"
	wait_exits "$told" 0
	sync_below
}

overtaken below died echo 3
[ ! -e "$G/.alive/died1000" ] || fail "a birth underneath came after a death that was told later"
expect_lives died1000 1
overtaken below/.died born echo
[ -e "$G/.alive/born1000" ] || fail "a death underneath ended a life that began later"

# --- somebody writes without end

for n in 1 2; do
	while :; do
		i=0
		while [ "$i" -lt 64 ]; do
			: >"below/flood$n-$i"
			i=$((i + 1))
		done
	done &
	eval "load$n=\$!"
done
timeout 20 cat "$G/.wait/born/flood1-1" >/dev/null
kill_worker
touch "$G/.born/meanwhile"
stop_graveyard
kill "$load1" "$load2"
[ -f below/meanwhile ] || fail "the stones were not left"
