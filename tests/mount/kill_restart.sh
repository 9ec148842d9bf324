#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The daemon is killed while eight write, over and over: every death that was acknowledged is there, once, and
# the journal is whole (SEED repeats the moments).
set -eu
. "$(dirname "$0")/../lib/mount.sh"
deaths=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/deaths
[ -x "$deaths" ] || skip "the helpers are not built"
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "SEED=$SEED"

expected_log='messages lost'

# Mostly early, when the -wal is short, sometimes beyond the checkpoints.
awk -v seed="$SEED" 'BEGIN { srand(seed); for (i = 0; i < 20; i++) print int(exp(rand() * 7)), int(rand() * 1000) }' >moments
: >told
round=0
while read -r after microseconds; do
	round=$((round + 1))
	start_graveyard --linger 1ms
	"$deaths" "$G" "$daemon" "r$round" "$after" "$microseconds" >>told
	wait_graveyard 2>/dev/null
done <moments
start_graveyard --linger 1ms
cat "$G/.log" >log
echo "$(wc -l <told) deaths were acknowledged, $(grep -c died log) are in the journal"

awk '$5 == "died" { print $3, $6 }' log | sort >died
sort told | comm -23 - died >lost
[ ! -s lost ] || fail "$(wc -l <lost) acknowledged deaths are lost, such as $(head -n 1 lost)"
[ -z "$(cut -d ' ' -f 1 died | uniq -d)" ] || fail "somebody died twice"
awk '$1 != NR || NF != 9 || $4 != 1 { exit 1 }
	$5 == "born" { born[$3]++ }
	$5 == "died" { if (born[$3] != 1) exit 1; n++ }
	END { exit NR != 2 * n }' log || fail "the journal has gaps, or deaths without a birth"
# Where each line begins is kept with it.
awk '{ print $1, at + 0; at += length($0) + 1 }' log >places
sqlite3 -separator ' ' "$DB" 'SELECT seq, text_at FROM events ORDER BY seq' | cmp - places ||
	fail "the places of the lines are not those in .log"
expect_eq "size of .log" "$(stat -c %s "$G/.log")" "$(wc -c <log)"
expect_eq "end of .log" "$(tail -c 100 "$G/.log")" "$(tail -c 100 log)"
expect_eq "stones" "$(find "$G" -type f | wc -l)" "$(wc -l <died)"
stop_graveyard
expect_eq "the database" "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok
