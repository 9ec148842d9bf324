#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A million tombstones: little memory, no scan at the start, and every listing and text right.
TIME_LIMIT=240
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/tombstones.sh"
for tool in sqlite3 python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
mount -o remount,size=1g "$T"

sanitized()
{
	nm -D "$GRAVEYARDFS" 2>/dev/null | grep -q __asan_init
}
names=1000000
! sanitized || names=100000
events=$((2 * names))

# Sanitizers need memory for themselves.
expect_small()
{
	rss=$(awk '/^Rss:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup")
	echo "memory $1: $rss kB"
	sanitized || [ "$rss" -lt 32768 ] || fail "memory of the daemon $1: $rss kB"
}

make_tombstones "$names"

# The start reads a few pages only.
start_graveyard --max-names 2000000
bytes=$(awk '/^rchar/ { print $2 }' "/proc/$(worker_pid)/io")
[ "$bytes" -lt 1000000 ] || fail "the start has read $bytes bytes"
expect_small "after the start"
expect_eq "a stone" "$(paste -sd '|' "$G/n0000042")" \
	'Born: "2026-01-01T00:00:00.123456789Z"|Died: "2026-01-01T00:00:00.123456789Z"'
expect_eq "a code" "$(cat "$G/.wait/exitcode/$(printf 'n%07d' "$names")")" 3

# Listings.
expected_names()
{
	seq -f 'n%07.0f' 1 "$names"
}
timeout 60 ls -f "$G" >listed
expect_eq "names, . and .." "$(wc -l <listed)" $((names + 2))
expected_names >expected
grep '^n' listed | sort | cmp - expected
expect_small "after a listing"

# The journal.
expect_eq "tail -n 1 of .log" "$(timeout 10 tail -n 1 "$G/.log")" \
	"$events 2026-01-01T00:00:00.123456789Z $(printf 'n%07d' "$names") 1 died 3 0 0 1"
cat >offsets.py <<'END'
import os, random, sys
path, events, const = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def at(seq):
	"""Where the line of an event begins."""
	digits, low, total = 1, 1, 0
	while low * 10 <= seq:
		total += 9 * low * digits
		digits, low = digits + 1, low * 10
	return total + (seq - low) * digits + (seq - 1) * const

def line(seq):
	what = "born -" if seq % 2 else "died -" if seq < events else "died 3"
	return b"%d 2026-01-01T00:00:00.123456789Z n%07d 1 %s 0 0 1\n" % (seq, (seq + 1) // 2, what.encode())

fd = os.open(path, os.O_RDONLY)
assert os.fstat(fd).st_size == at(events + 1), "size"
random.seed(1)
for n in range(300):
	seq = random.randint(1, events)
	skip = random.randrange(len(line(seq)))
	size = random.choice([1, 10, 300, 5000, 70000])
	want = b"".join(line(s) for s in range(seq, min(seq + size // 50 + 2, events + 1)))[skip:skip + size]
	got = os.pread(fd, size, at(seq) + skip)
	assert got == want, (seq, skip, size, got[:100], want[:100])
assert os.pread(fd, 100, at(events + 1)) == b""
assert os.pread(fd, 100, at(events + 1) + 12345) == b""
END
timeout 60 python3 offsets.py "$G/.log" "$events" "${#line}"
expect_small "after reading .log"

# .status, too, from its beginning, its middle and its end; and a view that shows one of a million. However far
# somebody jumps, others are served meanwhile: nobody's stat has the daemon work for a second. (It may take longer where
# others have the processors.)
cat >meanwhile.py <<'END'
import os, subprocess, sys, time
def worked():
	user, system = open("/proc/%s/stat" % sys.argv[1]).read().rsplit(")", 1)[1].split()[11:13]
	return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
worst, process = 0, subprocess.Popen(sys.argv[3:])
while process.poll() is None:
	start = worked()
	os.stat(sys.argv[2])
	worst = max(worst, worked() - start)
	time.sleep(0.001)
if worst > 1:
	sys.exit("FAILED: a stat had to wait for %.1f s of work during %s" % (worst, " ".join(sys.argv[3:])))
sys.exit(process.returncode)
END
meanwhile()
{
	timeout 60 python3 meanwhile.py "$(worker_pid)" "$G/n0000001" "$@"
}
# A row without its times, of which the year may be another one by now.
row()
{
	sed -E 's/ +$//; s/ (01-01|2026) / T /g; s/ +/ /g'
}
expect_eq "head of .status" "$(timeout 10 sed -n '2p;3q' "$G/.status" | row)" "n0000001 dead 1 T - T 0ms - - -"
got=$(meanwhile dd "if=$G/.status" bs=80 skip=$((names / 2)) count=1 status=none | row)
expect_eq "middle of .status" "$got" "$(printf 'n%07d dead 1 T - T 0ms - - -' $((names / 2)))"
got=$(meanwhile tail -n 1 "$G/.status" | row)
expect_eq "tail of .status" "$got" "$(printf 'n%07d dead 1 T - T 0ms 3 - -' "$names")"
expect_small "after reading .status"

# A reader who jumps to where only a walk past all names leads does not keep others waiting: ten deaths are told and
# heard before it has what it wants. It may be interrupted, and its server killed.
cat >jump.py <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
open("jumping", "w").close()
os.pread(fd, 1, int(sys.argv[2]))
open("jumped", "w").close()
END
jump()
{
	rm -f jumping jumped
	python3 jump.py "$@" &
	jumper=$!
	until [ -e jumping ]; do
		sleep 0.01
	done
	wait_parked 1
}
served_meanwhile()
{
	for i in 1 2 3 4 5 6 7 8 9 10; do
		timeout 20 sh -euc 'cat "$1/.wait/exitcode/$2" >code & until echo 3 >"$1/.died/$2"; do :; done; wait "$!"' \
			sh "$G" "$1$i"
		expect_eq "a code meanwhile" "$(cat code)" 3
		rm "$G/$1$i"
	done
	[ ! -e jumped ] || fail "the reader of $1 was done before others were served"
}
jump "$G/.status.json" $((names * 200))
served_meanwhile json
kill -s TERM "$jumper"
wait_exits "$jumper" 143

# Of one moment, too, when a name is removed after the open, and with it the short way; whoever serves on the way.
cat >walk.py <<'END'
import os, sys
g, names = sys.argv[1], int(sys.argv[2])
fd = os.open(g + "/.status", os.O_RDONLY)
want = os.pread(fd, 160, 80 * (names // 2))
assert os.pread(fd, 80, 80)[:8] == b"n0000001"
os.unlink(g + "/n0000001")
open("jumping", "w").close()
assert os.pread(fd, 160, 80 * (names // 2)) == want
END
rm -f jumping
python3 walk.py "$G" "$names" &
jumper=$!
until [ -e jumping ]; do
	sleep 0.01
done
kill_worker
served_by=$(worker_pid)
wait_exits "$jumper" 0
expect_eq "who serves" "$(worker_pid)" "$served_by"
touch "$G/.born/n0000001"
got=$(meanwhile ls "$G/.exitcode")
expect_eq "the only one with a code" "$got" "$(printf 'n%07d' "$names")"

# A listing while names come and go: those that are there throughout appear exactly once.
churn()
{
	i=1
	while [ ! -e listing-done ]; do
		: >"$G/.born/x$i"
		rm "$G/$(printf 'n%07d' $((i * 7)))"
		i=$((i + 1))
		[ "$i" != 10 ] || : >churning
	done
	echo "$i" >churned
}
churn &
churn=$!
# ls tells what it has read as it goes, and a pipe takes little of it: it cannot have seen most of it before this has.
timeout 100 ls -f "$G" | {
	read -r first
	echo "$first"
	until [ -e churning ]; do
		sleep 0.01
	done
	cat
} >listed
: >listing-done
wait_exits "$churn" 0
# What went may have been seen or not.
awk -v n="$(cat churned)" '{ i = substr($0, 2) + 0; if (i % 7 || i / 7 >= n) print }' expected >throughout
grep '^n' listed | sort >seen
expect_eq "seen twice" "$(uniq -d seen)" ""
expect_eq "not seen" "$(comm -13 seen throughout)" ""
expect_eq "neither there before" "$(comm -23 seen expected)" ""
expect_eq "born during the listing, seen twice" "$(grep '^x' listed | sort | uniq -d)" ""
expect_small "after births and removals"

# At the end the mount does not stay for as long as it takes to leave a million files underneath. (Those would
# fill this test's disk, so it does not let them.)
kill -s TERM "$daemon"
timeout 20 sh -c 'while mountpoint -q "$1"; do sleep 0.1; done' sh "$G" || fail "the mount stays"
kill -s KILL "$daemon" 2>/dev/null || :
wait_graveyard
connection=
