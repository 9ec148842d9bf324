#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Started by somebody who ignores SIGCHLD, which is inherited: all the same its processes are started again, and one
# that serves is not taken for one that does not answer.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

env --ignore-signal=CHLD true 2>/dev/null || skip "there is no env --ignore-signal (coreutils 8.31)"

cat >ignoring <<END
#!/bin/sh
exec env --ignore-signal=CHLD '$GRAVEYARDFS' "\$@"
END
chmod +x ignoring
GRAVEYARDFS=$T/ignoring

start_graveyard --linger 1ms
kill_worker
kill_herald
echo 3 >"$G/.died/a"
expect_eq "the code" "$(timeout 20 cat "$G/.exitcode/a")" 3
"$GRAVEYARDFS" --check "$G" || fail "one that serves is said not to answer"

# Nor is it cleared away.
rc=0
timeout 20 "$GRAVEYARDFS" --db "$T/other.db" "$G" >said 2>&1 || rc=$?
expect_eq "exit status where one is served" "$rc" 111
grep -q 'is a graveyard already' said || fail "said '$(cat said)'"
stop_graveyard

# A mount whose server is gone is found out by a child.
mkdir second
exec 7<>/dev/fuse
mount -i -t fuse.other -o fd=7,rootmode=40000,user_id=0,group_id=0 other "$T/second"
exec 7<&-
"$GRAVEYARDFS" --janitor "$T/second" 2>said &
janitor=$!
tail -F said 2>/dev/null | grep -qm1 'sleeping until SIGTERM'
kill -s TERM "$janitor"
wait_exits "$janitor" 0
expect_eq "device still mounted" "$(mount_device "$T/second")" ""
