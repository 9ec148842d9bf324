#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For images without a shell: cat and touch, and how bury itself gets there.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

start_graveyard

# --- touch and cat

"$BURY" touch "$G/.born/a" "$G/.ready/a"
"$BURY" cat "$G/.alive/a" "$G/.status" >out
expect_eq "the first line" "$(sed -n '1s/:.*//p' out)" Born
grep -q '^a .*ready' out || fail "not in the status: a"
"$BURY" cat "$G/.wait/died/a" >died &
waiter=$!
wait_parked 1
"$BURY" touch "$G/.died/a"
wait_exits "$waiter" 0
grep -q '^Died' died || fail "waited for nothing"
status=0
"$BURY" cat "$G/.exitcode/a" out >all 2>"$T/bury.log" || status=$?
expect_eq "exit status" "$status" 1
says 'event=cannot-read file=.*No such file'
cmp out all || fail "one that is missing hides another"
status=0
"$BURY" touch "$G/.wait/died/b" 2>"$T/bury.log" || status=$?
expect_eq "exit status" "$status" 1

# Plain files.
"$BURY" touch plain
[ -f plain ] || fail "not touched"
touch -d @1 plain
"$BURY" touch plain
[ "$(stat -c %Y plain)" -gt 1 ] || fail "its time was not set"
head -c 1000000 /dev/urandom >large
"$BURY" cat large | cmp - large

# Commands of these names are run with -- in front of them.
"$BURY" --quiet --graveyard "$G" --name c -- cat out >all
cmp out all || fail "not run"

# --- install

"$BURY" --install "$T/into/an/image"
cmp "$BURY" "$T/into/an/image/bury" || fail "another file"
expect_eq "its mode" "$(stat -c %a "$T/into/an/image/bury")" 755
# Over one that runs.
mkfifo running
"$T/into/an/image/bury" --quiet --graveyard "$G" --name d -- sh -c 'echo >running; exec sleep 1000' &
job=$!
hear running
"$BURY" --install "$T/into/an/image"
expect_eq "what is there" "$(ls -A "$T/into/an/image")" bury
kill -s TERM "$job"
wait_exits "$job" 143
mkdir none
mount -t tmpfs -o size=4k tmpfs none
status=0
"$BURY" --install none 2>"$T/bury.log" || status=$?
expect_eq "exit status on a full disk" "$status" 111
expect_eq "what is left" "$(ls -A none)" ""
umount none

# --- in an image that has nothing else

ldd "$BURY" >/dev/null 2>&1 && exit 0 # sanitized
mkdir -p root/graveyard root/bin
"$BURY" --install root/bin
mount --bind "$G" root/graveyard
chroot root /bin/bury --quiet --name e -- /bin/bury cat /graveyard/e >out
grep -q '^Born' out || fail "not in an empty image"
umount root/graveyard
[ "$(stat -c %s "$BURY")" -le 204800 ] || grep -q GLIBC "$BURY" || fail "larger than 200 KB"
