#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line, option by option.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

# runs STATUS WORDS ARGUMENT…: graveyardfs ends by itself with that status, and says that. Never hangs.
runs()
{
	status=$1
	words=$2
	shift 2
	rc=0
	timeout 20 "$GRAVEYARDFS" "$@" >out 2>&1 || rc=$?
	expect_eq "exit status of graveyardfs $*" "$rc" "$status"
	[ -z "$words" ] || grep -q -e "$words" out ||
		fail "graveyardfs $*: said '$(cat out)', not '$words'"
}

# fails_with WORDS COMMAND…
fails_with()
{
	words=$1
	shift
	expect_fails timeout 20 "$@"
	grep -q "$words" "$T/said" || fail "$*: said '$(cat "$T/said")', not '$words'"
}

# await COMMAND…: until it succeeds, where nothing tells that it does.
await()
{
	tries=1000
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "never so: $*"
		sleep 0.01
	done
}

is_mounted()
{
	[ -n "$(mount_device "$1")" ]
}

echo 1 >one

# --- what needs no mount ---
runs 0 '^graveyardfs [0-9]' --version
runs 0 '^usage: ' --help
for option in db durability names fresh until linger read-only read-only-at max-waits max-names log-level check unmount janitor \
	timeline version help; do
	grep -q -e "^  --$option " out || fail "--help does not know --$option"
done
runs 100 'MOUNTPOINT' --db "$DB"
runs 100 'MOUNTPOINT' --db "$DB" ''
runs 100 '--nonsense' --nonsense "$G"
runs 100 'nonsense' "$G" nonsense
runs 100 '--db' --db
runs 100 '--db' --db '' "$G"
runs 100 '--durability' --durability often "$G"
runs 100 '--names' --names 'a,,b' "$G"
runs 100 '--names' --names 'a, b' "$G"
runs 100 '--until has a part' --until died "$G"
runs 100 '--until mixes' --until died:a,died:b+died:c "$G"
runs 100 '--until .*--names' --names a --until died:b "$G"
runs 100 '--read-only-at' --read-only-at '' "$G"
runs 100 '--linger' --linger soon "$G"
runs 100 '--linger' --linger -1s "$G"
runs 100 '--max-waits' --max-waits 0 "$G"
runs 100 '--max-waits' --max-waits -1 "$G"
runs 100 '--max-names' --max-names 1x "$G"
runs 100 '--log-level' --log-level loud "$G"
runs 100 '--fresh' --read-only --fresh "$G"
runs 100 '--unmount' --check "$G" --unmount "$G"
[ ! -e db ] || fail "a usage error has made a database"

# --- databases that will not do: refused with a word, and left as they are ---
refused()
{
	sum=$(cksum <"$1")
	runs 111 "$2" --db "$1" "$G"
	expect_eq "$1" "$(cksum <"$1")" "$sum"
	is_mounted "$G" && fail "mounted with $1"
	runs 111 "$2" --read-only --db "$1" "$G"
	expect_eq "$1" "$(cksum <"$1")" "$sum"
}
mkdir bad
sqlite3 bad/foreign.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
refused bad/foreign.db 'bad/foreign.db'
head -c 20000 /dev/urandom >bad/noise.db
refused bad/noise.db 'bad/noise.db'
start_graveyard --linger 1ms
echo 3 >"$G/.died/a"
stop_graveyard
rm "$G/a"
cp "$DB" bad/newer.db
sqlite3 bad/newer.db 'PRAGMA user_version = 4711' >/dev/null
refused bad/newer.db 'bad/newer.db.*newer'
cp "$DB" bad/damaged.db
dd if=/dev/urandom of=bad/damaged.db bs=4096 seek=1 count=200 conv=notrunc 2>/dev/null
refused bad/damaged.db 'bad/damaged.db'
runs 111 'bad' --db bad "$G"
runs 111 'bad/none.db' --read-only --db bad/none.db "$G"
[ ! -e bad/none.db ] || fail "--read-only has made a database"
runs 111 '/proc' --db /proc/none/graveyard.db "$G"
mkdir readonly
mount -t tmpfs -o ro tmpfs readonly
runs 111 'readonly/graveyard.db' --db readonly/graveyard.db "$G"
is_mounted "$G" && fail "mounted after a refusal"

# --- mountpoints that will not do ---
: >file
runs 111 'file' --db other.db file
runs 111 'none' --db other.db /proc/none

# --- names ---
start_graveyard --linger 1ms --names agent,db
touch "$G/.born/agent"
echo 1 >"$G/.died/db"
fails_with 'No such file' cat "$G/.wait/died/agnet"
fails_with 'No such file' cat "$G/.wait/died/agent+agnet"
fails_with 'No such file' cp one "$G/.died/agnet"
fails_with 'No such file' touch "$G/agnet"
fails_with 'No such file' touch "$G/.born/agnet"
fails_with 'No such file' stat "$G/agnet"
expect_eq "those who exist" "$(cat "$G/.wait/exitcode/db")" 1
expect_eq "those who are listed" "$(cd "$G" && echo *)" "agent db"
expect_eq "those in .status" "$(cut -d ' ' -f 1 "$G/.status" | paste -sd ' ')" "NAME agent db"
expect_eq "the second by its offset" "$(tail -n 1 "$G/.status" | cut -d ' ' -f 1)" "db"
expect_eq "those in .status.json" "$(grep -o '"name":"[^"]*"' "$G/.status.json" | paste -sd ' ')" \
	'"name":"agent" "name":"db"'
stop_graveyard
rm -r "$G"

# --- fresh; and the mountpoint is made ---
start_graveyard --linger 1ms
expect_eq "without --fresh" "$(cd "$G" && echo *)" "a agent db"
stop_graveyard
[ -f "$G/a" ] || fail "no stone was left"
expect_eq "mode of a mountpoint that was made" "$(stat -c %a "$G")" 777
start_graveyard --linger 1ms --fresh
expect_eq "with --fresh" "$(find "$G" "$G/.died" "$G/.alive" -type f)" ""
grep -q 'ExitCode: 3' "$G/.history/a" || fail "--fresh has forgotten the history"
echo 4 >"$G/.died/a"
expect_eq "the next life" "$(awk '$3 == "a" { print $4 }' "$G/.log" | sort -u | paste -sd ' ')" "1 2"
stop_graveyard
start_graveyard --linger 1ms
expect_eq "after --fresh" "$(cd "$G" && echo *)" a

# --- one graveyard at a place, one daemon with a database ---
runs 111 'is a graveyard already' --db other.db "$G"
runs 111 'in use' --db "$DB" "$T/elsewhere"
expect_eq "the one that was there" "$(cat "$G/.exitcode/a")" 4

# --- check and unmount ---
runs 0 '' --check "$G"
runs 1 '' --check "$T"
runs 1 '' --check "$T/none"
worker=$(worker_pid)
kill -s STOP "$worker"
runs 1 '' --check "$G"
kill -s CONT "$worker"
runs 0 '' --unmount "$G"
wait_graveyard
expect_eq "exit status after --unmount" "$rc" 0
is_mounted "$G" && fail "--unmount has left the mount"
runs 1 '' --check "$G"
runs 1 'no graveyard' --unmount "$G"
start_graveyard
kill -s KILL "$daemon"
wait_graveyard 2>/dev/null
runs 1 '' --check "$G"
runs 0 '' --unmount "$G"
is_mounted "$G" && fail "--unmount has left a dead mount"
mkdir "$T/foreign"
mount -t tmpfs tmpfs "$T/foreign"
runs 1 '' --check "$T/foreign"
runs 1 'no graveyard' --unmount "$T/foreign"
is_mounted "$T/foreign" || fail "--unmount took down what is no graveyard"

# --- limits ---
stop_at=$DB
DB=$T/limits/graveyard.db
rm -r "$G"
start_graveyard --linger 1ms --max-names 2 --max-waits 1
touch "$G/.born/a" "$G/.born/b"
fails_with 'No space left' touch "$G/.born/c"
fails_with 'No space left' cp one "$G/.died/c"
echo 1 >"$G/.died/a"
touch "$G/.born/a"
cat "$G/.wait/died/b" >got &
waiter=$!
wait_parked 1
fails_with 'temporarily unavailable' cat "$G/.wait/died/b"
echo 1 >"$G/.died/b"
wait_exits "$waiter" 0
stop_graveyard
DB=$stop_at

# --- read-only: of a database in use, and of a copy of it with what is in its -wal only ---
rm -r "$G"
start_graveyard --linger 1ms
echo 5 >"$G/.died/last"
touch "$G/.born/alive"
[ -s "$DB-wal" ] || fail "there is no -wal, so this tests nothing"
mkdir copy
cp "$DB" "$DB-wal" copy
writer=$daemon
served=$G
for db in "$DB" copy/graveyard.db; do
	sum=$(cat "$db" "$db-wal" | cksum)
	mkdir -p "$T/view"
	timeout 30 "$GRAVEYARDFS" --read-only --db "$db" "$T/view" 2>>"$LOG" &
	reader=$!
	await is_mounted "$T/view"
	expect_eq "a code that is in the -wal" "$(cat "$T/view/.exitcode/last")" 5
	expect_eq "stones" "$(cd "$T/view" && echo *)" "a alive last"
	fails_with 'Read-only' touch "$T/view/.born/x"
	fails_with 'Read-only' cp one "$T/view/.died/alive"
	fails_with 'Read-only' rm "$T/view/a"
	fails_with 'Operation canceled' cat "$T/view/.wait/died/alive"
	fails_with 'Operation canceled' cat "$T/view/.wait/born/nobody"
	expect_eq "what has come" "$(cat "$T/view/.wait/exitcode/last")" 5
	timeout 20 cat "$T/view/.events" | cmp - "$T/view/.log" || fail ".events does not end"
	# As of the start.
	[ "$db" != "$DB" ] || echo 6 >"$served/.died/later"
	[ ! -e "$T/view/later" ] || fail "--read-only shows what came later"
	kill -s TERM "$(ps -o pid= --ppid "$reader")"
	wait_exits "$reader" 0
	is_mounted "$T/view" && fail "a read-only mount was left"
	[ "$db" = "$DB" ] || expect_eq "$db" "$(cat "$db" "$db-wal" | cksum)" "$sum"
	expect_eq "files left in the mountpoint" "$(ls -A "$T/view")" ""
done
expect_eq "the one that writes" "$daemon $(cat "$served/.exitcode/later")" "$writer 6"
stop_graveyard

# --- log level; births and deaths are told whatever it is ---
rm -r "$G"
for level in error warning info debug; do
	mkdir -p "$G"
	"$GRAVEYARDFS" --db "$T/$level.db" --linger 1ms --log-level "$level" "$G" 2>log &
	daemon=$!
	await is_mounted "$G"
	connection=$(mount_device "$G")
	touch "$G/.born/a"
	echo 3 >"$G/.died/a"
	expect_fails sh -c 'echo rubbish >"$1"' sh "$G/.died/b"
	kill -s TERM "$daemon"
	wait_exits "$daemon" 0
	daemon=
	connection=
	grep -q '^level=info event=born name=a life=1 via=write uid=0 gid=0 pid=[0-9]* seq=1 time=[0-9T:.-]*Z$' log || fail "$level: no line of a birth"
	grep -q '^level=info event=died name=a life=1 code=3 via=write ' log || fail "$level: no line of a death"
	grep -q 'rubbish' log && said=yes || said=no
	expect_eq "$level: warnings" "$said" "$([ "$level" = error ] && echo no || echo yes)"
	grep -q "^level=info event=serving mountpoint=$G$" log && said=yes || said=no
	expect_eq "$level: infos" "$said" "$(expr "$level" : '[id]' >no && echo yes || echo no)"
	rm -r "$G"
done

# --- a standard error that nobody reads holds up nothing; nor does none at all ---
mkdir "$G"
mkfifo deaf
exec 8<>deaf
dd if=/dev/zero of=deaf bs=4k oflag=nonblock 2>/dev/null || :
"$GRAVEYARDFS" --db "$T/deaf.db" --linger 1ms "$G" 2>deaf &
daemon=$!
await is_mounted "$G"
connection=$(mount_device "$G")
timeout 20 sh -euc 'for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"$1/.died/n$i"; cat "$1/n$i"; done' sh "$G" \
	>got || fail "a full pipe holds up the graveyard"
kill -s TERM "$daemon"
wait_exits "$daemon" 0
exec 8<&-
"$GRAVEYARDFS" --db "$T/closed.db" --linger 1ms "$G" 2>&- &
daemon=$!
await is_mounted "$G"
echo 1 >"$G/.died/closed"
expect_eq "the code" "$(cat "$G/.exitcode/closed")" 1
kill -s TERM "$daemon"
wait_exits "$daemon" 0
daemon=
connection=
sqlite3 "$T/closed.db" 'PRAGMA integrity_check' | grep -qx ok || fail "the log went into the database"
