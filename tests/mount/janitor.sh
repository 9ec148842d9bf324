#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --janitor: in the end it unmounts what is left, whoever left it and however; also from another mount
# namespace, and as process 1.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

# start_janitor [COMMAND…] -- DIR…: returns once it sleeps; $janitor. It may be run by a command.
start_janitor()
{
	rm -f "$T/janitor"
	mkfifo "$T/janitor"
	run=
	while [ "$1" != -- ]; do
		run="$run $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	$run "$GRAVEYARDFS" --janitor "$@" 2>"$T/janitor" &
	janitor=$!
	exec 5<"$T/janitor"
	grep -qm1 '^level=info msg="sleeping until SIGTERM' <&5 || fail "the janitor does not sleep"
}

# end_janitor [SIGNAL]: with success, and soon: kubelet may leave it no more than two seconds.
end_janitor()
{
	kill -s "${1-TERM}" "$janitor"
	timeout 20 tail --pid="$janitor" -f /dev/null || fail "the janitor hangs"
	wait_exits "$janitor" 0
	expect_eq "what it has said" "$(grep -v '^level=info msg="unmounted' <&5)" ""
	exec 5<&-
}

nothing_mounted()
{
	for path; do
		expect_eq "device still mounted at $path" "$(mount_device "$path")" ""
	done
}

# kill_all: keeper, worker and herald, at once, with SIGKILL; a dead mount is left.
kill_all()
{
	kill -s KILL "$(herald_pid)" "$(worker_pid)" "$daemon"
	wait_graveyard 2>/dev/null
	[ -n "$(mount_device "$G")" ] || fail "SIGKILL left no mount, so this tests nothing"
}

# --- nothing there, and no such directory
start_janitor -- "$T/none" "$G" "$T/none/at/all/"
end_janitor
start_janitor -- "$G"
end_janitor INT
[ ! -e "$T/none" ] || fail "a janitor has made a directory"

# --- what is no FUSE mount is none of its business
mkdir foreign
mount -t tmpfs tmpfs foreign
start_janitor -- "$T/foreign" "$G"
end_janitor
mountpoint -q foreign || fail "it has unmounted what is nobody's"

# --- the whole graveyardfs killed; by relative path, with slashes, through a link
ln -s g link
for path in "$G" g "$G//" link; do
	start_janitor -- "$path"
	start_graveyard
	kill_all
	end_janitor
	nothing_mounted "$G"
done

# Several layers, and several places.
mkdir second
start_janitor -- "$G" "$T/second"
for _ in 1 2 3; do
	start_graveyard --linger 1ms
	kill_all
	mount --move "$G" "$T/second"
done
start_graveyard
kill_all
end_janitor
nothing_mounted "$G" "$T/second"

# --- one that is live, and one that hangs: it asks neither
start_graveyard
touch "$G/.born/alive"
start_janitor -- "$G"
end_janitor
nothing_mounted "$G"
wait_graveyard
expect_eq "exit status of one that was unmounted" "$rc" 0
[ -f "$G/alive" ] || fail "nothing was left when it was unmounted"

start_graveyard
stop "$(worker_pid)"
start_janitor -- "$G/"
end_janitor
nothing_mounted "$G"
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null

# --- somebody else's FUSE mount whose server is gone; one that is not goes on
exec 7<>/dev/fuse
mount -i -t fuse.other -o fd=7,rootmode=40000,user_id=0,group_id=0 other "$T/second"
start_janitor -- "$T/second"
kill -s TERM "$janitor"
wait_exits "$janitor" 0
[ -n "$(mount_device "$T/second")" ] || fail "it has unmounted what is somebody else's"
exec 5<&- 7<&-
start_janitor -- "$T/second"
end_janitor
nothing_mounted "$T/second"

# --- in a mount namespace of its own, where mounts come and go both ways; as process 1
mount --make-shared "$T"
start_janitor unshare -m --propagation unchanged -- "$G"
start_graveyard
kill_all
end_janitor
nothing_mounted "$G"

start_janitor unshare -pfm --propagation unchanged --kill-child --mount-proc -- "$G"
container=$janitor
read -r janitor _ <"/proc/$container/task/$container/children" || :
start_graveyard
kill_all
# Whom nobody else reaps.
mkfifo end orphaned
exec 6<>orphaned
nsenter -t "$janitor" -p sh -c 'cat "$1" & echo orphan >"$2"' sh "$T/end" "$T/orphaned" >/dev/null
read -r _ <&6
# It may be some time before it has become a cat.
tries=2000
until orphan=$(pgrep -P "$janitor" cat); do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "there is no orphan"
	sleep 0.01
done
: >end
gone "$orphan"
tries=2000
while [ -e "/proc/$orphan" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "an orphan is not reaped"
	sleep 0.01
done
kill -s TERM "$janitor"
wait_exits "$container" 0
nothing_mounted "$G"
