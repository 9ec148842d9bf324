#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ports: a graveyardfs tells of those where it runs, and bury waits for its word; elsewhere bury looks at its own.
set -eu
OWN_NETWORK=1
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/ports.sh"
. "$(dirname "$0")/../lib/bury.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/tcp" ] || skip "the helpers are not built"

# waits_elsewhere OPTION…: bury, in a network of its own, where nobody listens.
waits_elsewhere()
{
	unshare -n "$BURY" --graveyard "$Y" "$@" 2>"$T/bury.log" &
	waiter=$!
}

# parks_at FILE: until bury has that open.
parks_at()
{
	until find "/proc/$waiter/fd" -lname "*/$1" 2>/dev/null | grep -q .; do
		kill -s 0 "$waiter" || fail "$kind: it does not wait"
	done
}

kind=served
Y=$G
start_graveyard
need_socket_lists
waits_elsewhere --after listening:80+born:a -- sh -c 'exit 3'
parks_at .wait/listening/80
touch "$G/.born/a"
tcp server serve 127.0.0.1 80
wait_exits "$waiter" 3
ends server
waits_elsewhere --until listening:80 -- sleep 1000
parks_at .wait/listening/80
tcp server serve 127.0.0.1 80
wait_exits "$waiter" 143

kind=plain
Y=$T/y
mkdir "$Y"
expect_bury 0 --after listening:80 -- true
status=0
unshare -n "$BURY" --quiet --graveyard "$Y" --after listening:80 --after-timeout 10ms -- true || status=$?
expect_eq "exit status where nobody listens" "$status" 1
# By what the kernel tells in /proc, and without that.
GRAVEYARDFS_WITHOUT=sock-diag expect_bury 0 --after listening:80 -- true
GRAVEYARDFS_WITHOUT=sock-diag expect_bury 1 --after listening:81 --after-timeout 10ms -- true
if ! ldd "$BURY" >/dev/null 2>&1; then
	mkdir -p root/graveyard
	cp "$BURY" root/bury
	chroot root /bury --quiet --after listening:80 -- /bury --version >version
	grep -q '^bury ' version || fail "does not know of a port without /proc"
fi
ends server
