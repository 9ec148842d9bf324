#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of everybody when graveyardfs's own processes are killed: nothing, where it is the
# worker; where it is the keeper, an error at once, and a place that can be served again. Replaced,
# too, and as pid 1.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/crowd" ] || skip "the helpers are not built"
plain=$GRAVEYARDFS

# uptime in hundredths of a second
now()
{
	sed 's/ .*//; s/\.//' /proc/uptime
}

# parked WHAT: a read of .wait/WHAT, in $waiter.
parked()
{
	cat "$G/.wait/$1" >got 2>failed &
	waiter=$!
	wait_parked "${2-1}"
}

# waiter_fails: as one whose mount is gone.
waiter_fails()
{
	wait_exits "$waiter" 1
	grep -Eq 'abort|not connected' failed || fail "a waiter was told: $(cat failed)"
}

# Who was started meanwhile may be on the way out, and a zombie is reaped at any moment.
nothing_left()
{
	gone "$@"
	for comm in /proc/[0-9]*/comm; do
		case $(cat "$comm" 2>/dev/null) in
		gyfs-* | graveyardfs)
			process=${comm#/proc/}
			gone "${process%/comm}"
			;;
		esac
	done
}

# serves CODE: what was acknowledged is there, and more is taken.
serves()
{
	expect_eq "an acknowledged code" "$(timeout 10 cat "$G/.exitcode/acknowledged")" 5
	timeout 10 sh -c 'echo 6 >"$1"' sh "$G/.died/later"
	expect_eq "a later code" "$(timeout 10 cat "$G/.wait/exitcode/later")" 6
	timeout 10 rm "$G/later"
}

# Hundredths of a second. It is a hundred on a machine with nothing else to do; what is to be found here is a wait for
# something that does not come.
PROMPT=1000

worker_died='event=restarted process=worker '

# logged ERE: how many such lines there are, from all that were started so far.
logged()
{
	grep -Ec -e "$1" "$LOG" || :
}

# wait_logged N ERE: until there are so many.
wait_logged()
{
	tries=2000
	until [ "$(logged "$2")" -ge "$1" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "not logged $1 times: $2"
		sleep 0.01
	done
}

# --- the worker, in front of 10,000

start_graveyard
echo 5 >"$G/.died/acknowledged"
"$helpers/crowd" 10000 "$G/.wait/died/one" >got &
crowd=$!
wait_parked 10000
for kill in 1 2 3; do
	begun=$(now)
	kill_worker
	timeout 10 stat "$G/acknowledged" >/dev/null
	served=$(now)
	wait_parked 10000
	echo "10,000 parked reads: serves again after $((served - begun))0 ms, all parked after $(($(now) - begun))0 ms"
	wait_log "^level=warning event=restarted process=worker signal=KILL restarts=$kill$"
	expect_eq "restarts that the log tells of" "$(restarts)" "$kill"
done
expect_eq "readers woken before the death" "$(cat got)" ""
echo 3 >"$G/.died/one"
wait_exits "$crowd" 0
expect_eq "readers" "$(cut -d ' ' -f 1-2 got)" "10000 ok"
wait_parked 0
serves
# Whoever is killed comes again, or is not needed.
kill_herald
serves
parked died/nobody

# --- the keeper

worker=$(worker_pid)
herald=$(herald_pid)
begun=$(now)
kill -s KILL "$daemon"
waiter_fails
took=$(($(now) - begun))
echo "the keeper was killed: its waiter failed after ${took}0 ms"
[ "$took" -lt "$PROMPT" ] || fail "a waiter was told after ${took}0 ms that all is over"
wait_graveyard 2>/dev/null
nothing_left "$worker" "$herald"

# All three at once, and in front of many.
start_graveyard
serves
"$helpers/crowd" 1000 "$G/.wait/died/nobody" >got &
crowd=$!
wait_parked 1000
worker=$(worker_pid)
herald=$(herald_pid)
begun=$(now)
kill -s KILL "$herald" "$worker" "$daemon"
wait "$crowd" || :
took=$(($(now) - begun))
[ "$took" -lt "$PROMPT" ] || fail "waiters were told after ${took}0 ms that all is over"
expect_eq "how many readers have read" "$(grep -c ok got || :)" 0
wait_graveyard 2>/dev/null
nothing_left "$worker" "$herald"

# A worker that is stopped goes with its keeper, too; so does what it left unread.
start_graveyard
serves
parked died/nobody
worker=$(worker_pid)
herald=$(herald_pid)
stop "$worker"
cat "$G/acknowledged" >unread 2>&1 &
unread=$!
until [ "$(requests_waiting)" -gt 1 ]; do
	:
done
kill -s KILL "$daemon"
waiter_fails
wait_exits "$unread" 1
wait_graveyard 2>/dev/null
nothing_left "$worker" "$herald"
start_graveyard
serves
stop_graveyard

# --- a kernel that cannot resend

# mounted_again: has been told of, and $connection is that of the new mount. Of an earlier one it may have been told
# as well, and between two mounts there are the stones that were left, but not this.
mounted_again()
{
	wait_log event=mounted-again
	tries=1000
	until timeout 10 stat "$G/.help" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "it does not serve again"
		sleep 0.01
	done
	connection=$(mount_device "$G")
}

export GRAVEYARDFS_WITHOUT=resend
start_graveyard --linger 1ms
mkfifo go holds
# Open for both: a reader that comes while the last writer still has it meets no end of the file.
exec 6<>holds
sh -c 'echo >"$1"; read -r _ <"$2"' sh "$T/holds" "$T/go" 9>"$G/.lease/leased" &
holder=$!
read -r _ <&6
parked died/nobody
begun=$(now)
kill_worker
waiter_fails
took=$(($(now) - begun))
[ "$took" -lt "$PROMPT" ] || fail "a waiter was told after ${took}0 ms that there is another mount"
mounted_again
serves
# As after any other loss of the mount: who can be shown alive is.
[ -e "$G/.alive/leased" ] || fail "somebody who lives is dead"
cat "$G/.wait/died/leased" >got &
waiter=$!
echo >go
wait_exits "$holder" 0
wait_exits "$waiter" 0
# As often as it happens.
kill_worker
mounted_again
serves
stop_graveyard
unset GRAVEYARDFS_WITHOUT

# --- the first worker, while it has the first request

need_hold
before=$(restarts)
mounts=$(logged event=mounted-again)
hold_at start
start_graveyard --linger 1ms
wait_logged $((before + 1)) "$worker_died"
rm "$HOLD"
timeout 20 stat "$G/acknowledged" >/dev/null || fail "nobody answers what the first worker was asked"
serves
expect_eq "mounts given up for want of the first answer" "$(logged event=mounted-again)" "$mounts"

# --- a worker that cannot be brought up

parked died/nobody
hold_at start
kill -s KILL "$(worker_pid)"
timeout 60 tail --pid="$waiter" -f /dev/null || fail "a waiter hangs for want of a worker"
waiter_fails
rm "$HOLD"
mounted_again
serves

# Whoever is to end anyway does not try for as long.
parked died/nobody
before=$(restarts)
hold_at start
kill -s KILL "$(worker_pid)"
wait_logged $((before + 2)) "$worker_died"
begun=$(now)
kill -s TERM "$daemon"
wait_graveyard
took=$(($(now) - begun))
echo "told to end while no worker comes up: ended after ${took}0 ms"
[ "$took" -lt 6000 ] || fail "it has ended ${took}0 ms after it was told to"
expect_eq "exit status without a worker" "$rc" 111
expect_eq "device still mounted" "$(mount_device "$G")" ""
waiter_fails
rm "$HOLD"
GRAVEYARDFS=$plain

# --- another binary

mkdir bin
cp "$plain" bin/graveyardfs
GRAVEYARDFS=$T/bin/graveyardfs
start_graveyard --linger 1ms
sh -c 'echo >"$1"; read -r _ <"$2"' sh "$T/holds" "$T/go" 9>"$G/.lease/upgraded" &
holder=$!
read -r _ <&6
parked exitcode/upgraded
old=$(worker_pid)
cp "$plain" bin/new
mv bin/new bin/graveyardfs
kill -s USR2 "$daemon"
await_child gyfs-worker "$old" >new
gone "$old"
expect_eq "the worker's binary" "$(stat -Lc %i "/proc/$(cat new)/exe")" "$(stat -c %i bin/graveyardfs)"
wait_parked 1
serves
expect_eq "what it still holds" "$(ls "$G/.lease")" upgraded
# And it can be killed as the first one could.
kill_worker
wait_parked 1
echo >go
wait_exits "$holder" 0
wait "$waiter" || :
[ -e "$G/.died/upgraded" ] || fail "a lease was lost with the old worker"

# One that does not come up: the old one goes on, however long the worker had lived.
# not_taken AGE: in seconds, when the signal comes.
not_taken()
{
	start_graveyard --linger 1ms
	sh -c 'echo >"$1"; read -r _ <"$2"' sh "$T/holds" "$T/go" 9>"$G/.lease/kept-$1" &
	holder=$!
	read -r _ <&6
	parked died/kept-"$1"
	old=$(worker_pid)
	binary=$(stat -Lc %i "/proc/$old/exe")
	refused=$(logged 'cannot take over')
	# Time passes: there is no event for that.
	sleep "$1"
	cp /bin/false bin/new
	mv bin/new bin/graveyardfs
	kill -s USR2 "$daemon"
	wait_logged $((refused + 1)) 'cannot take over: the program as it was goes on'
	gone "$old"
	wait_parked 1
	serves
	expect_eq "the worker's binary" "$(stat -Lc %i "/proc/$(worker_pid)/exe")" "$binary"
	expect_eq "what it still holds" "$(ls "$G/.lease")" "kept-$1"
	[ -e "$G/.alive/kept-$1" ] || fail "a holder has died with a newer program"
	echo >go
	wait_exits "$holder" 0
	wait_exits "$waiter" 0
	stop_graveyard
	cp "$plain" bin/new
	mv bin/new bin/graveyardfs
}
stop_graveyard
not_taken 0
not_taken 1.2

# --- as pid 1 of a container, where a mount propagates to the others

cat >contained <<END
#!/bin/sh
exec unshare -pfm --propagation unchanged --kill-child --mount-proc '$plain' "\$@"
END
chmod +x contained
GRAVEYARDFS=$T/contained
mount --make-shared "$T"
start_graveyard --linger 1ms
container=$daemon
read -r daemon _ <"/proc/$container/task/$container/children" || :
serves
kill_worker
serves

# Whom nobody else reaps.
mkfifo end
nsenter -t "$daemon" -p sh -c 'cat "$1" & echo orphan >"$2"' sh "$T/end" "$T/holds" >/dev/null &
read -r _ <&6
tries=2000
orphan=
until [ -n "$orphan" ]; do
	orphan=$(child cat)
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "there is no orphan"
	sleep 0.01
done
: >end
until [ ! -e "/proc/$orphan" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "an orphan is not reaped"
	sleep 0.01
done
serves

# Whose pid it cannot see: a death all the same, of which nobody knows the code.
sh -c 'exit 7' 9>"$G/.lease/outsider" || :
timeout 10 cat "$G/.wait/died/outsider" >got
expect_fails timeout 10 cat "$G/.wait/exitcode/outsider"
grep -q 'No data' "$T/said" || fail "the code of somebody unseen: $(cat "$T/said")"
kill -s TERM "$daemon"
daemon=$container
wait_graveyard
expect_eq "exit status as pid 1" "$rc" 0
expect_eq "device still mounted" "$(mount_device "$G")" ""
