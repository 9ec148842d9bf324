#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .metrics: what promtool thinks of it, each number against what was done, and that a scraper never sees one go back,
# whichever process serves.
# shellcheck disable=SC2154 # pid_…: set by eval
set -eu
TIME_LIMIT=${TIME_LIMIT:-180}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
command -v promtool >/dev/null || skip "there is no promtool (Debian: prometheus)"
command -v python3 >/dev/null || skip "there is no python3"

# look [FILE]: what it says now.
look()
{
	cat "$G/.metrics" >"${1-now}"
}

# value SERIES [FILE]
value()
{
	awk -v series="graveyardfs_$1" '$1 == series { print $2; n++ } END { exit n != 1 }' "${2-now}" ||
		fail "not once in ${2-now}: $1"
}

# says SERIES VALUE [FILE]
says()
{
	expect_eq "$1" "$(value "$1" "${3-now}")" "$2"
}

# adds SERIES NUMBER: between `before` and `now`.
adds()
{
	expect_eq "what came to $1" "$(($(value "$1" now) - $(value "$1" before)))" "$2"
}

# is_sound [FILE]: as Prometheus has it, with nothing in it that only some graveyards have.
is_sound()
{
	promtool check metrics <"${1-now}" >lint 2>&1 || fail "promtool: $(cat lint)"
	[ ! -s lint ] || fail "promtool: $(cat lint)"
	sed 's/ [^ ]*$//; /^#/d' "${1-now}" >names
	[ -e names.first ] || cp names names.first
	cmp names names.first || fail "series come and go"
}

# no_less BEFORE AFTER: nothing that counts has become less.
no_less()
{
	awk 'NR == FNR { before[$1] = $2; next }
		$1 ~ /_(total|bucket|sum|count)([{]|$)/ && !($2 >= before[$1]) { print $1, before[$1], $2 }' \
		"$1" "$2" >less
	[ ! -s less ] || fail "went back: $(cat less)"
}

# Of one moment: who was born and has not died is alive (as long as nobody is removed), every bucket holds those
# before it, and the last one all of them.
is_of_one_moment()
{
	expect_eq "the living in $1" "$(value alive "$1")" \
		"$(($(value births_total "$1") - $(value deaths_total "$1")))"
	awk -F '[{ ]' '/_bucket/ { if ($1 == last && $NF < n) exit 1; last = $1; n = $NF }
		/_count/ && $2 != n { exit 1 }' "$1" || fail "buckets do not add up"
}

# until_waits KIND NUMBER: for whoever is on the way there; the kernel has no event for that.
until_waits()
{
	tries=2000
	until look && [ "$(value "waits{kind=\"$1\"}")" = "$2" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || says "waits{kind=\"$1\"}" "$2"
		sleep 0.01
	done
}

start_graveyard --linger 1ms
look
is_sound
says births_total 0
says alive 0
says worker_restarts_total 0
grep -Eq '^graveyardfs_build_info\{version="[0-9.]+",libfuse="3[0-9.]+",sqlite="3[0-9.]+"\} 1$' now ||
	fail "built of: $(grep build_info now)"
[ "$(stat -c %s "$G/.metrics")" -ge "$(wc -c <now)" ] || fail "it is longer than it says"
for way in "$(busybox cat "$G/.metrics" | wc -l)" "$(wc -l <"$G/.metrics")" "$(tail -n +1 "$G/.metrics" | wc -l)"; do
	expect_eq "lines" "$way" "$(wc -l <now)"
done

# What README says there is, is all there is.
sed -n 's/^# TYPE graveyardfs_\([a-z_]*\) .*/\1/p' now | sort >told
sed -n '/^### Metrics/,/^###* [^M]/p' "$(dirname "$0")/../../README.md" | grep '^| `' | cut -d '|' -f 2 |
	grep -o '[a-z_]*' | sort >documented
diff told documented || fail "README has other names"

# --- what happens to names

touch "$G/.born/a" "$G/.born/b" "$G/.born/c"
touch "$G/.ready/a" "$G/.ready/b"
echo 0 >"$G/.died/a"
touch "$G/.died/b"
look
says births_total 3
says readies_total 2
says deaths_total 2
says alive 1
says 'exit_codes_total{code="0"}' 1
says 'exit_codes_total{code="1-125"}' 0
is_of_one_moment now
# The code of one that is dead already; those of others, at once; what is no news.
echo 7 >"$G/.died/b"
echo 7 >"$G/.died/b"
for code in -1 126 127 128 255; do
	echo "$code" >"$G/.died/d$code"
done
look
says births_total 8
says deaths_total 7
says 'exit_codes_total{code="0"}' 1
says 'exit_codes_total{code="1-125"}' 1
says 'exit_codes_total{code="126-127"}' 2
says 'exit_codes_total{code="128-255"}' 3
says alive 1
# All events are in some commit.
says commit_events_sum "$(wc -l <"$G/.log")"
expect_eq "commits" "$(value 'commits_total{result="success"}')" "$(value commit_events_count)"
says commit_duration_seconds_count "$(value commit_events_count)"
says 'commits_total{result="failure"}' 0
expect_eq "size" "$(value 'database_size_bytes{file="database"}')" "$(stat -c %s "$DB")"
expect_eq "size of the log" "$(value 'database_size_bytes{file="log"}')" "$(stat -c %s "$DB-wal")"
[ "$(value 'database_size_bytes{file="log"}')" -gt 0 ] || fail "no log"

# Removals: of one who is alive, and of one who is not.
rm "$G/a"
look
says alive 1
rm "$G/c"
look
says alive 0
touch "$G/.born/c"
look
says alive 1
says births_total 9

# --- requests and errors

look before
expect_fails mkdir "$G/x"
expect_fails mkdir "$G/y"
expect_fails sh -c 'env printf "Died: never\n" >"$1"' sh "$G/c"
expect_fails as_user 7 sh -c 'echo 1 >"$1"' sh "$G/.died/c"
expect_fails cat "$G/.wait/died/c@1ms"
look
adds 'requests_total{operation="mkdir"}' 2
adds 'requests_total{operation="write"}' 1
adds 'errors_total{errno="EPERM"}' 2
adds 'errors_total{errno="EINVAL"}' 1
adds 'errors_total{errno="EACCES"}' 1
adds 'errors_total{errno="ETIMEDOUT"}' 1
adds 'errors_total{errno="other"}' 0
# The graveyard's own announcements are by another process, and may come at any time.
look before
stat -f "$G" "$G" "$G" >/dev/null
look
adds 'requests_total{operation="statfs"}' 3

# --- leases and waits

exec 9>"$G/.lease/l"
look
says leases 1
says alive 2
exec 9>&-
cat "$G/.wait/died/l" >/dev/null
look
says leases 0
says alive 1
says lost_leases_total 0

for wait in born ready died exitcode succeeded; do
	cat "$G/.wait/$wait/nobody" "$G/.wait/$wait/nobody" >/dev/null 2>&1 &
	eval "pid_$wait=$!"
done
cat "$G/.events@now" >/dev/null &
wait_parked 6
look
for wait in born ready died exitcode succeeded events; do
	says "waits{kind=\"$wait\"}" 1
done
says 'waits{kind="drained"}' 0
# Once they were parked; the killed one has gone when its interrupt is answered.
kill "$pid_succeeded"
wait_exits "$pid_succeeded" 143
wait_parked 5
look
says 'waits{kind="succeeded"}' 0
says 'waits{kind="died"}' 1
kill_worker
wait_parked 5
look
says 'waits{kind="born"}' 1
says 'waits{kind="events"}' 1
says worker_restarts_total 1
echo 0 >"$G/.died/nobody"
for pid in "$pid_born" "$pid_died" "$pid_exitcode"; do
	wait_exits "$pid" 0
done
wait_exits "$pid_ready" 1
look
for wait in born ready died exitcode succeeded; do
	says "waits{kind=\"$wait\"}" 0
done
kill "$!"
wait_exits "$!" 143

# By poll(2), which no request is parked for.
python3 -c 'if True:
	import os, select, sys
	poll = select.poll()
	poll.register(os.open(sys.argv[1], os.O_RDONLY), select.POLLIN)
	poll.poll()' "$G/.wait/ready/polled" &
poller=$!
until_waits ready 1
touch "$G/.ready/polled"
wait_exits "$poller" 0
until_waits ready 0
is_sound

# --- one moment, however it is read, and whoever serves

look before
exec 5<"$G/.metrics"
look after
births=$(value births_total before)
dd bs=1 count=1500 status=none <&5 >pieces
touch "$G/.born/meanwhile1"
kill_worker
touch "$G/.born/meanwhile2"
dd bs=1 count=1500 status=none <&5 >>pieces
kill_worker
echo 3 >"$G/.died/meanwhile1"
dd bs=997 status=none <&5 >>pieces
exec 5<&-
is_sound pieces
no_less before pieces
no_less pieces after
says births_total "$births" pieces
says births_total "$births" after
look
says births_total $((births + 2))
says worker_restarts_total 3

# --- more open at once than there is room for: an error, and for nobody else; those that are stay as they were

cat "$G/.wait/died/crowded" >died &
waiter=$!
wait_parked 1
look before
cat >crowd.py <<'END'
import errno, os, resource, signal, sys
graveyard, worker = sys.argv[1], int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
births = sys.argv[3].encode()
files = []
try:
    while len(files) < 10000:
        files.append(os.open(graveyard + "/.metrics", os.O_RDONLY))
except OSError as e:
    assert e.errno == errno.ENFILE, e
assert 100 < len(files) < 10000, len(files)
with open(graveyard + "/.died/crowded", "w") as f:
    f.write("3")
os.kill(worker, signal.SIGKILL)
for file in files:
    assert b"graveyardfs_births_total " + births + b"\n" in os.pread(file, 20000, 0)
for file in files[1:]:
    os.close(file)
os.open(graveyard + "/.metrics", os.O_RDONLY)
END
python3 crowd.py "$G" "$(worker_pid)" "$(value births_total before)" || fail "a crowd of readers"
wait_exits "$waiter" 0
look
adds births_total 1
adds worker_restarts_total 1
# One was refused.
adds 'errors_total{errno="ENFILE"}' 1

# --- nothing goes back

# The removed one that was alive is the only one who was born, has not died, and is not alive.
removed=$(($(value births_total) - $(value deaths_total) - $(value alive)))
expect_eq "the removed" "$removed" 1
live()
{
	i=0
	while [ ! -e enough ]; do
		i=$((i + 1))
		touch "$G/.born/$1$i"
		echo "$((i % 256))" >"$G/.died/$1$i"
	done
}
writers=
for w in u v; do
	live "$w" &
	writers="$writers $!"
done
reads=0
look before
first=$(value births_total before)
while [ "$reads" -lt 200 ]; do
	reads=$((reads + 1))
	[ $((reads % 40)) != 0 ] || kill_worker
	look
	no_less before now
	expect_eq "the living at read $reads" "$(value alive)" \
		"$(($(value births_total) - $(value deaths_total) - removed))"
	mv now before
done
: >enough
for pid in $writers; do
	wait_exits "$pid" 0
done
look
is_sound
says worker_restarts_total 9
[ "$(value births_total)" -gt "$first" ] || fail "nobody was born meanwhile"
expect_eq "births" "$(value births_total)" "$(grep -c ' born ' "$G/.log")"
expect_eq "deaths" "$(value deaths_total)" "$(grep -c ' died ' "$G/.log")"
expect_eq "the living" "$(value alive)" "$(find "$G/.alive" -type f | wc -l)"
expect_eq "codes" "$(awk '/^graveyardfs_exit_codes_total/ { n += $2 } END { print n }' now)" \
	"$(awk '$6 != "-"' "$G/.log" | wc -l)"

# --- what a worker has kept and did not live to count

stop_graveyard
if grep -q GRAVEYARDFS_DIE_AT "$GRAVEYARDFS"; then
	export GRAVEYARDFS_DIE_AT=committed:1
	start_graveyard --linger 1ms
	look before
	touch "$G/.born/k1" "$G/.born/k2" "$G/.ready/k2"
	echo 3 >"$G/.died/k3"
	rm "$G/k1"
	look
	adds births_total 3
	adds readies_total 1
	adds deaths_total 1
	adds 'exit_codes_total{code="1-125"}' 1
	adds alive 1
	adds lost_leases_total 0
	adds worker_restarts_total 5
	stop_graveyard
	unset GRAVEYARDFS_DIE_AT
fi

# --- a kernel that cannot resend: the mount is another, the counters are the same

export GRAVEYARDFS_WITHOUT=resend
start_graveyard --linger 1ms
touch "$G/.born/more"
look before
says births_total 1 before
expect_eq "the living" "$(value alive before)" "$(find "$G/.alive" -type f | wc -l)"
kill_worker
wait_log event=mounted-again
tries=1000
until timeout 10 cat "$G/.metrics" >now 2>/dev/null && [ -s now ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "it does not serve again"
	sleep 0.01
done
connection=$(mount_device "$G")
no_less before now
says births_total 1
says worker_restarts_total 1
unset GRAVEYARDFS_WITHOUT
stop_graveyard

# --- leases that are lost with their mount

start_graveyard --linger 1ms
mkfifo go holds
sh -c 'echo >"$1"; read -r _ <"$2"' sh "$T/holds" "$T/go" 9>"$G/.lease/lost" &
holder=$!
read -r _ <holds
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null
kill "$holder"
wait_exits "$holder" 143
start_graveyard --linger 1ms
look
says lost_leases_total 1
says deaths_total 1
says births_total 0
kill_worker
look
says lost_leases_total 1
touch "$G/.died/more"
look
says lost_leases_total 1
says deaths_total 2
stop_graveyard

# --- what open files show has its bounds, and room comes back with the close, whoever serves

start_graveyard --linger 1ms
mkfifo full killed
python3 - "$G/.metrics" >full <<'END' &
import errno, os, resource, sys, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
def fill():
    files = []
    while True:
        try:
            files.append(os.open(sys.argv[1], os.O_RDONLY))
        except OSError as e:
            assert e.errno == errno.ENFILE, e
            return files
files = fill()
room = len(files)
assert room > 100, room
print('full', flush=True)
open('killed').read()
assert all(os.pread(f, 65536, 0).startswith(b'# HELP') for f in files)
for _ in range(2):
    for f in files:
        os.close(f)
    # The kernel tells of a close after it.
    files = fill()
    while len(files) < room:
        time.sleep(0.01)
        files += fill()
END
opener=$!
read -r _ <full
expect_fails cat "$G/.metrics"
touch "$G/.born/crowded"
kill_worker
: >killed
wait_exits "$opener" 0
stop_graveyard

# --- what is only looked at

start_graveyard --read-only
look
is_sound
says births_total 0
expect_eq "the living" "$(value alive)" "$(find "$G/.alive" -type f | wc -l)"
[ "$(value 'database_size_bytes{file="database"}')" -gt 0 ] || fail "no size"
stop_graveyard

# --- a full disk

# All that was left underneath, as much as there was time for above, would be taken in.
find "$G" -type f -delete
mkdir small
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
expected_log='unable to keep a tombstone: No space left on device'
start_graveyard --linger 1ms
touch "$G/.born/a"
look before
expect_fails dd if=/dev/zero of=small/filler bs=4k
expect_fails touch "$G/.died/a"
look
[ "$(value 'commits_total{result="failure"}')" -gt 0 ] || fail "no commit has failed"
[ "$(value 'errors_total{errno="ENOSPC"}')" -gt 0 ] || fail "nobody was told"
adds 'commits_total{result="success"}' 0
adds deaths_total 0
adds alive 0
rm small/filler
echo 4 >"$G/.died/a"
look
adds deaths_total 1
adds alive -1
