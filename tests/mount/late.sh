#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A touch of a dead name that is reborn between its look-up and its open still tells of a death; and so does a
# close just before the end.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

start_graveyard
touch "$G/.died/a"
python3 - "$G" <<'END'
import os, sys

g = sys.argv[1]

# Looked up while dead, opened when reborn.
path = os.open(g + "/.died/a", os.O_PATH)
open(g + "/.born/a", "w").close()
os.close(os.open("/proc/self/fd/%d" % path, os.O_WRONLY))
END
[ -e "$G/.died/a" ] || fail "a touch that met a rebirth told nothing"
expect_eq "lives" "$(grep -c '^Life:' "$G/.history/a")" 2
stop_graveyard
grep -q '^Died:' "$G/a" || fail "no stone was left"
[ ! -e "$G/.graveyardfs-leaving" ] || fail "an unfinished stone was left"

# at_the_end PROGRAM: one without --linger is ended by that; $kept is how many deaths of 300 it has kept, $took what the
# program says.
at_the_end()
{
	rm -rf "${G:?}"/*
	DB=$T/db-$((at += 1))/graveyard.db
	start_graveyard --linger 0s
	took=$(python3 "$1" "$G" "$daemon" "$(worker_pid)" "/sys/fs/fuse/connections/$connection/waiting")
	wait_graveyard
	expect_eq "exit status of graveyardfs" "$rc" 0
	kept=$(find "$G" -name 'r*' -exec grep -l '^Died:' {} + | wc -l)
}
at=0

cat >closes.py <<'END'
import os, signal, time

def create(g):
    return [os.open("%s/.died/r%d" % (g, i), os.O_CREAT | os.O_WRONLY) for i in range(300)]

def stop(worker):
    os.kill(worker, signal.SIGSTOP)
    while open("/proc/%d/stat" % worker).read().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.001)

def await_unanswered(path):
    while int(open(path).read()) < 300:
        time.sleep(0.001)

def end(daemon, worker):
    os.kill(daemon, signal.SIGTERM)
    os.kill(worker, signal.SIGCONT)
END

# What was closed before the end is kept, though close(2) returns before the kernel tells the daemon. The last that has
# these files are messages: nothing is told of their closes but that they are closed.
cat >in_messages.py <<'END'
import os, socket, sys
from closes import *

g, daemon, worker = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ours, theirs = socket.socketpair()
fds = create(g)
socket.send_fds(ours, [b"x"], fds[:150])
socket.send_fds(ours, [b"x"], fds[150:])
for fd in fds:
    os.close(fd)
stop(worker)
theirs.close()
await_unanswered(sys.argv[4])
end(daemon, worker)
END
at_the_end in_messages.py
expect_eq "deaths kept" "$kept" 300

# Also what is being closed at the end, if that does not take longer than half a second; then it is another try.
cat >in_threads.py <<'END'
import os, sys, threading, time
from closes import *

g, daemon, worker = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def close(fd):
    try:
        os.close(fd)
    except OSError:
        pass # that is seen by what was kept

fds = create(g)
stop(worker)
threads = [threading.Thread(target=close, args=(fd,)) for fd in fds]
for thread in threads:
    thread.start()
await_unanswered(sys.argv[4])
begun = time.monotonic()
end(daemon, worker)
for thread in threads:
    thread.join()
print(int(1000 * (time.monotonic() - begun)))
END
at_the_end in_threads.py
while [ "$took" -ge 500 ] && [ "$kept" != 300 ]; do
	at_the_end in_threads.py
done
expect_eq "deaths kept of those that were being told" "$kept" 300
