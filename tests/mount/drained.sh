#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .wait/drained/PORT, with the kernel's word on connections that end, without, and with no privilege that mounting does
# not need.
set -eu
TIME_LIMIT=${TIME_LIMIT:-240}
OWN_NETWORK=1
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/ports.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/tcp" ] || skip "the helpers are not built"

# While it waits nothing happens that could be awaited: longer than the quiet period.
goes_on_waiting()
{
	sleep 0.5
	waits "$1"
}

clients_of()
{
	tcp server serve "$1" 80
	# Nobody has ever been there.
	begun=$(now)
	park idle drained/80:300ms
	gets idle 80
	took idle "$begun" 30

	tcp one client "$2" 80
	park busy drained/80:300ms
	wait_parked 1
	tcp two client "$2" 80
	goes_on_waiting busy
	ends one
	goes_on_waiting busy
	begun=$(now)
	ends two
	gets busy 80
	took busy "$begun" 30

	tcp one client "$2" 80
	park reset drained/80:300ms
	park other drained/80:100ms
	wait_parked 2
	begun=$(now)
	ends one USR2
	gets reset 80
	gets other 80
	took reset "$begun" 30
	ends server
	refused drained/80:300ms 'Connection refused'
}

# Once it is quiet somebody comes. If this machine is so slow that it is over by then, another time.
comes_late()
{
	for quiet in 1 2 4 8; do
		park late "drained/80:${quiet}s"
		tcp one client 127.0.0.1 80
		[ -e done_late ] || break
		ends one
	done
	sleep "$quiet"
	waits late
	begun=$(now)
	ends one
	gets late 80
	took late "$begun" "${quiet}00"
}

probed()
{
	tcp probes probes 127.0.0.1 80
	begun=$(now)
	park probed drained/80:1s
	gets probed 80
	took probed "$begun" 100
	# shellcheck disable=SC2154 # tcp sets it
	kill -s 0 "$tcp_pid_probes" || fail "the probes have ended"
	ends probes
}

# A client that waits for its answer; a server that waits for its clients, and then is gone.
half_open()
{
	tcp lazy lazy 127.0.0.1 81
	tcp half client 127.0.0.1 81
	park half drained/81:300ms
	wait_parked 1
	says half USR1 half
	goes_on_waiting half
	ends half
	goes_on_waiting half
	ends lazy
	fails half 'Connection refused'

	tcp leaving serve 127.0.0.1 81
	tcp client client 127.0.0.1 81
	park left drained/81:300ms
	wait_parked 1
	says leaving USR1 'not listening'
	goes_on_waiting left
	refused drained/81 'Connection refused'
	ends client
	fails left 'Connection refused'
	ends leaving

	tcp server81 serve 127.0.0.1 81
	park gone drained/81:1h
	wait_parked 1
	ends server81
	fails gone 'Connection refused'
}

survives()
{
	tcp one client 127.0.0.1 80
	park held drained/80:300ms
	wait_parked 1
	kill_worker
	wait_parked 1
	goes_on_waiting held
	begun=$(now)
	ends one
	kill_worker
	gets held 80
	took held "$begun" 30

	begun=$(now)
	park quiet drained/80:2s
	wait_parked 1
	kill_worker
	gets quiet 80
	took quiet "$begun" 200
}

all_of_it()
{
	start_graveyard
	need_socket_lists
	clients_of 127.0.0.1 127.0.0.1
	if [ -e /proc/net/if_inet6 ]; then
		clients_of ::1 ::1
		clients_of :: 127.0.0.1
	fi
	tcp server serve 127.0.0.1 80
	comes_late
	probed
	half_open
	survives
	# Deadlines are its own.
	refused drained/80:1h@50ms 'Connection timed out'
	refused drained/80@50ms 'Connection timed out'
	expect_eq "with a deadline" "$(cat "$G/.wait/drained/80:100ms@1h")" 80
	expect_eq "no quiet period" "$(cat "$G/.wait/drained/80:0s")" 80
	ends server
	stop_graveyard
}

all_of_it
export GRAVEYARDFS_WITHOUT=sock-destroy
all_of_it
unset GRAVEYARDFS_WITHOUT

# What is a port, and what it looks like.
start_graveyard
for text in 0 65536 080 80: 80:3 80:3s@ 80@3s:3s 80@next http -1; do
	refused "drained/$text" 'Invalid argument'
done
expect_eq "size and mode" "$(stat -c '%s %a %F' "$G/.wait/drained/80:3s@1m")" '4096 444 regular file'
expect_eq "listed" "$(ls -A "$G/.wait/drained")" ""

# poll, epoll, O_NONBLOCK; what has come stays so while the file is open, though somebody connects.
tcp server serve 127.0.0.1 80
python3 - "$G/.wait/drained/80:300ms" <<'END'
import os, select, socket, sys
client = socket.create_connection((b"127.0.0.1", 80))
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
try:
    os.read(fd, 10)
    sys.exit("O_NONBLOCK: no EAGAIN")
except BlockingIOError:
    pass
epoll = select.epoll()
epoll.register(fd, select.EPOLLIN | select.EPOLLET)
poll = select.poll()
poll.register(fd, select.POLLIN)
assert not poll.poll(600)
assert not epoll.poll(0)
client.close()
assert poll.poll(60000)
assert epoll.poll(60)
client = socket.create_connection((b"127.0.0.1", 80))
assert os.read(fd, 1) == b"8" and os.read(fd, 10) == b"0\n" and os.read(fd, 10) == b""
END

# A signal, sendfile, and the end of all.
tcp one client 127.0.0.1 80
park killed drained/80
busybox cat "$G/.wait/drained/80:100ms" >read_text &
reading=$!
wait_parked 2
# shellcheck disable=SC2154 # park sets it
pkill -P "$pid_killed" cat
wait_exits "$pid_killed" 143
wait_parked 1
ends one
wait_exits "$reading" 0
expect_eq "busybox cat" "$(cat read_text)" 80
park ended drained/80:1h
wait_parked 1
stop_graveyard
fails ended 'Operation canceled'
start_graveyard --read-only
refused drained/80@1h 'Operation canceled'
stop_graveyard

# The kernel does not tell: that is no success.
export GRAVEYARDFS_WITHOUT=sock-diag
start_graveyard
refused drained/80:0s 'Input/output error'
stop_graveyard
unset GRAVEYARDFS_WITHOUT
ends server

# With CAP_SYS_ADMIN and nothing else.
cat >bounded <<-END
	#!/bin/sh
	exec setpriv --bounding-set=-all,+sys_admin -- '$GRAVEYARDFS' "\$@"
END
chmod +x bounded
GRAVEYARDFS=$T/bounded
start_graveyard
clients_of 127.0.0.1 127.0.0.1
