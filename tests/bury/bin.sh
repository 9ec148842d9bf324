#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .bin/bury: the program that was built with graveyardfs, read and run from the graveyard, which it outlives.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"
for tool in busybox python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
try=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/try
[ -x "$try" ] || skip "the helpers are not built"

start_graveyard
bin=$G/.bin/bury

# --- a file as any other

touch "$G/stone"
expect_eq "ls -A" "$(ls -A "$G")" stone
expect_eq "ls -A .bin" "$(ls -A "$G/.bin")" bury
expect_eq "mode and size" "$(stat -c '%F %A %s' "$bin")" "regular file -r-xr-xr-x $(stat -Lc %s "$BURY")"
expect_eq "mode of .bin" "$(stat -c %A "$G/.bin")" dr-xr-xr-x
[ -x "$bin" ] || fail "not executable"
as_user 1000 test -x "$bin" || fail "not executable for others"
[ ! -w "$bin" ] || fail "writable"

# same COMMAND…: writes it to standard output.
same()
{
	"$@" >got
	cmp got "$BURY" || fail "another file by: $*"
}
same cat "$bin"
same dd "if=$bin" bs=7k status=none
same dd "if=$bin" bs=1M status=none
same dd "if=$bin" bs=4k iflag=direct status=none
same dd "if=$bin" bs=1M iflag=direct status=none
same busybox cat "$bin"
same tail -c +1 "$bin"
cp "$bin" copy
cmp copy "$BURY" || fail "another file by cp"
cp -a "$G/.bin" copies
cmp copies/bury "$BURY" || fail "another file by cp -a"
same python3 -c '
import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(f, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
sys.stdout.buffer.write(m)' "$bin"
same python3 -c '
import os, sys
f = os.open(sys.argv[1], os.O_RDONLY)
while os.sendfile(1, f, None, 1 << 20) > 0:
    pass' "$bin"
expect_eq "past its end" "$(tail -c +1000000000 "$bin" | wc -c)" 0

# --- nobody can change it

# gets WANT STEP…
gets()
{
	want=$1
	shift
	expect_eq "$*" "$(cd "$G" && "$try" "$@" | paste -sd ' ')" "$want"
}
gets "EACCES EACCES EACCES EACCES" open w .bin/bury open wt .bin/bury open b .bin/bury open wc .bin/bury
gets "EEXIST EINVAL ENOENT" open wcx .bin/bury open wc .bin/new stat .bin/new
gets "EPERM EPERM EPERM EPERM EPERM" unlink .bin/bury rename .bin/bury new mkdir .bin/new rmdir .bin \
	link .bin/bury new
"$try" truncate "$bin" chmod 600 "$bin" utimens "$bin" >/dev/null || :
expect_eq "after all that" "$(stat -c '%A %s' "$bin")" "-r-xr-xr-x $(stat -Lc %s "$BURY")"
same cat "$bin"

# --- it runs

version=$("$BURY" --version)
expect_eq "its version" "$("$bin" --version)" "$version"
expect_eq "by sh -c" "$(sh -c "$bin --version")" "$version"
expect_eq "by somebody else" "$(as_user 1000 "$bin" --version)" "$version"
expect_eq "by its name" "$(PATH="$G/.bin:$PATH" env bury --version)" "$version"
expect_eq "by a relative path" "$(cd "$G" && .bin/bury --version)" "$version"
"$bin" touch "$G/.ready/ready"
"$bin" cat "$G/.wait/ready/ready" >/dev/null
"$bin" --install "$T/image"
cmp "$T/image/bury" "$BURY" || fail "installed another file"

# Of the graveyard that it lies in, from memory.
status=0
# shellcheck disable=SC2016 # for that shell
command "$bin" --name app -- \
	sh -c 'readlink "/proc/$PPID/exe"; cat "/proc/$PPID/comm"; exit 4' >out 2>"$T/bury.log" || status=$?
expect_eq "exit status" "$status" 4
expect_eq "what runs" "$(paste -sd , out)" "/memfd:bury (deleted),bury"
expect_eq "the code" "$(cat "$G/.exitcode/app")" 4
! grep -q runs-from-graveyard "$T/bury.log" || fail "a warning without a reason"
status=0
"$bin" --bogus 2>"$T/bury.log" || status=$?
expect_eq "exit status of a usage error" "$status" 2
# One that lies elsewhere runs as it is.
# shellcheck disable=SC2016
"$BURY" --quiet --graveyard "$G" --name elsewhere -- sh -c 'readlink "/proc/$PPID/exe"' >out
expect_eq "what runs" "$(cat out)" "$BURY"

# Where memory may not be run; in a pid namespace of its own, as that cannot be taken back.
noexec=/proc/sys/vm/memfd_noexec
if [ -e "$noexec" ]; then
	status=0
	unshare -pf --mount-proc sh -c 'echo "$1" >"$2"; shift 2; "$@"; exit $?' sh 1 "$noexec" \
		"$bin" --name noexec1 -- true 2>"$T/bury.log" || status=$?
	expect_eq "exit status" "$status" 0
	! grep -q runs-from-graveyard "$T/bury.log" || fail "does not ask for memory that may be run"
	status=0
	unshare -pf --mount-proc sh -c 'echo "$1" >"$2"; shift 2; "$@"; exit $?' sh 2 "$noexec" \
		"$bin" --name noexec2 -- sh -c 'exit 6' 2>"$T/bury.log" || status=$?
	expect_eq "exit status" "$status" 6
	kind=noexec
	says 'level=warning event=runs-from-graveyard .*Permission denied'
	expect_eq "the code" "$(cat "$G/.exitcode/noexec2")" 6
fi

# --- whoever serves it is gone, all of them, at once

mkfifo running told
"$bin" --name survivor --grace 1h -- sh -c '
	trap "echo USR1 >told" USR1
	trap "exit 7" TERM
	echo >running
	while :; do sleep 100 & wait; done' 2>"$T/bury.log" &
job=$!
hear running
expect_eq "what runs" "$(readlink "/proc/$job/exe")" "/memfd:bury (deleted)"
expected_log=.
worker=$(worker_pid)
herald=$(herald_pid)
kill -s KILL "$daemon"
# They end with the keeper: perhaps they have.
kill -s KILL "$worker" "$herald" 2>/dev/null || :
wait "$daemon" 2>/dev/null || :
gone "$worker" "$herald"
wait "$tee" || :
daemon=
connection=
expect_fails cat "$bin"
kill -s USR1 "$job"
hear told
expect_eq "signal passed on" "$word" USR1
kill -s TERM "$job"
# Its child has ended, and there is nobody to be told: it goes on trying, until TERM.
tail -n +1 -f "$T/bury.log" | grep -qm1 'event=cannot-write-stone name=survivor '
kill -s TERM "$job"
wait_exits "$job" 7

# --- in a graveyard that only shows what was, and where it is shown a second time

start_graveyard --read-only
same cat "$bin"
expect_eq "its version" "$("$bin" --version)" "$version"
stop_graveyard
mkdir second
start_graveyard --read-only-at "$T/second"
cmp second/.bin/bury "$BURY" || fail "another file where it is read-only"
expect_eq "its version" "$(second/.bin/bury --version)" "$version"
