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

# What was closed before the end is kept, though close(2) returns before the kernel tells the daemon.
rm -rf "${G:?}"/*
start_graveyard --linger 0s
python3 - "$G" "$daemon" "$(worker_pid)" <<'END2'
import os, signal, sys, threading

g, daemon, worker = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
fds = [os.open("%s/.died/r%d" % (g, i), os.O_CREAT | os.O_WRONLY) for i in range(300)]
os.kill(worker, signal.SIGSTOP)
threads = [threading.Thread(target=os.close, args=(fd,)) for fd in fds]
for thread in threads:
    thread.start()
os.kill(daemon, signal.SIGTERM)
os.kill(worker, signal.SIGCONT)
for thread in threads:
    thread.join()
END2
wait_graveyard
expect_eq "exit status of graveyardfs" "$rc" 0
expect_eq "deaths kept" "$(grep -l '^Died:' "$G"/r* | wc -l)" 300
