#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end of a lease that could not be kept is owed, with the code of its process, and comes before
# whatever is told of the name later; the end of one of which nothing is left to be told is not.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
expected_log='unable to keep a tombstone: No space left on device'

mkfifo go holds
# Open for both: a reader that comes while the last writer still has it meets no end of the file.
exec 6<>holds

# hold CODE: $holder has a lease on $n, and exits with that on let_go.
hold()
{
	sh -c 'echo >"$1"; read -r _ <"$2"; exit "$3"' sh "$T/holds" "$T/go" "$1" 9>"$G/.lease/$n" &
	holder=$!
	read -r _ <&6
}

# let_go CODE
let_go()
{
	echo >go
	wait_exits "$holder" "$1"
}

# coded CODE: as the journal has it, if the kernel tells.
coded()
{
	[ "$kernel_tells" = 0 ] || echo " $1"
}

fill_disk()
{
	# Page by page, to the last: a bigger piece would leave what it does not fit into.
	! dd if=/dev/zero of=small/filler bs=4k 2>/dev/null || fail "the disk is not full"
}

# wait_owed N: until so many attempts to keep it have been told of.
wait_owed()
{
	tries=2000
	until [ "$(grep -c 'unable to keep' "$LOG")" -ge "$1" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "nothing is owed"
		sleep 0.01
	done
}

# nothing_owed: also at the end, which tries once more.
nothing_owed()
{
	stop_graveyard
	! grep -q 'could be kept' "$LOG" || fail "something was owed to the end"
}

# --- a code told otherwise than by the lease, which has another

start_graveyard --linger 1ms
new never
exec 9>"$G/.lease/$n"
echo 3 >&9
echo 5 >"$G/.died/$n"
exec 9>&-
# What comes of the close has come before this.
: >"$G/.lease/$n-after"
timeout 10 cat "$G/.wait/died/$n-after" >died
journal "1 born,1 died 5"
touch "$G/.born/$n" || fail "a name is blocked by a lease whose life was over"
journal "1 born,1 died 5,2 born"
nothing_owed

# --- a holder that ends while the disk is full

mkdir small
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
start_graveyard --linger 1ms
new never
hold 7
cat "$G/.wait/died/$n" >died &
waiter=$!
wait_parked 1
fill_disk
let_go 7
wait_owed 1
[ -e "$G/.alive/$n" ] || fail "what could not be kept is there"
rm small/filler
timeout 20 tail --pid="$waiter" -f /dev/null || fail "a death that was owed wakes nobody"
wait_exits "$waiter" 0
journal "1 born,1 died$(coded 7)"
[ "$kernel_tells" = 0 ] || expect_eq "the code" "$(timeout 10 cat "$G/.wait/exitcode/$n")" 7

# --- and whose name is opened again as soon as there is room

new never
hold 8
cat "$G/.wait/died/$n" >died &
waiter=$!
wait_parked 1
fill_disk
let_go 8
wait_owed 2
rm small/filler
# Refused, or the next life: not the one that is over.
tries=2000
until { command exec 9>"$G/.lease/$n"; } 2>said; do
	grep -q 'No space left' said || fail "a lease on what is owed: $(cat said)"
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "it stays owed"
	sleep 0.01
done
journal "1 born,1 died$(coded 8),2 born"
timeout 10 tail --pid="$waiter" -f /dev/null || fail "a death that was owed wakes nobody"
wait_exits "$waiter" 0
[ -e "$G/.alive/$n" ] || fail "a death that was owed is that of the next life"
exec 9>&-
timeout 10 cat "$G/.wait/died/$n" >died
nothing_owed

# --- of an earlier mount, and of a name that --names does not have any more

DB=$T/named/graveyard.db
start_graveyard --linger 1ms
new never
hold 4
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null
start_graveyard --linger 1ms --names a,b
journal "1 born"
let_go 4
wait_log " event=died name=$n life=1 "
[ "$kernel_tells" = 0 ] || wait_log " event=(died|exitcode) name=$n life=1 code=4 via=kernel "
nothing_owed
