#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A disk that is full: before the start it is an error; at the end it is told, and tried again until there is room.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

mkfifo running end

# full, room: the disk under the graveyard.
full()
{
	cat /dev/zero >"$disk/filler" 2>/dev/null || :
}

room()
{
	rm "$disk/filler"
}

not_begun()
{
	full
	rm -f begun
	expect_bury 111 --name early -- touch "$T/begun"
	says 'level=error event=cannot-write-stone name=early .*No space left'
	[ ! -e begun ] || fail "$kind: begun without a stone"
	room
}

# misplace NAME: in a plain directory the room for a death was taken at birth, with the rest of the page: of a stone that
# is there. And this one keeps its page, which would be room for another.
misplace()
{
	mv "$Y/$1" "$disk/$1"
}

tried_again()
{
	start_bury --name app -- sh -c 'echo >running; read -r _ <end; exit 4'
	hear running
	[ "$kind" = served ] || misplace app
	full
	echo >end
	tail -n +1 -f "$T/bury.log" | grep -qm1 'event=cannot-write-stone name=app .*No space left'
	kill -s 0 "$job" || fail "$kind: gave up"
	room
	wait_exits "$job" 4
	expect_eq "$kind: the stone" "$(fields app)" "Born Died ExitCode: 4"
	says 'event=stone-written'
}

# Not for ever: for the grace period, or until TERM.
given_up()
{
	start_bury --name lost --grace 10ms -- sh -c 'echo >running; read -r _ <end; exit 4'
	hear running
	[ "$kind" = served ] || misplace lost
	full
	echo >end
	wait_exits "$job" 4
	room
	start_bury --name last --grace 1h -- sh -c 'echo >running; read -r _ <end; exit 4'
	hear running
	[ "$kind" = served ] || misplace last
	full
	echo >end
	tail -n +1 -f "$T/bury.log" | grep -qm1 'event=cannot-write-stone'
	kill -s TERM "$job"
	wait_exits "$job" 4
	room
}

disk=$T/disk
mkdir "$disk"
mount -t tmpfs -o size=2m tmpfs "$disk"
DB=$disk/graveyard.db
expected_log='No space left|disk is full|cannot be kept|full'
start_graveyard
kind=served
Y=$G
for case in not_begun tried_again given_up; do
	"$case"
done
stop_graveyard
kind=plain
Y=$disk/y
mkdir "$Y"
for case in not_begun tried_again given_up; do
	"$case"
done

# --- a plain directory that takes the place of a graveyard shall know of who lives, but is full at first

mkdir small
mount -t tmpfs -o size=64k tmpfs small
disk=$T/small
full
mkdir over
mount --bind small over
start_graveyard
mount --bind "$G" over
Y=$T/over
kind=served
start_bury --name alive -- sh -c 'echo >running; read -r _ <end; exit 4'
hear running
umount -l over
tail -n +1 -f "$T/bury.log" | grep -qm1 'event=cannot-write-stone name=alive .*No space left'
room
until grep -q '^Lease: lock' over/alive 2>/dev/null; do
	kill -s 0 "$job" || fail "it is gone"
	sleep 0.01
done
echo >end
wait_exits "$job" 4
expect_eq "how often it said so" "$(grep -c cannot-write-stone "$T/bury.log")" 1
umount -l over small
