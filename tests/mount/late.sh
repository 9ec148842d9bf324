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

# at_the_end PROGRAM: one without --linger is ended by that; $kept is how many deaths of 300 it has kept, $took how many
# hundredths of a second after the time that the program has said (uptime) it had ended.
at_the_end()
{
	rm -rf "${G:?}"/*
	DB=$T/db-$((at += 1))/graveyard.db
	start_graveyard --linger 0s
	begun=$(python3 "$1" "$G" "$daemon" "$(worker_pid)" "/sys/fs/fuse/connections/$connection/waiting")
	wait_graveyard
	took=$(($(sed 's/ .*//; s/\.//' /proc/uptime) - begun))
	expect_eq "exit status of graveyardfs" "$rc" 0
	kept=$(find "$G" -name 'r*' -exec grep -l '^Died:' {} + | wc -l)
}
at=0

cat >closes.py <<'END'
import os, signal, socket, time

def create(g):
    """Returns what lets go of 300 deaths once it is closed."""
    ours, theirs = socket.socketpair()
    fds = [os.open("%s/.died/r%d" % (g, i), os.O_CREAT | os.O_WRONLY) for i in range(300)]
    # As many as a message may have, or fewer.
    socket.send_fds(ours, [b"x"], fds[:150])
    socket.send_fds(ours, [b"x"], fds[150:])
    for fd in fds:
        os.close(fd)
    return theirs

def end(daemon):
    print(open("/proc/uptime").read().split()[0].replace(".", ""))
    os.kill(daemon, signal.SIGTERM)

def stop(worker):
    os.kill(worker, signal.SIGSTOP)
    while open("/proc/%d/stat" % worker).read().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.001)

def await_unanswered(path):
    while int(open(path).read()) < 300:
        time.sleep(0.001)
END

# What was closed before the end is kept, though close(2) returns before the kernel tells the daemon. The last that has
# these files are messages: nothing is told of their closes but that they are closed.
cat >before.py <<'END'
import sys
from closes import *

g, daemon, worker = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
messages = create(g)
stop(worker)
messages.close()
await_unanswered(sys.argv[4])
end(daemon)
os.kill(worker, signal.SIGCONT)
END
at_the_end before.py
expect_eq "deaths kept" "$kept" 300

# Also what is told only in the end, for half a second. Where all of the end took longer, it is another try.
cat >after.py <<'END'
import sys
from closes import *

g, daemon, worker = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
messages = create(g)
end(daemon)
time.sleep(0.1)
messages.close()
END
at_the_end after.py
while [ "$took" -ge 49 ] && [ "$kept" != 300 ]; do
	at_the_end after.py
done
expect_eq "deaths kept of those that were told in the end" "$kept" 300
