#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# I/O errors and a full disk under SQLite, alone and in the middle of a batch of writers: each is told the
# truth, nobody is woken by what failed, the graveyard serves on.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/batch" ] || skip "the helpers are not built"
ldd "$GRAVEYARDFS" 2>&1 | grep -q libsqlite3 || skip "nothing can be preloaded to a static executable"
expected_log='messages lost|unable to keep a tombstone: (Input/output error|No space left on device)'
writers=100

# The sanitizer wants to be first; what it does not know goes on to failio all the same.
preload="$(ldd "$GRAVEYARDFS" | awk '/libasan/ { print $3 }') $helpers/failio.so"
cat >daemon <<END
#!/bin/sh
LD_PRELOAD='$preload' FAILIO='$T/control' exec '$GRAVEYARDFS' "\$@"
END
chmod +x daemon
GRAVEYARDFS=$T/daemon

# fails_with WORDS COMMAND…
fails_with()
{
	words=$1
	shift
	expect_fails "$@"
	grep -q "$words" "$T/said" || fail "$*: said '$(cat "$T/said")'"
}

# alone HOW: of a single writer every call fails.
alone()
{
	cat "$G/.wait/exitcode/$1" >code &
	code=$!
	wait_parked 1
	echo "0 1000000 5 $1" >control
	fails_with 'Input/output error' sh -c 'env echo 3 >"$1"' sh "$G/.died/$1"
	fails_with 'Input/output error' touch "$G/.born/$1"
	fails_with 'Input/output error' touch "$G/.died/$1"
	wait_parked 1
	[ ! -e "$G/$1" ] || fail "$1 was born though everything failed"
	cat "$G/.log" "$G/.status" >/dev/null
	rm control
	echo 3 >"$G/.died/$1"
	wait_exits "$code" 0
	expect_eq "the code" "$(cat code)" 3
}

# batch PREFIX AFTER COUNT ERRNO WHICH: adds to $told and $failed.
batch()
{
	prefix=$1
	shift
	# The herald's requests would be counted, and hold the directory's lock while the worker is stopped.
	herald=$(herald_pid)
	stop "$herald"
	"$helpers/batch" "$G" "$(worker_pid)" "/sys/fs/fuse/connections/$connection/waiting" \
		"$writers" "$prefix" "$T/control" "$*" >said
	kill -s CONT "$herald"
	echo "$(cat said) with failures at: $*"
	read -r _ t _ f _ <said
	told=$((told + t))
	failed=$((failed + f))
	rounds=$((rounds + 1))
}

# check_journal: each of those has died once, with its code.
check_journal()
{
	awk -v rounds="$rounds" -v writers="$writers" '
		$3 !~ /-/ || $5 != "died" { next }
		{ split($3, part, "-"); if ($6 != part[2] % 256) exit 1; n += !seen[$3]++; m++ }
		END { exit !(n == rounds * writers && m == n) }' "$G/.log" ||
		fail "the journal is not what was told"
}

rounds=0
start_graveyard
alone write
told=0
failed=0
batch all 0 1000000 5 write
expect_eq "told, while everything failed" "$told" 0
for after in 0 1 2 7 16 17; do
	# Once: the batch fails, and each of its writes is tried alone.
	batch "once$after" "$after" 1 5 write
done
expect_eq "failed, in batches where one call did" "$failed" "$writers"
told=0
failed=0
for after in 0 3 12 20 33; do
	batch "some$after" "$after" 50 5 write
	batch "full$after" "$after" 50 28 write
	batch "much$after" "$after" 400 28 write
done
{ [ "$told" -gt 0 ] && [ "$failed" -gt 0 ]; } || fail "not in the middle: $told told, $failed failed"
check_journal

# What was acknowledged outlives the daemon, and nothing else does.
lines=$(wc -l <"$G/.log")
echo "0 1000000 5 write" >control
fails_with 'Input/output error' sh -c 'env echo 3 >"$1"' sh "$G/.died/lost"
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null
rm control
start_graveyard --durability power
expect_eq "lines of the journal" "$(wc -l <"$G/.log")" "$lines"
check_journal

# Each commit is synced now, and that can fail too.
alone sync
told=0
failed=0
batch sync0 0 1 5 sync
batch sync1 0 20 5 sync
batch sync2 1 30 28 sync
{ [ "$told" -gt 0 ] && [ "$failed" -gt 0 ]; } || fail "sync: $told told, $failed failed"
stop_graveyard
start_graveyard
check_journal
