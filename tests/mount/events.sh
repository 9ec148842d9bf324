#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .events and .log: every event exactly once and in order, for each of several readers, while many write.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
watcher=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/watcher
[ -x "$watcher" ] || skip "the helpers are not built"

start_graveyard
touch "$G/.born/before"
echo 0 >"$G/.died/before"

# Two events are there, 2,000 are to come. read(1) of this shell reads byte by byte.
lines()
{
	n=0
	while [ "$n" -lt "$1" ] && IFS= read -r line; do
		printf '%s\n' "$line"
		n=$((n + 1))
	done
}
head -n 2002 "$G/.events" >all &
all=$!
head -n 2002 "$G/.events@0" >zero &
zero=$!
head -n 2000 "$G/.events@now" >now &
now=$!
head -n 1003 "$G/.events@1000" >from &
from=$!
lines 300 <"$G/.events@now" >bytes &
bytes=$!
dd "if=$G/.events@now" bs=1 count=3000 status=none >single &
single=$!
# The ones that have something to read come to its end first.
wait_parked 6

write_many()
{
	i=0
	while [ "$i" -lt 125 ]; do
		: >"$G/.born/w$1-$i"
		echo "$((i % 3))" >"$G/.died/w$1-$i"
		i=$((i + 1))
	done
}
writers=
for w in 1 2 3 4 5 6 7 8; do
	write_many "$w" &
	writers="$writers $!"
done
for pid in $writers $all $zero $now $from $bytes $single; do
	wait_exits "$pid" 0
done

cat "$G/.log" >log
expect_eq "events" "$(wc -l <log)" 2002
expect_eq "their numbers" "$(cut -d ' ' -f 1 log | paste -sd ' ')" "$(seq 2002 | paste -sd ' ')"
expect_eq "births and deaths of each" \
	"$(awk '$3 ~ /^w/ { print $3, $4, $5, $6 }' log | sort | paste -sd ,)" \
	"$(for w in 1 2 3 4 5 6 7 8; do
		for i in $(seq 0 124); do
			echo "w$w-$i 1 born -"
			echo "w$w-$i 1 died $((i % 3))"
		done
	done | sort | paste -sd ,)"
expect_eq "births before deaths" "$(awk '$5 == "born" { b[$3] = 1 } $5 == "died" && !b[$3]' log)" ""
cmp all log
cmp zero log
tail -n 2000 log | cmp - now
tail -n +1000 log | cmp - from
tail -n 2000 log | head -n 300 | cmp - bytes
tail -n 2000 log | head -c 3000 | cmp - single
expect_eq "size of .log" "$(stat -c %s "$G/.log")" "$(wc -c <log)"

# What is asked for may be in the past, or in the future.
expect_eq ".events@2002" "$(head -n 1 "$G/.events@2002")" "$(tail -n 1 log)"
head -n 1 "$G/.events@2005" >future &
future=$!
wait_parked 1
for i in 1 2 3 4; do
	echo 1 >"$G/.born/f$i"
done
wait_exits "$future" 0
expect_eq ".events@2005" "$(cut -d ' ' -f 1,3,5 future)" "2005 f3 born"
for bad in @ @x @-1 @now1 @1s @99999999999999999999999; do
	expect_fails cat "$G/.events$bad"
	grep -q -e 'Invalid argument' said || fail ".events$bad: $(cat said)"
done
expect_fails cat "$G/.eventsx"

# inotify: by the time it tells of what was written, that can be read.
: >watched
"$watcher" 40 "$G" "$G/.died" >watched &
pid=$!
timeout 10 sh -c 'tail -n +1 -f "$1" | grep -qm1 watching' sh watched
for i in $(seq 20); do
	printf 'Born: "2026-01-01T00:00:00Z"\n' >"$G/i$i"
	echo 3 >"$G/.died/i$i"
done
wait_exits "$pid" 0
# Each twice, perhaps: before the commit, when it is created, and after it.
expect_eq "names created" "$(awk '$2 == "create" { print $1, $3 }' watched | sort -u | wc -l)" 40
expect_eq "stones modified in sight" "$(awk '$1 == "g" && $2 == "modify" && $4 > 0 { print $3 }' watched | sort -u | wc -l)" 20
expect_eq "deaths in sight" "$(awk '$1 == ".died" && $2 == "modify" && $4 > 0' watched | wc -l)" 20
expect_eq "told too early, or without a text" \
	"$(awk '$2 != "create" && $4 + 0 == 0 && NR > 1 || $4 == 0 && NR > 1' watched)" ""
