#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Processes race to be the first death: one wins, and all agree on which. And whatever many do at once to a
# few names has an order in which it makes sense (SEED repeats what they draw).
set -eu
. "$(dirname "$0")/../lib/mount.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/race" ] || skip "the helpers are not built"
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "SEED=$SEED"

expected_log='messages lost'
start_graveyard
"$helpers/race" "$G" 500 2 two different >won
"$helpers/race" "$G" 100 8 eight different >>won
"$helpers/race" "$G" 100 8 same same >>won

# One death each, with the code that won, and nothing added to it.
awk '$5 != "born" { print $3, $6 }' "$G/.log" | sort >deaths
sort won | cmp - deaths || fail "the journal does not have one death each"
expect_eq "events" "$(awk '{ print $5 }' "$G/.log" | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd ,)" \
	"700 born,700 died"
# If the same one always won, it was no race.
expect_eq "who won of two" "$(awk '/^two/ { print $2 }' won | sort -u | paste -sd ' ')" "1 2"

stop_graveyard
DB=$T/other/graveyard.db
rm -r "$G"
start_graveyard
"$helpers/linear" "$G" "$SEED" 80
