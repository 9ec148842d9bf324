# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests of graveyardfs's own processes: $daemon is the keeper, its children are the worker,
# which serves, and the herald. To be read after mount.sh.

# shellcheck disable=SC2154 # daemon, LOG, helpers, GRAVEYARDFS: of mount.sh, or the test's own

# child NAME: prints the pid of the keeper's child of that name; nothing while there is none.
child()
{
	read -r children <"/proc/$daemon/task/$daemon/children" || :
	for pid in $children; do
		read -r _ comm state _ 2>/dev/null <"/proc/$pid/stat" || continue
		case $comm:$state in
		"($1):Z" | "($1):X") ;;
		"($1):"*) echo "$pid" ;;
		esac
	done
}

# await_child NAME [OTHER]: prints it, once there is one that is not OTHER. The kernel has no event
# for that.
await_child()
{
	tries=2000
	found=
	while [ -z "$found" ] || [ "$found" = "${2-}" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "there is no $1"
		sleep 0.01
		found=$(child "$1")
	done
	echo "$found"
}

worker_pid()
{
	await_child gyfs-worker
}

herald_pid()
{
	await_child gyfs-herald
}

# kill_worker: returns once there is another one.
kill_worker()
{
	killed=$(worker_pid)
	kill -s KILL "$killed"
	await_child gyfs-worker "$killed" >/dev/null
}

kill_herald()
{
	killed=$(herald_pid)
	kill -s KILL "$killed"
	await_child gyfs-herald "$killed" >/dev/null
}

# stop PID: until it is stopped, in all its threads.
stop()
{
	kill -s STOP "$1"
	tries=2000
	until ! grep -L '^State:.T' "/proc/$1"/task/*/status | grep -q .; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "process $1 does not stop"
		sleep 0.01
	done
}

# restarts: how many the keeper has told of.
restarts()
{
	grep -c '^level=warning event=restarted process=worker ' "$LOG" || :
}

# gone PID…: until none of them is left; a zombie is gone, but for its parent.
gone()
{
	for process; do
		tries=2000
		while read -r _ _ state _ 2>/dev/null <"/proc/$process/stat" && [ "$state" != Z ]; do
			tries=$((tries - 1))
			[ "$tries" -gt 0 ] || fail "process $process is still there: $state"
			sleep 0.01
		done
	done
}

# need_fault_points: only a build for that has them, so this is a skip that is always allowed.
need_fault_points()
{
	grep -q GRAVEYARDFS_DIE_AT "$GRAVEYARDFS" || {
		echo "skipped: built without -Dfault_points=true" >&2
		exit 77
	}
}

# --- where the worker dies, placed by helpers/hold.c, which is preloaded

# need_hold: from now on the worker looks for orders in $HOLD.
need_hold()
{
	[ -e "$helpers/hold.so" ] || skip "the helpers are not built"
	ldd "$GRAVEYARDFS" 2>&1 | grep -q libsqlite3 ||
		skip "nothing can be preloaded to a static executable"
	HOLD=$T/hold
	# The sanitizer wants to be first.
	preload="$(ldd "$GRAVEYARDFS" | awk '/libasan/ { print $3 }') $helpers/hold.so"
	cat >"$T/held-daemon" <<-END
		#!/bin/sh
		LD_PRELOAD='$preload' HOLD='$HOLD' exec '$GRAVEYARDFS' "\$@"
	END
	chmod +x "$T/held-daemon"
	GRAVEYARDFS=$T/held-daemon
}

# hold_at ORDER: see helpers/hold.c.
hold_at()
{
	rm -f "$HOLD.held"
	echo "$*" >"$HOLD.new"
	mv "$HOLD.new" "$HOLD"
}

# await_hold: until the worker is there.
await_hold()
{
	tries=2000
	until [ -e "$HOLD.held" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "the worker does not come to: $(cat "$HOLD")"
		sleep 0.01
	done
	rm "$HOLD"
}

# kill_held: the worker that is held there; another one goes on.
kill_held()
{
	await_hold
	kill_worker
}
