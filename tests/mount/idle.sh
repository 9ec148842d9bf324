#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who has nothing to do does nothing: not a single system call. A thread that makes one, or ends one, has to run
# first, and the kernel counts how often each thread has run (the third number in its schedstat).
set -eu
OWN_NETWORK=1
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/ports.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/tcp" ] || skip "the helpers are not built"
[ -e /proc/self/schedstat ] || skip_kernel schedstat

runs()
{
	for comm in /proc/[0-9]*/task/*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		case $name in
		graveyardfs | gyfs-*) cat "${comm%comm}schedstat" ;;
		esac
	done | awk '{ print $1, $3 }' | paste -sd ,
}

# asleep: all of them are.
asleep()
{
	for comm in /proc/[0-9]*/task/*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		case $name in
		graveyardfs | gyfs-*) grep -q '^State:.S' "${comm%comm}status" || return 1 ;;
		esac
	done
}

# settle: until what was begun is over, of which nobody tells: who has been asked has still its own things to do after
# the answer, and who is seen by its name those before its first sleep.
settle()
{
	tries=200
	before=
	until asleep && seen=$(runs) && [ "$seen" = "$before" ]; do
		before=${seen-}
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "they do not come to rest $1"
		sleep 0.1
	done
}

# idle SECONDS WHEN
idle()
{
	settle "$2"
	[ -n "$before" ] || fail "no process of that name"
	sleep "$1"
	expect_eq "runs (ns, times) of each thread in $1 s, $2" "$(runs)" "$before"
}

start_graveyard
need_socket_lists
herald_pid >/dev/null
idle 3 "after the start"

# Activity of every kind; whoever waits has no deadline, or had one and has gone.
touch "$G/.born/a" "$G/.ready/a"
echo 1 >"$G/.died/a"
cat "$G/.status" "$G/.metrics" "$G/.log" "$G/.wait/died/a" >/dev/null
ls -lR "$G" >/dev/null
rm "$G/a"
expect_fails cat "$G/.wait/died/b@20ms"
cat "$G/.wait/died/b@1h" >/dev/null &
pid=$!
for wait in born/b died/b exitcode/b,c ready/b+c succeeded/b@next; do
	cat "$G/.wait/$wait" >/dev/null 2>&1 &
done
cat "$G/.events@now" >/dev/null 2>&1 &
wait_parked 7
kill "$pid"
wait_exits "$pid" 143
wait_parked 6

# Who waited for a port has gone: nobody looks any more.
tcp server serve 127.0.0.1 80
tcp client client 127.0.0.1 80
for port in listening/81 drained/80; do
	park waiter "$port"
	wait_parked 7
	# shellcheck disable=SC2154 # park sets it
	pkill -P "$pid_waiter" cat
	wait_exits "$pid_waiter" 143
	refused "$port@20ms" 'Connection timed out'
	expect_fails dd "if=$G/.wait/$port" iflag=nonblock status=none
done
wait_parked 6
sleep 1
idle 10 "with waits parked"

# The kernel tells when its client has gone. (Once, soon after it began, it was looked whether that was so already.)
park waiter drained/80:100ms
wait_parked 7
sleep 1
idle 5 "with a wait for a port that has a client"
ends client
gets waiter 80
