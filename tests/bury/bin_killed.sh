#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .bin/bury over the death of the process that serves it, and over a newer program with another bury.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
plain=$GRAVEYARDFS
version=$("$BURY" --version)
bin=$G/.bin/bury

# --- killed while it answers: nobody notices

need_hold
start_graveyard
for opcode in 14 15; do # FUSE_OPEN, FUSE_READ
	hold_at answer "$opcode"
	# Nothing of it is cached yet, when it is read for the first time.
	"$bin" --version >"version.$opcode" &
	job=$!
	kill_held
	wait_exits "$job" 0
	expect_eq "its version" "$(cat "version.$opcode")" "$version"
	cmp "$bin" "$BURY" || fail "another file"
	stop_graveyard
	start_graveyard
done
stop_graveyard

# --- SIGUSR2: of the newer program's bury, nothing is what was cached of the older one's

mkdir bin
cp "$plain" bin/graveyardfs
LC_ALL=C sed "s/$version/bury 9.8.7/g" "$plain" >bin/newer
chmod +x bin/newer
LC_ALL=C sed "s/$version/bury 9.8.7/g" "$BURY" >bin/bury
if cmp -s bin/bury "$BURY"; then
	fail "no version in $BURY"
fi
expect_eq "its length" "$(stat -c %s bin/newer)" "$(stat -c %s bin/graveyardfs)"
GRAVEYARDFS=$T/bin/graveyardfs
start_graveyard
expect_eq "its version" "$("$bin" --version)" "$version"
before=$(stat -c '%s %Y' "$bin")
exec 5<"$bin"
dd bs=1k count=1 status=none <&5 | cmp -n 1024 - "$BURY"
old=$(worker_pid)
mv bin/newer bin/graveyardfs
kill -s USR2 "$daemon"
await_child gyfs-worker "$old" >new
gone "$old"
cmp "$bin" bin/bury || fail "what was cached of the older one"
expect_eq "its version" "$("$bin" --version)" "bury 9.8.7"
expect_eq "its size, and second" "$(stat -c '%s %Y' "$bin")" "$before"
# Who had opened the older one gets nothing of the newer, but an error.
expect_fails cat <&5
grep -Eq 'Stale file handle|Input/output error' said || fail "who had opened the older one: $(cat said)"
exec 5<&-
kill_worker
cmp "$bin" bin/bury || fail "another file"
