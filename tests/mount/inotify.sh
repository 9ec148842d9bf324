#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever happens, and by whomever, watchers of the root, of .born, .ready and .died hear of it,
# after it can be seen: who waits for an event and then looks never waits for ever.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/hears" ] || skip "the helpers are not built"
command -v inotifywait >/dev/null || skip "there is no inotifywait"
BURST=2000

# hears PREFIX COUNT [EVENTS DIRECTORY TEXT]…: in $watcher, once it watches.
hears()
{
	rm -f watching
	mkfifo watching
	"$helpers/hears" "$@" >watching &
	watcher=$!
	exec 7<watching
	read -r _ <&7
}

# has_heard WHAT
has_heard()
{
	rc=0
	wait "$watcher" || rc=$?
	[ "$rc" = 0 ] || fail "$1: not heard"
	read -r events <&7
	exec 7<&-
}

mkdir below "$G/.born" "$G/.ready" "$G/.died"
mount --bind "$G" below
need_hold
start_graveyard --linger 1ms

# --- births, which some look for in .born, and some in the root

born_touch() { touch "$G/.born/$1"; }
born_stone() { : >"$G/$1"; }
born_text() { echo 'Born: "2026-11-21T03:00:00Z"' >"$G/$1"; }
born_held() { exec 8>"$G/.born/$1" && echo >&8; }
born_lease() { exec 8>"$G/.lease/$1"; }
born_ready() { touch "$G/.ready/$1"; }
born_died() { echo 3 >"$G/.died/$1"; }
born_below() { : >"below/$1"; }
born_marker_below() { : >"below/.born/$1"; }

for way in touch stone text held lease ready died below marker_below; do
	hears "b-$way-" 1 c "$G/.born" 'Born: ' cm "$G" 'Born: '
	"born_$way" "b-$way-0"
	has_heard "a birth by $way"
	exec 8>&-
done

# --- readiness

ready_touch() { touch "$G/.ready/$1"; }
ready_text() { echo 'Ready: "2026-11-21T03:00:00Z"' >"$G/$1"; }
ready_held() { exec 8>"$G/.ready/$1" && echo >&8; }
ready_below() { : >"below/.ready/$1"; }

for way in touch text held below; do
	hears "r-$way-" 1 c "$G/.ready" 'Ready: ' cm "$G" 'Ready: '
	"ready_$way" "r-$way-0"
	has_heard "readiness by $way"
	exec 8>&-
done

# --- deaths, of one that was born before or was not

died_touch() { touch "$G/.died/$1"; }
died_redirect() { : >"$G/.died/$1"; }
died_echo() { echo 3 >"$G/.died/$1"; }
died_stone() { echo 3 >"$G/$1"; }
died_held() { exec 8>"$G/.died/$1" && echo 3 >&8; }
died_lease() { : >"$G/.lease/$1"; }
died_lease_code() { echo 3 >"$G/.lease/$1"; }
died_killed() { sh -c 'kill -s KILL $$' 9>"$G/.lease/$1" || :; }
died_below() { echo 3 >"below/$1"; }
died_marker_below() { : >"below/.died/$1"; }

for way in touch redirect echo stone held lease lease_code killed below marker_below; do
	for before in yes no; do
		[ "$before" = no ] || touch "$G/.born/d-$way-$before-0"
		hears "d-$way-$before-" 1 c "$G/.died" 'Died: ' cm "$G" 'Died: '
		"died_$way" "d-$way-$before-0" 2>/dev/null
		has_heard "a death by $way, born before: $before"
		exec 8>&-
	done
done

# --- a rebirth, which takes the name out of .died

for way in touch lease; do
	echo 3 >"$G/.died/again-$way-0"
	hears "again-$way-" 1 d "$G/.died" ''
	"born_$way" "again-$way-0"
	has_heard "a rebirth by $way"
	exec 8>&-
done

# --- what people have

rm watching
mkfifo watching
inotifywait -m --format '%w%f %e' "$G" "$G/.died" >told 2>watching &
inotifywait=$!
timeout 10 grep -q 'Watches established' <watching || fail "inotifywait does not watch"
: >"$G/.lease/tool"
for line in "$G/tool CREATE" "$G/tool MODIFY" "$G/.died/tool CREATE"; do
	timeout 10 sh -c 'tail -n +1 -f told | grep -Fqm1 -e "$1"' sh "$line" ||
		fail "inotifywait -m has not told: $line"
done
kill "$inotifywait"
wait "$inotifywait" 2>/dev/null || :

# kubexit's: a create or modify in the root, and then the stone.
for user in 0 1000; do
	exec 8>"$G/.lease/app-$user"
	mkfifo "kubexit-$user"
	# It shall not hold the lease itself.
	(
		exec 8>&-
		as_user "$user" "$helpers/kubexit_like" depend "$G" "app-$user" >"kubexit-$user"
	) &
	watcher=$!
	exec 7<"kubexit-$user"
	read -r _ <&7
	exec 8>&-
	timeout 10 tail --pid="$watcher" -f /dev/null || fail "kubexit does not act on a lease's end"
	wait_exits "$watcher" 0
	exec 7<&-
done

# --- bursts

# burst PREFIX: every other one by a lease.
burst()
{
	i=0
	while [ "$i" -lt "$BURST" ]; do
		: >"$G/.lease/$1$i"
		: >"$G/.died/$1$((i + 1))"
		i=$((i + 2))
	done
}

# over_burst PREFIX COMMAND…: while it lasts.
over_burst()
{
	prefix=$1
	shift
	hears "$prefix" "$BURST" c "$G/.died" 'Died: ' cm "$G" 'Died: '
	burst "$prefix" &
	bursting=$!
	for at in 200 700 1200; do
		timeout 20 cat "$G/.wait/born/$prefix$at" >/dev/null
		"$@"
	done
	wait_exits "$bursting" 0
	has_heard "a burst, with: $*"
	echo "$BURST deaths, with '$*' in their middle: $events events"
}

over_burst quiet- true
over_burst worker- kill_worker
over_burst herald- kill_herald

# --- the worker is killed while the herald waits for it

# If it were the worker that waits for itself, it could not end. Nobody but the herald looks for a
# name then: whoever holds the lease is a process of its own, and its birth has been told.
mkfifo go
hears trap- 1 c "$G/.born" 'Born: ' cm "$G" 'Born: '
sh -c 'read -r _ <"$1"' sh "$T/go" 9>"$G/.lease/trap-0" &
has_heard "a birth"
wait_parked 0
hears trap- 1 c "$G/.died" 'Died: ' cm "$G" 'Died: '
worker=$(worker_pid)
hold_at "answer 1"
echo >go
await_hold
kill -s KILL "$worker"
tries=500
while [ -e "/proc/$worker" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "a worker that was killed while the herald waits for it is still there"
	sleep 0.01
done
timeout 10 stat "$G/trap-0" >/dev/null || fail "nobody serves after it"
has_heard "what the herald was about to tell"
