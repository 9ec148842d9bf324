#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .wait/listening/PORT
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
OWN_NETWORK=1
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/ports.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/tcp" ] || skip "the helpers are not built"

# Each address and the names of those who wait for other ports, too.
waits_and_gets()
{
	park one listening/80
	park two listening/80@1h
	park other listening/81
	wait_parked 3
	waits one
	tcp server serve "$1" 80
	gets one 80
	gets two 80
	waits other
	wait_parked 1
	park late listening/80
	gets late 80
	ends server
	tcp server serve "$1" 81
	gets other 81
	ends server
	refused listening/80@50ms 'Connection timed out'
}

start_graveyard
need_socket_lists
waits_and_gets 127.0.0.1
if [ -e /proc/net/if_inet6 ]; then
	waits_and_gets ::1
	waits_and_gets ::
fi

# What is a port, and what it looks like.
for text in 0 65536 080 80: 80:3s 80@ 80@3 80@next http 80,81 -1 1e3; do
	refused "listening/$text" 'Invalid argument'
	expect_fails stat "$G/.wait/listening/$text"
done
expect_eq "size and mode" "$(stat -c '%s %a %F' "$G/.wait/listening/80")" '4096 444 regular file'
expect_eq "listed" "$(ls -A "$G/.wait/listening")" ""
expect_eq ".wait, listed" "$(cd "$G/.wait" && echo *)" \
	'born died drained exitcode listening ready succeeded'
expect_fails sh -c ': >"$1"' sh "$G/.wait/listening/80"
# Of a client's own port it is not said that somebody listens.
tcp server serve 127.0.0.1 80
tcp client client 127.0.0.1 80
refused listening/79@50ms 'Connection timed out'

# Every way to read; what has come stays so while the file is open.
exec 3<"$G/.wait/listening/80" 4<"$G/.wait/listening/80"
expect_eq "read byte by byte" "$(sh -c 'read -r port && echo "$port"' <&3)" 80
ends client
ends server
expect_eq "the rest" "$(cat <&3)" ""
expect_fails dd iflag=nonblock status=none <&4
grep -q 'temporarily unavailable' said || fail "O_NONBLOCK: $(cat said)"
exec 3<&- 4<&-
for reader in cat 'busybox cat' 'dd status=none' 'tail -n 1' 'sh -c "read -r p && echo \$p"'; do
	eval "$reader" <"$G/.wait/listening/80" >read_text &
	reading=$!
	wait_parked 1
	tcp server serve 127.0.0.1 80
	wait_exits "$reading" 0
	expect_eq "$reader" "$(cat read_text)" 80
	ends server
done

# poll, epoll; edge-triggered and beside others that poll.
python3 - "$G/.wait/listening/80" "$helpers/tcp" <<'END'
import errno, os, select, subprocess, sys
path, tcp = sys.argv[1:]
fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
try:
    os.read(fd, 10)
    sys.exit("O_NONBLOCK: no EAGAIN")
except BlockingIOError:
    pass
epoll = select.epoll()
epoll.register(fd, select.EPOLLIN | select.EPOLLET)
poll = select.poll()
poll.register(fd, select.POLLIN)
assert not epoll.poll(0) and not poll.poll(0)
server = subprocess.Popen([tcp, "serve", "127.0.0.1", "80"], stdout=subprocess.PIPE)
server.stdout.readline()
assert poll.poll(20000)
assert epoll.poll(20)
server.kill()
server.wait()
assert os.read(fd, 2) == b"80" and os.read(fd, 10) == b"\n" and os.read(fd, 10) == b""
END

# A signal, and a worker's death.
park killed listening/80
park survivor listening/80
wait_parked 2
kill_worker
wait_parked 2
waits survivor
# shellcheck disable=SC2154 # park sets it
pkill -P "$pid_killed" cat
wait_exits "$pid_killed" 143
wait_parked 1
tcp server serve 127.0.0.1 80
gets survivor 80
ends server

# The end of all.
park ended listening/80
wait_parked 1
stop_graveyard
fails ended 'Operation canceled'

start_graveyard --max-waits 1
park one listening/80
wait_parked 1
refused listening/81 'Resource temporarily unavailable'
stop_graveyard
fails one 'Operation canceled'
start_graveyard --read-only
refused listening/80 'Operation canceled'
tcp server serve 127.0.0.1 80
expect_eq "read-only, at once" "$(cat "$G/.wait/listening/80")" 80
stop_graveyard

# The kernel does not tell.
export GRAVEYARDFS_WITHOUT=sock-diag
start_graveyard
refused listening/80 'Input/output error'
wait_log '^level=warning msg=.unable to list TCP connections: Protocol not supported'
expect_eq "stat" "$(stat -c %s "$G/.wait/listening/80")" 4096
