#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is written into the directory underneath the mount, before it or by those who do not see it, is taken
# in, once.
set -eu
. "$(dirname "$0")/../lib/mount.sh"

# field FILE NAME: of a stone.
field()
{
	sed -n "s/^$2: \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$1"
}

lives()
{
	grep -c '^Life:' "$G/.history/$1"
}

expect_lives()
{
	expect_eq "lives of $1" "$(lives "$1")" "$2"
}

# The directory as somebody sees it who does not see the mount: a bind mount made before it.
mkdir below
mount --bind "$G" below

# --- before the mount ---
early='2026-11-21T01:02:03.5Z'
: >"$G/plain"
touch -d "$early" "$G/plain"
printf 'Born: "2026-11-21T03:00:00Z"\nDied: "2026-11-21T03:10:00.25Z"\nExitCode: 3\n' >"$G/whole"
echo 4 >"$G/code"
touch -d "$early" "$G/code"
chmod 777 "$G"
as_user 1000 sh -c 'echo "ExitCode: 5" >"$1"' sh "$G/owned"
mkdir "$G/.born" "$G/.ready" "$G/.died"
touch -d "$early" "$G/.born/b" "$G/.ready/r" "$G/.died/d"
echo 6 >"$G/.died/coded"
printf 'Born: "2026-11-21T03:00:00Z"\n' >"$G/both"
echo 7 >"$G/.died/both"

# What is no stone.
echo rubbish >"$G/rubbish"
echo 'ExitCode: 4000' >"$G/.died/range"
head -c 5000 /dev/zero | tr '\0' 'x' >"$G/long"
: >"$G/no name"
: >"$G/-dash"
: >"$G/.hidden"
ln -s whole "$G/link"
ln -s /etc/passwd "$G/.died/link"
mkfifo "$G/fifo" "$G/.died/fifo"
mknod "$G/null" c 1 3
mkdir "$G/directory" "$G/.died/directory"

start_graveyard --linger 1ms
# The first request sees all that was there.
[ -f "$G/plain" ] || fail "what was there before is not seen by the first request"
expect_eq "stones" "$(cd "$G" && echo *)" "b both code coded d owned plain r whole"
expect_eq "plain, born" "$(field "$G/plain" Born)" "$early"
expect_eq "plain" "$(wc -l <"$G/plain")" 1
expect_eq "whole" "$(cat "$G/whole")" "$(cat below/whole)"
expect_eq "code" "$(cat "$G/.exitcode/code")" 4
expect_eq "code, died" "$(field "$G/code" Died)" "$early"
expect_eq "owner" "$(stat -c '%u %g' "$G/owned")" "1000 1000"
expect_eq "b" "$(cat "$G/b")" "Born: \"$early\""
expect_eq "r, ready" "$(field "$G/.ready/r" Ready)" "$early"
expect_eq "d, died" "$(field "$G/.died/d" Died)" "$early"
[ ! -e "$G/.exitcode/d" ] || fail "d has a code"
expect_eq "coded" "$(cat "$G/.exitcode/coded")" 6
expect_eq "both" "$(field "$G/both" Born) $(cat "$G/.exitcode/both")" "2026-11-21T03:00:00Z 7"
for name in b both code coded d owned plain r whole; do
	expect_lives "$name" 1
done
for name in rubbish .died/range long 'no name' -dash link .died/link fifo .died/fifo null; do
	wait_log "^level=warning msg=.underneath the mount, '.*$name'"
done

# --- while it is served ---
cat "$G/.wait/died/late" >late &
late=$!
cat "$G/.wait/exitcode/plain" >code &
code=$!
wait_parked 2
echo 8 >below/late
wait_exits "$late" 0
expect_eq "late" "$(field late ExitCode)" 8
# Moved in whole, as an atomic writer does.
echo 9 >below/.tmp
mv below/.tmp below/plain
wait_exits "$code" 0
expect_eq "the code of plain" "$(cat code)" 9
expect_eq "plain is still the same" "$(field "$G/plain" Born) $(lives plain)" "$early 1"
: >below/.ready/late2
cat "$G/.wait/ready/late2@20s" >/dev/null
echo 10 >below/.died/late2
expect_eq "late2" "$(cat "$G/.wait/exitcode/late2@20s")" 10
expect_lives late2 1
# Nor do these stop it.
mkfifo below/fifo2
ln -s whole below/link2
echo rubbish >below/rubbish2
printf 'Born: "2026-11-21T04:00:00Z"\nDied: "2026-11-21T04:00:01Z"\n' >below/whole
cat "$G/.wait/died/whole+after@20s" >/dev/null &
after=$!
echo 0 >below/after
wait_exits "$after" 0
expect_lives whole 2
# The same again is nothing.
before=$(cat "$G/.log")
cat "$G/whole" >stone
cp stone below/whole
cp -p below/plain below/.tmp
mv below/.tmp below/plain
touch -d "$early" below/.died/d
: >below/after2
cat "$G/.wait/born/after2@20s" >/dev/null
expect_eq "the journal after the same stones again" "$(grep -v after2 "$G/.log")" "$before"
# A place made later is looked at too.
rm -r below/.ready
mkdir below/.ready
: >below/.ready/late3
cat "$G/.wait/ready/late3@20s" >/dev/null

# --- left by an end, and taken in again by the next ---
touch "$G/.born/restarted"
stop_graveyard
[ -f "$G/late" ] || fail "no stone was left"
before=$(sqlite3 "$DB" 'SELECT seq, time, name, life, what, exit_code FROM journal')
start_graveyard --linger 1ms
expect_eq "the journal after a restart" \
	"$(sqlite3 "$DB" 'SELECT seq, time, name, life, what, exit_code FROM journal')" "$before"

# The marker of an earlier death does not kill a new life.
touch "$G/.born/coded"
[ -f below/.died/coded ] || fail "the marker is gone"
stop_graveyard
start_graveyard --linger 1ms
[ -f "$G/.alive/coded" ] || fail "a marker left from an earlier life has killed the current one"
expect_lives coded 2
stop_graveyard

# With a new database what was left is all there is; each has the life that its stone tells of.
find "$G" -mindepth 1 -depth \( -path "$G/.*" -o ! -type f \) -delete
cp -a "$G" left
rm -r db
start_graveyard --linger 1ms
for name in both whole late plain after r restarted; do
	cmp "left/$name" "$G/$name" || fail "$name is not what was left"
	expect_lives "$name" 1
done
expect_eq "owner of what was left" "$(stat -c '%u %g' "$G/owned")" "1000 1000"
