#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients that mean no good: what they do fails or does not, but the daemon lives, stays small, and its journal
# stays whole (SEED repeats the calls).
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
hostile=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/hostile
[ -x "$hostile" ] || skip "the helpers are not built"
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "SEED=$SEED"
# What they write is quoted in the log.
trouble='^level=error|Sanitizer|runtime error|Assertion'

# memory: what the daemon has made its own, in kB
memory()
{
	awk '/^Rss:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup"
}

# repeat STRING COUNT
repeat()
{
	printf "%$2s" '' | sed "s/ /$1/g"
}

works()
{
	echo 3 >"$G/.died/works$1"
	expect_eq "the code, $1" "$(cat "$G/.wait/exitcode/works$1")" 3
	rm "$G/works$1"
}

# said WORDS COMMAND…
said()
{
	words=$1
	shift
	expect_fails "$@"
	grep -Eq "$words" "$T/said" || fail "$*: said '$(cat "$T/said")', not '$words'"
}

start_graveyard --linger 1ms
works first

# Names and those waited for, as long as they may be and longer.
name=$(repeat n 253)
touch "$G/.born/$name"
[ -f "$G/.alive/$name" ] || fail "there is no name of 253 characters"
echo 4 >"$G/.died/$name"
expect_eq "its code" "$(cat "$G/.wait/exitcode/$name")" 4
said 'Invalid argument|too long' touch "$G/.born/n$name"
said 'Invalid argument|too long' touch "$G/.born/$name$name$name$name"
who=$(repeat ab, 350)x
said 'timed out|Invalid argument|too long' cat "$G/.wait/died/$who@10ms"
who=$(repeat works, 180)works
said 'timed out|Invalid argument|too long' cat "$G/.wait/died/$who@10ms"
said 'Invalid argument|too long' cat "$G/.wait/died/$(repeat , 200)"
works names

# Too much after half a line: refused, and the half is let go, once. Who comes next has a half of its own.
"$hostile" "$G" greedy 5000
[ ! -e "$G/greedy" ] || fail "a writer that was refused has died"
expect_eq "codes of the next" "$(cat "$G/.exitcode/next" "$G/.exitcode/other" | paste -sd ' ')" "4 5"

"$hostile" "$G" tails 4200 >held
works tails
expect_eq "deaths out of half a line" "$(find "$G/.died/" -name 'tail*' | wc -l)" 0
"$hostile" "$G" tails 4000 >held_again
expect_eq "half lines held, once the first were let go" "$(cat held_again)" "4000 held"
echo "$(cat held), then $(cat held_again)"
"$hostile" "$G" opens 10000
works opens
wait_parked 0

before=$(memory)
"$hostile" "$G" fuzz "$SEED" 8
works fuzz
wait_parked 0
after=$(memory)
echo "memory: $before kB, after the calls $after kB"
[ "$after" -lt $((before + 32768)) ] || nm -D "$GRAVEYARDFS" 2>/dev/null | grep -q __asan_init ||
	fail "the daemon has grown from $before kB to $after kB"

# The journal can be parsed, and tells of lives in their order.
cat "$G/.log" >log
awk '$1 != NR || NF != 9 { print; exit 1 }
	$5 == "owner" { next }
	$5 == "born" && ($4 != life[$3] + 1 || alive[$3]) { print; exit 1 }
	$5 == "born" { life[$3]++; alive[$3] = 1 }
	$4 != life[$3] { print; exit 1 }
	$5 == "ready" && !alive[$3] { print; exit 1 }
	$5 == "died" && !alive[$3] { print; exit 1 }
	$5 == "died" || $5 == "removed" { alive[$3] = 0 }' log >wrong || fail "in the journal: $(cat wrong)"
wc -l log
for name in "$G"/*; do
	[ -s "$name" ] || fail "$name is empty"
	cat "$G/.history/${name##*/}" >>histories
done
cat "$G/.status" >status
stop_graveyard
expect_eq "the database" "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok
