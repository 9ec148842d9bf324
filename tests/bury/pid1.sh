#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As the first process of a container: whatever is orphaned there is reaped, and it ends as its child did.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

kind=plain
Y=$T/y
mkdir "$Y"

# Prints how many are zombies, besides itself, once all orphans have ended.
cat >orphans <<'END'
i=0
while [ "$i" -lt 100 ]; do
	i=$((i + 1))
	sh -c 'true & true &' # whose parent goes first
done
# Reaped by nobody but pid 1, at any time.
while :; do
	left=$(grep -c '^State:.Z' /proc/[0-9]*/status | grep -c ':1$' || :)
	others=$(ls -d /proc/[0-9]* | wc -l)
	[ "$left" != 0 ] || break
done
echo "$left"
exit 9
END
status=0
unshare -pf --mount-proc "$BURY" --quiet --graveyard "$Y" --name app -- sh orphans >out || status=$?
expect_eq "exit status" "$status" 9
expect_eq "zombies" "$(cat out)" 0
expect_eq "the code" "$(field app ExitCode)" 9

# TERM has no default action for pid 1: it has to be passed on.
mkfifo running
unshare -pf --mount-proc "$BURY" --quiet --graveyard "$Y" --name app -- \
	sh -c 'trap "exit 6" TERM; echo >running; while :; do sleep 100 & wait; done' &
job=$!
hear running
pid1=$(cat "/proc/$job/task/$job/children")
kill -s TERM "${pid1% }"
wait_exits "$job" 6

# A child that is killed from outside.
unshare -pf --mount-proc "$BURY" --quiet --graveyard "$Y" --name app -- \
	sh -c 'echo >running; kill -s KILL $$' &
job=$!
hear running
wait_exits "$job" 137
expect_eq "the code" "$(field app ExitCode)" 137

# An init container that waits by `bury cat` ends when its pod is to.
mkfifo silent
unshare -pf --mount-proc "$BURY" cat silent &
job=$!
exec 8>silent # once it has it open
pid1=$(cat "/proc/$job/task/$job/children")
kill -s TERM "${pid1% }"
wait_exits "$job" 143
exec 8>&-
