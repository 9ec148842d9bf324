#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --read-only-at: the same graveyard a second time, read-only, in whichever mount namespace; there as long as
# the first is, and no longer. All of it once more as on a kernel without mount_setattr(2).
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
expected_log="the worker does not end"
R=$T/ro/view

echo 1 >one

# What is mounted here propagates, as from a sidecar with Bidirectional.
mount --make-shared "$T"

# sibling: a mount namespace that gets mounts from here, as with HostToContainer; $sibling is a process in it.
sibling()
{
	mkfifo "$T/ready"
	unshare -m --propagation slave sh -c 'echo >"$1"; exec sleep inf' sh "$T/ready" &
	sibling=$!
	read -r _ <"$T/ready"
	rm "$T/ready"
}

# within SIBLING COMMAND…
within()
{
	where=$1
	shift
	nsenter -t "$where" -m -- timeout 20 "$@"
}

# refuses SIBLING COMMAND…: because it is read-only there.
refuses()
{
	expect_fails within "$@"
	grep -q 'Read-only' "$T/said" || fail "$*: said '$(cat "$T/said")'"
}

# is_read_only SIBLING: to root, and by whatever path.
is_read_only()
{
	refuses "$1" touch "$R/.born/x"
	refuses "$1" touch "$R/a"
	refuses "$1" cp "$T/one" "$R/.died/a"
	refuses "$1" cp "$T/one" "$R/.lease/a"
	refuses "$1" cp "$T/one" "$R/x"
	refuses "$1" rm "$R/a"
	refuses "$1" chown 5 "$R/a"
	refuses "$1" mkdir "$R/x"
}

# shows SIBLING: what was written a moment ago, and what is to come.
shows()
{
	echo "$((code += 1))" >"$G/.died/code-$code"
	expect_eq "a code" "$(within "$1" cat "$R/.exitcode/code-$code")" "$code"
	expect_eq "a code that is waited for" "$(within "$1" cat "$R/.wait/exitcode/code-$code")" "$code"
	within "$1" cat "$R/.wait/died/awaited-$code" >got &
	waiter=$!
	wait_parked 1
	echo 3 >"$G/.died/awaited-$code"
	wait_exits "$waiter" 0
	grep -q 'ExitCode: 3' got || fail "a waiter was told: $(cat got)"
}
code=0

# announces SIBLING: to those who watch there by inotify.
announces()
{
	mkfifo "$T/watching"
	within "$1" inotifywait -m -e create --format %f "$R/.died" >seen 2>"$T/watching" &
	watcher=$!
	grep -qm1 'Watches established' <"$T/watching"
	echo 1 >"$G/.died/watched"
	timeout 20 sh -c 'tail -n +1 -f seen | grep -qm1 watched' || fail "nothing was announced: $(cat seen)"
	kill -s TERM "$watcher"
	wait "$watcher" || :
	rm "$T/watching" "$G/watched"
}

nothing_mounted()
{
	for path in "$G" "$R"; do
		expect_eq "device still mounted at $path" "$(mount_device "$path")" ""
		expect_eq "device still mounted at $path in a sibling" \
			"$(nsenter -t "$early" -m cat /proc/self/mountinfo |
				awk -v at="$path" '$5 == at { print $3 }')" ""
	done
}

# ends_with STATUS: by itself, and leaves nothing.
ends_with()
{
	wait_graveyard
	expect_eq "exit status" "$rc" "$1"
	nothing_mounted
}

# umount_busy PATH: the herald may be in it for a moment.
umount_busy()
{
	tries=500
	until umount "$1" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$1 cannot be unmounted"
		sleep 0.01
	done
}

unmounted=0

# all_of_it DATABASE
all_of_it()
{
	DB=$T/$1/graveyard.db
	find "$G" -type f -delete
	# Whoever was there before, and whoever comes later.
	start_graveyard --read-only-at "$R" --linger 1ms
	echo 7 >"$G/.died/a"
	sibling
	late=$sibling
	for where in "$$" "$early" "$late"; do
		is_read_only "$where"
		shows "$where"
	done
	announces "$early"
	expect_eq "what is there" "$(ls "$R")" "$(ls "$G")"
	# In the first one all can be done, also in front of the siblings.
	within "$early" touch "$G/.born/b"
	expect_eq "what a sibling wrote" "$(within "$late" ls "$R/.alive")" b
	kill_worker
	is_read_only "$early"
	shows "$late"
	kill "$late"
	wait "$late" || :
	kill -s TERM "$daemon"
	ends_with 0
	[ -f "$G/a" ] || fail "no stone was left"
	[ -z "$(ls -A "$R")" ] || fail "something was left in the second place: $(ls -A "$R")"

	# Twice told (not twice the same, of which the kernel may keep one); and with a file open in there.
	start_graveyard --read-only-at "$R" --linger 1h
	touch "$G/.born/alive"
	within "$early" cat "$R/.wait/died/alive" >got 2>&1 &
	waiter=$!
	wait_parked 1
	kill -s TERM "$daemon"
	wait_parked 1
	kill -s INT "$daemon"
	ends_with 0
	wait_exits "$waiter" 1
	grep -q 'canceled' got || fail "a waiter was told: $(cat got)"

	# A worker that hangs.
	start_graveyard --read-only-at "$R" --linger 1ms
	stop "$(worker_pid)"
	kill -s TERM "$daemon"
	ends_with 111

	# The first is unmounted by somebody else: the second does not keep the connection.
	start_graveyard --read-only-at "$R"
	shows "$early"
	umount_busy "$G"
	ends_with 0
	[ -f "$G/a" ] || fail "no stone was left"
	start_graveyard --read-only-at "$R"
	umount -l "$G"
	ends_with 0

	# The second is: the first goes on. Whoever mounts there then keeps his mount.
	start_graveyard --read-only-at "$R" --linger 1ms
	umount "$R"
	wait_log "^level=warning msg=.'$R' was unmounted by somebody else" "$((unmounted += 1))"
	echo 9 >"$G/.died/on"
	expect_eq "the code" "$(cat "$G/.exitcode/on")" 9
	mount -t tmpfs tmpfs "$R"
	kill -s TERM "$daemon"
	wait_graveyard
	expect_eq "exit status" "$rc" 0
	mountpoint -q "$R" || fail "somebody else's mount was taken down"
	umount "$R"
	nothing_mounted

	# Mounts that come and go elsewhere are nothing to it.
	start_graveyard --read-only-at "$R" --linger 1ms
	mount -t tmpfs tmpfs "$T/elsewhere"
	umount "$T/elsewhere"
	shows "$early"

	# The connection is aborted.
	within "$early" cat "$R/.wait/died/nobody" >got 2>&1 &
	waiter=$!
	wait_parked 1
	echo 1 >"/sys/fs/fuse/connections/$connection/abort"
	ends_with 0
	wait_exits "$waiter" 1

	# SIGKILL of all of it, and a new start.
	start_graveyard --read-only-at "$R" --linger 1ms
	kill -s KILL "$(herald_pid)" "$(worker_pid)" "$daemon"
	wait_graveyard 2>/dev/null
	expect_fails within "$early" ls "$R"
	[ -n "$(mount_device "$R")" ] || fail "SIGKILL left no mount, so this tests nothing"
	start_graveyard --read-only-at "$R" --linger 1ms
	shows "$early"
	is_read_only "$early"
	stop_graveyard
	nothing_mounted
}

mkdir "$T/elsewhere"
sibling
early=$sibling
all_of_it new
[ "$(stat -c %a "$R")" = 755 ] || fail "others may write where nothing is taken in"

# The kernel cannot resend: both are mounted again.
export GRAVEYARDFS_WITHOUT=resend
start_graveyard --read-only-at "$R" --linger 1ms
kill_worker
wait_log event=mounted-again
tries=1000
until timeout 10 stat "$G/a" "$R/a" >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "it does not serve again"
	sleep 0.01
done
connection=$(mount_device "$G")
is_read_only "$early"
shows "$early"
stop_graveyard
nothing_mounted

# --- an older kernel
export GRAVEYARDFS_WITHOUT=mount-setattr
all_of_it older
unset GRAVEYARDFS_WITHOUT

# --- a private copy has one, too
cp "$DB" copy.db
DB=$T/copy.db
start_graveyard --read-only --read-only-at "$R" --linger 1ms
expect_eq "the code" "$(within "$early" cat "$R/.exitcode/a")" 7
stop_graveyard
nothing_mounted

# --- places that will not do
ln -s g link
for place in "$G" "$G/" "$G/inside" "$T" "$T/link" "$T/link/inside"; do
	rc=0
	timeout 20 "$GRAVEYARDFS" --db "$T/other.db" --read-only-at "$place" "$G" >said 2>&1 || rc=$?
	expect_eq "exit status with $place" "$rc" 111
	grep -q "neither may lie in the other" said || fail "$place: said '$(cat said)'"
	nothing_mounted
done
start_graveyard --linger 1ms
rc=0
timeout 20 "$GRAVEYARDFS" --db "$T/other.db" --read-only-at "$G" "$T/another" >said 2>&1 || rc=$?
expect_eq "exit status where one is served" "$rc" 111
grep -q 'is a graveyard already' said || fail "said '$(cat said)'"
stop_graveyard
kill "$early"
