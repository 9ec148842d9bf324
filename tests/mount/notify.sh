#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whoever started it is told over NOTIFY_SOCKET that it serves, and that it ends; wherever that socket is, and
# nobody depends on it.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
command -v python3 >/dev/null || skip "there is no python3"

# What is told, line by line, after the process that told it.
mkfifo told
exec 6<>told

cat >listen.py <<'END'
import os, socket, struct, sys

name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind("\0" + name[1:] if name[0] == "@" else name)
print("listening", flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(100, 100)
    pid, _, _ = struct.unpack("3i", ancillary[0][2])
    print(pid, data.decode(), flush=True)
END

# listen NAME: a socket there is what is notified.
listen()
{
	python3 listen.py "$1" >told &
	listener=$!
	expect_told listening
	export NOTIFY_SOCKET="$1"
}

unlisten()
{
	kill "$listener"
	wait "$listener" || :
	unset NOTIFY_SOCKET
}

# expect_told LINE: is the next thing that is told.
expect_told()
{
	read -r line <&6
	expect_eq "told" "$line" "$1"
}

# unheard WORDS: it starts, serves and ends in front of a socket of which it says that.
unheard()
{
	start_graveyard --linger 1ms
	wait_log "^level=warning msg=.unable to notify $1"
	echo 3 >"$G/.died/a"
	expect_eq "the code" "$(cat "$G/.exitcode/a")" 3
	stop_graveyard
}

# --- a path: once ready, whoever serves; and once when it ends
listen "$T/socket"
start_graveyard --linger 1h
expect_told "$daemon READY=1"
for process in $(worker_pid) $(herald_pid); do
	! tr '\0' '\n' <"/proc/$process/environ" | grep -q NOTIFY ||
		fail "process $process could notify, too"
done
kill_worker
kill_worker
touch "$G/.born/a"
kill -s TERM "$daemon"
wait_log 'TERM: ending'
# While it lingers it serves.
kill_worker
touch "$G/.ready/a"
keeper=$daemon
kill -s TERM "$daemon"
expect_told "$keeper STOPPING=1"
wait_graveyard
expect_eq "exit status" "$rc" 0
# No more than that: a mark of our own is next.
echo mark >told
expect_told mark

# By somebody else.
start_graveyard
expect_told "$daemon READY=1"
keeper=$daemon
umount -l "$G"
wait_graveyard
expect_told "$keeper STOPPING=1"
unlisten

# --- an abstract name, which is one for all that share a network: with the directory of this test in it
listen "@graveyardfs-${T#/}"
start_graveyard --linger 1ms
expect_told "$daemon READY=1"
keeper=$daemon
stop_graveyard
expect_told "$keeper STOPPING=1"
unlisten

# --- a path that the mount covers
listen "$G/socket"
start_graveyard --linger 1ms
expect_told "$daemon READY=1"
keeper=$daemon
stop_graveyard
expect_told "$keeper STOPPING=1"
unlisten

# --- and one into a graveyard that hangs, which is cleared away first
start_graveyard
stop "$(worker_pid)"
hung=$daemon
DB=$T/other.db
NOTIFY_SOCKET=$G/.born/socket
export NOTIFY_SOCKET
unheard "'$NOTIFY_SOCKET': No such file"
kill -s KILL "$hung"

# --- nobody there, nothing of the kind, and one who does not listen
NOTIFY_SOCKET=$T/none unheard "'$T/none': No such file"
: >file
NOTIFY_SOCKET=$T/file unheard "'$T/file': Connection refused"
NOTIFY_SOCKET=vsock:2:1 unheard "'vsock:2:1': Invalid argument"
NOTIFY_SOCKET=@ unheard "'@': Invalid argument"
long=/$(printf '%0200d' 0)
NOTIFY_SOCKET=$long unheard "'$long': File name too long"
cat >deaf.py <<'END'
import socket, sys, time

deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
deaf.bind(sys.argv[1])
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.setblocking(False)
try:
    while True:
        sender.sendto(b"x", sys.argv[1])
except BlockingIOError:
    print("deaf", flush=True)
time.sleep(1000)
END
python3 deaf.py "$T/deaf" >told &
expect_told deaf
NOTIFY_SOCKET=$T/deaf unheard "'READY=1': Resource temporarily unavailable"
