#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The worker dies where it hurts: between a commit and its answer, before a commit, over what
# clients have begun, with interrupts on their way, and of a request itself. Nobody notices.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/survive" ] || skip "the helpers are not built"
expected_log='refused what|messages lost|a request over which one process after the other ended is refused'

# The opcodes of the requests whose answers are held back.
SETATTR=4
UNLINK=10
OPEN=14
WRITE=16
RELEASE=18
FLUSH=25
CREATE=35

need_try
plain=$GRAVEYARDFS
need_hold
start_graveyard --linger 1ms

# over ORDER WORDS STEP…: as gets, and at that place the worker dies.
over()
{
	place=$1
	want=$2
	shift 2
	hold_at "$place"
	(cd "$G" && exec "$try" "$@") >tried &
	client=$!
	kill_held
	wait_exits "$client" 0
	expect_eq "try $*, killed at $place" "$(cat tried)" "$want"
}

# It is over: what was asked for by closes has been done.
settled()
{
	wait_parked 0
}

# dies NAME: its lease is no more.
dies()
{
	timeout 10 cat "$G/.wait/died/$1" >died || fail "$1 does not die"
	absent ".alive/$1" ".lease/$1"
}

# lives_are EVENTS: of $n, whatever code the kernel told.
lives_are()
{
	expect_eq "the lives of $n" "$(awk -v name="$n" '
		$3 == name && $5 != "exitcode" { print $4, $5 }' "$G/.log" | paste -sd ,)" "$1"
}

mkfifo go holds
# Open for both: a reader that comes while the last writer still has it meets no end of the file.
exec 6<>holds

# hold NAME [CODE]: a process that has its lease, and has written that, until let_go. (Not this
# shell: whatever it starts would have it open, too, and could not end while the worker is held.)
hold()
{
	sh -c '[ -z "$3" ] || echo "$3" >&9; echo >"$1"; read -r _ <"$2"' sh \
		"$T/holds" "$T/go" "${2-}" 9>"$G/.lease/$1" &
	holder=$!
	read -r _ <&6
}

let_go()
{
	echo >go
	wait_exits "$holder" 0
}

# --- each step of each operation is done once, and is a success

for place in commit "answer $WRITE"; do
	new alive
	over "$place" "ok ok ok" open wc ".died/$n" write "3\n" close
	journal "${past}1 died 3"
	new alive
	over "$place" "ok ok ok" open w "$n" write "ExitCode: 4\n" close
	settled
	journal "${past}1 died 4"
	# A birth done twice would be two lives.
	new dead
	over "$place" "ok ok ok" open wc ".born/$n" write "\n" close
	settled
	journal "${past}2 born"
done
for place in commit "answer $FLUSH"; do
	new alive
	over "$place" "ok ok ok" open wc ".died/$n" write 3 close
	settled
	journal "${past}1 died 3"
done
for place in commit "answer $RELEASE"; do
	new dead
	over "$place" "ok ok" open wc ".born/$n" close
	settled
	journal "${past}2 born"
	new alive
	over "$place" "ok ok" open wc ".died/$n" close
	settled
	journal "${past}1 died"
done
for place in commit "answer $SETATTR"; do
	new dead
	over "$place" "ok ok ok" open wc ".born/$n" futimens close
	settled
	journal "${past}2 born"
done
for place in commit "answer $UNLINK"; do
	new dead
	over "$place" "ok ENOENT" unlink "$n" stat "$n"
	journal "${past}1 removed"
done

# O_EXCL, answered twice, is a success both times; and who comes later is late.
new never
over "answer $CREATE" "ok ok ok" open wcx ".died/$n" write "5\n" close
gets EEXIST open wcx ".died/$n"
journal "1 born,1 died 5"
new never
over "answer $CREATE" "ok ok" open wcx ".born/$n" close
settled
journal "1 born"

# What is refused is refused once more.
new dead3
over "answer $WRITE" "ok EPERM ok" open w "$n" write "ExitCode: 4\n" close
nothing_new

# --- leases: none is held twice, none for ever

for place in commit "answer $CREATE"; do
	for flags in wc wcx; do
		new dead
		over "$place" "ok ok" open "$flags" ".lease/$n" close
		dies "$n"
		lives_are "${past}2 born,2 died"
	done
done
new never
hold "$n"
over "answer $OPEN" "ok ok" open w ".lease/$n" close
journal "1 born"
let_go
dies "$n"
lives_are "1 born,1 died"
for place in commit "answer $RELEASE"; do
	new never
	hold "$n" 6
	hold_at "$place"
	let_go
	kill_held
	dies "$n"
	journal "1 born,1 died 6"
done
new never
over "answer $WRITE" "ok ok ok" open wc ".lease/$n" write "7\n" close
dies "$n"
journal "1 born,1 died 7"

# Its client is killed while it waits for the answer to its CREATE, which has been committed, or has
# not.
for place in commit "answer $CREATE"; do
	new never
	hold_at "$place"
	sh -c 'exec sleep 1000' 9>"$G/.lease/$n" &
	client=$!
	await_hold
	kill -s KILL "$client"
	kill_worker
	wait_exits "$client" 137
	dies "$n"
	lives_are "1 born,1 died"
done
# The same, and nobody serves for a while.
new never
hold_at "answer $CREATE"
sh -c 'exec sleep 1000' 9>"$G/.lease/$n" &
client=$!
await_hold
stop "$daemon"
kill -s KILL "$(worker_pid)" "$client"
kill -s CONT "$daemon"
wait_exits "$client" 137
dies "$n"
lives_are "1 born,1 died"
# It has not even been read.
new never
worker=$(worker_pid)
stop "$worker"
sh -c 'exec sleep 1000' 9>"$G/.lease/$n" &
client=$!
until [ "$(requests_waiting)" -gt 0 ]; do
	:
done
kill -s KILL "$client"
wait_exits "$client" 137
kill_worker
settled
absent "$n" ".lease/$n"
nothing_new

# --- what was asked for is done in that order

"$helpers/order" "$G" "$daemon" "/sys/fs/fuse/connections/$connection/waiting" "$HOLD" closes
expect_eq "closes before writes" \
	"$(awk '$3 ~ /^pair-/ { of[$3] = of[$3] $4 $5 $6 " " } END { for (n in of) print of[n] }' \
		"$G/.log" | sort | uniq -c | awk '{ $1 = $1; print }')" "20 1born- 1died- 1exitcode5"
"$helpers/order" "$G" "$daemon" "/sys/fs/fuse/connections/$connection/waiting" "$HOLD" removal
n=removed
journal "1 born,1 died,1 removed"

# --- a request that kills each worker

# worker_restarts: as the keeper counts them. Its last lines may not have come to the log yet.
worker_restarts()
{
	awk '/^[a-z_]*worker_restarts_total / { print $2 }' "$G/.metrics"
}

touch "$G/.born/bystander"
cat "$G/.wait/exitcode/bystander" >code &
waiter=$!
hold leased
wait_parked 1
before=$(worker_restarts)
hold_at poison arsenic
expect_fails timeout 30 stat "$G/arsenic"
grep -q 'Input/output error' "$T/said" || fail "a request that kills: $(cat "$T/said")"
rm "$HOLD"
killed=$(($(worker_restarts) - before))
{ [ "$killed" -ge 1 ] && [ "$killed" -le 3 ]; } || fail "it has killed $killed workers"
wait_parked 1
absent arsenic
[ -e "$G/.lease/leased" ] || fail "a lease was lost with it"
let_go
dies leased
echo 8 >"$G/.died/bystander"
wait_exits "$waiter" 0
expect_eq "what a bystander got" "$(cat code)" 8

# --- interrupts

# unserved PID: it is killed while there is no worker, and gone with the next one.
unserved()
{
	stop "$daemon"
	worker=$(worker_pid)
	kill -s KILL "$worker"
	gone "$worker"
	kill -s KILL "$1"
	kill -s CONT "$daemon"
	wait_exits "$1" 137
	wait_parked "$2"
}

cat "$G/.wait/died/nobody" &
unserved_cat=$!
cat "$G/.wait/died/somebody" >died &
waiter=$!
wait_parked 2
unserved "$unserved_cat" 1
"$helpers/crowd" 1000 "$G/.wait/died/nobody" &
crowd=$!
wait_parked 1001
unserved "$crowd" 1
# The interrupt has been read by the one that dies, or has not.
round=0
while [ "$round" -lt 8 ]; do
	round=$((round + 1))
	cat "$G/.wait/died/nobody" &
	pid=$!
	wait_parked 2
	kill -s KILL "$pid"
	kill_worker
	wait_exits "$pid" 137
	wait_parked 1
done
echo 0 >"$G/.died/somebody"
wait_exits "$waiter" 0
wait_parked 0
stop_graveyard

# --- what clients have begun

GRAVEYARDFS=$plain
for how in once twice stopped; do
	DB=$T/$how/graveyard.db
	rm -r "$G"
	start_graveyard --linger 1ms
	timeout 60 "$helpers/survive" "$G" "$daemon" "$how" || fail "kills: $how"
	wait_parked 0
	stop_graveyard
done
