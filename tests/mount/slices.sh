#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Long texts are read in slices. Who is interrupted between two of them has what came so far, and goes on from there.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/tombstones.sh"
for tool in sqlite3 python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done

make_tombstones 5000
start_graveyard

# A handler runs; Python asks again where a read has failed with EINTR, and takes what it gets otherwise.
cat >signals.py <<'END'
import os, signal, sys
g = sys.argv[1]
SIZE = 1 << 17
signal.signal(signal.SIGALRM, lambda *_: None)

def interrupted(after, fd, offset, every=0.0):
	signal.setitimer(signal.ITIMER_REAL, after, every)
	piece = os.pread(fd, SIZE, offset)
	signal.setitimer(signal.ITIMER_REAL, 0)
	return piece

def whole(fd):
	text = b""
	while piece := os.pread(fd, SIZE, len(text)):
		text += piece
	return text

# At one time or another the signal comes in the middle.
for file in ".log", ".status", ".status.json":
	fd = os.open(g + "/" + file, os.O_RDONLY)
	want, got, short = whole(fd), b"", 0
	for attempt in range(400):
		piece = interrupted(0.00005 * (1 + attempt % 200), fd, len(got))
		assert piece == want[len(got):len(got) + len(piece)], (file, len(got))
		short += 0 < len(piece) < min(SIZE, len(want) - len(got))
		got = got + piece if piece else b""
		if short == 3:
			break
	assert short == 3, "%s: a signal has never left a reader with a part" % file

# Far from the beginning: each of these takes longer than the time between two signals.
fd = os.open(g + "/.status.json", os.O_RDONLY)
last = whole(fd)[-150:-50] # the time before it may be of fewer digits
end = len(whole(fd))
os.close(fd)
for _ in range(3):
	fd = os.open(g + "/.status.json", os.O_RDONLY)
	piece = interrupted(0.01, fd, end - 200, 0.01)
	assert last in piece + os.pread(fd, SIZE, end - 200 + len(piece)), piece
	os.close(fd)
END
python3 signals.py "$G"

# A mount that is gone is not served to the end of all that: so many look for the end, each for itself.
cat >looking.py <<'END'
import os, sys, threading
fds = [os.open(sys.argv[1] + "/.status.json", os.O_RDONLY) for _ in range(500)]

def look(fd):
	try:
		os.pread(fd, 100, 1 << 40)
	except OSError:
		pass

threads = [threading.Thread(target=look, args=(fd,)) for fd in fds]
for thread in threads:
	thread.start()
END
python3 looking.py "$G" &
looking=$!
until [ "$(requests_waiting)" -ge 400 ]; do
	sleep 0.01
done
echo 1 >"/sys/fs/fuse/connections/$connection/abort"
timeout 20 tail --pid="$daemon" -f /dev/null || fail "who serves goes on though nobody is there"
wait_graveyard
wait_exits "$looking" 0
