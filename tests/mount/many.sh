#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 10,000 reads parked at once: they cost little, hinder nobody, and one death wakes them all.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
crowd=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/crowd
[ -x "$crowd" ] || skip "the helpers are not built"

rss()
{
	awk '/^Rss:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup"
}

sanitized()
{
	nm -D "$GRAVEYARDFS" 2>/dev/null | grep -q __asan_init
}

start_graveyard
touch "$G/.born/one"

# What a first use costs is not the readers' doing.
"$crowd" 10 "$G/.wait/died/warm" >warm &
pid=$!
wait_parked 10
echo 0 >"$G/.died/warm"
wait_exits "$pid" 0

before=$(rss)
"$crowd" 10000 "$G/.wait/died/one" >got &
pid=$!
wait_parked 10000
after=$(rss)
echo "memory: $before kB, with 10,000 parked reads $after kB"
sanitized || [ $(((after - before) * 1024)) -le $((10000 * 512)) ] ||
	fail "10,000 parked reads cost $((after - before)) kB, more than 512 bytes each"

# Everything else goes on, and wakes none of them.
cat "$G/.wait/exitcode/two" >code &
two=$!
wait_parked 10001
timeout 10 sh -euc '
	touch "$1/.born/two"
	echo 4 >"$1/.died/two"
	cat "$1/two" "$1/.status" "$1/.log" >"$2"
	ls -lR "$1" "$1/.wait" >"$2"
	: >"$1/.died/three"' sh "$G" "$T/out"
wait_exits "$two" 0
expect_eq "the code of another" "$(cat code)" 4
wait_parked 10000
expect_eq "readers woken before the death" "$(cat got)" ""

echo 3 >"$G/.died/one"
wait_exits "$pid" 0
expect_eq "readers" "$(cat got)" "10000 ok $(wc -c <"$G/one") bytes"
wait_parked 0

# There is a limit, and whoever is beyond it hears so at once.
stop_graveyard
start_graveyard --max-waits 10
"$crowd" 10 "$G/.wait/died/x" >got &
pid=$!
wait_parked 10
expect_eq "the eleventh" "$("$crowd" 1 "$G/.wait/died/x")" "1 Resource temporarily unavailable"
expect_eq "what need not wait" "$(cat "$G/.wait/exitcode/two")" 4
echo 0 >"$G/.died/x"
wait_exits "$pid" 0
expect_eq "the ten" "$(cut -d ' ' -f 1-2 got)" "10 ok"
