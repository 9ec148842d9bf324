#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the herald makes watchers hear of each thing that happens, and no more than that; and what it cannot do: fail
# to tell because somebody was killed, take what is there for the mount, or be busy in it.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
command -v inotifywait >/dev/null || skip "needs inotifywait"

# watch DIRECTORY…: all that inotify tells of these goes to the file "heard".
watch()
{
	: >heard
	: >said
	(cd "$G" && exec inotifywait -m --format '%w%f %e' "$@" >>"$T/heard" 2>>"$T/said") &
	watcher=$!
	timeout 10 sh -c 'tail -n +1 -f said | grep -qm1 established' || fail "does not watch"
}

unwatch()
{
	kill "$watcher"
	wait "$watcher" || :
}

# The herald goes in the order of events: all that was to be heard has been, once a name is that was born later.
fence=0
await_heard()
{
	fence=$((fence + 1))
	touch "$G/.born/fence$fence"
	timeout 20 sh -c 'tail -n +1 -f heard | grep -qm1 "^\./fence$1 CREATE$"' sh "$fence" ||
		fail "nothing more is heard"
}

# expect_heard WHAT WANT [WRITTEN]: since the last time, but for what the kernel tells of a file that was written to.
expect_heard()
{
	await_heard
	expect_eq "heard of $1" "$(sed "/fence/d; s|^\./||; /^${3:-.fence} /d" heard | paste -sd ,)" "$2"
	: >heard
}

start_graveyard --log-level debug

# What is done in a directory that is not watched: all that is heard is the herald's.
watch ./ ./.ready ./.died ./.alive ./.exitcode
touch "$G/.born/a"
expect_heard "a birth" "a CREATE"
touch "$G/.born/b" "$G/.born/c" "$G/.born/b"
expect_heard "two births" "b CREATE,c CREATE"
unwatch
watch ./ ./.died ./.alive ./.exitcode
touch "$G/.ready/a"
expect_heard "readiness" "a MODIFY"
unwatch
watch ./ ./.ready ./.alive ./.exitcode
touch "$G/.died/a"
expect_heard "a death" "a MODIFY,.ready/a DELETE"
echo 3 >"$G/.died/a"
expect_heard "a code" "a MODIFY"
echo 3 >"$G/.died/a"
expect_heard "what is known" ""
unwatch
watch ./ ./.died
touch "$G/.born/a"
expect_heard "a rebirth" "a MODIFY,.died/a DELETE"
unwatch

# By a write to NAME.
watch ./ ./.ready ./.died
echo 'Ready: "2026-11-21T03:00:00Z"' >"$G/b"
expect_heard "readiness, told in NAME" ".ready/b CREATE" b
echo 'ExitCode: 0' >"$G/b"
expect_heard "a death, told in NAME" ".ready/b DELETE,.died/b CREATE" b
echo 'Epitaph: why' >"$G/b"
expect_heard "an epitaph" ".died/b MODIFY" b

# Of a removal the kernel tells, and nobody hears of the name after that.
stop "$(herald_pid)"
rm "$G/b"
touch "$G/.ready/d" "$G/.died/d"
rm "$G/d"
kill -s CONT "$(herald_pid)"
await_heard
expect_eq "heard of removals" "$(grep '^\./[bd] ' heard | paste -sd ,)" "./b DELETE,./d DELETE"
: >heard
touch "$G/.born/b"
expect_heard "a birth after it" "b CREATE"

# Nothing has changed by all this, and others may not do likewise.
expect_eq "events of a" "$(awk '$3 == "a" { print $5 }' "$G/.log" | paste -sd ' ')" \
	"born ready died exitcode born"
for file in a d .born/a .born/d .died/a; do
	expect_fails mknod "$G/$file" p
done
expect_fails rm -f "$G/.born/a"
expect_fails rm "$G/.died/a"
[ -e "$G/.born/a" ] || fail "a is hidden from everybody"

# Only what it needs to come to the mount, and nothing to be had again.
status=/proc/$(herald_pid)/status
expect_eq "the herald's capabilities" \
	"$(awk '/^Cap(Inh|Prm|Eff|Amb)|^NoNewPrivs/ { sub("^0*", "", $2); print $2 }' "$status" | paste -sd ' ')" \
	" 4 4  1"

# A creator is told of its own before the commit, and once more after it; that is all.
exec 9>"$G/e"
sleep 0.1
exec 9>&-
await_heard
expect_eq "heard of a creation" "$(grep '^\./e ' heard | paste -sd ,)" \
	"./e CREATE,./e OPEN,./e CLOSE_WRITE,CLOSE,./e CREATE"

# Killed while it announces something, it announces that again.
: >heard
stop "$(herald_pid)"
touch "$G/.born/m"
stat "$G/m" >/dev/null
worker=$(worker_pid)
stop "$worker"
herald=$(herald_pid)
kill -s CONT "$herald"
tries=2000
while [ "$(requests_waiting)" = 0 ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "the herald asks for nothing"
	sleep 0.01
done
kill_herald
kill -s CONT "$worker"
await_heard
expect_eq "heard of what was being announced" "$(grep '^\./m ' heard | sort -u)" "./m CREATE"

# It is slow, and then killed in the middle: everything is heard, and nobody has waited.
: >heard
stop "$(herald_pid)"
for i in $(seq 2000); do
	: >"$G/.born/n$i"
done
kill_worker
kill_herald
await_heard
expect_eq "names heard of" "$(grep -c '^\./n[0-9]* CREATE$' heard)" 2000

# A burst is heard of, though not of each in it.
: >heard
stop "$(herald_pid)"
for i in $(seq 500); do
	touch "$G/.died/a" "$G/.born/a"
done
kill -s CONT "$(herald_pid)"
await_heard
last=$(grep '^\./\.died/a [CD]' heard | tail -n 1)
expect_eq "heard last of a burst" "$last" "./.died/a DELETE"
expect_eq "modifications of a that were heard" \
	"$(grep -c '^\./a MODIFY$' heard | awk '{ print ($1 > 0 && $1 < 1000) }')" 1
unwatch

# When it has nothing to announce, the mount is not busy with it; when it is not mounted any more, what is there now
# is left alone.
cat "$G/.wait/died/never" 2>/dev/null &
waiter=$!
wait_parked 1
stop "$(herald_pid)"
exec 9>"$G/.died/late"
umount -l "$G"
exec 9>&-
kill -s CONT "$(herald_pid)"
wait_log 'inotify tells nothing'
expect_eq "files underneath" "$(find "$G" -type f)" ""
kill "$waiter"
wait_graveyard
expect_eq "exit status of graveyardfs" "$rc" 0
start_graveyard
touch "$G/.born/quiet"
stat "$G" >/dev/null
tries=500
until umount "$G" 2>/dev/null; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "the mount is busy"
	sleep 0.01
done
wait_graveyard
expect_eq "exit status of graveyardfs" "$rc" 0
