#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The worker has no privileges; what needs one the keeper does for it, as far as it may.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"

OWNER=1000
OTHER=1001

# status FIELD: of the worker.
status()
{
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$(worker_pid)/status"
}

# has_no CAPABILITIES…: sets of the worker's that are empty.
has_no()
{
	for set; do
		expect_eq "the worker's $set" "$(status "$set")" 0000000000000000
	done
}

# is_sandboxed: once it serves. A sanitizer needs other system calls than the worker.
is_sandboxed()
{
	stat -f "$G" >/dev/null
	has_no CapEff CapPrm CapInh CapAmb
	expect_eq "the worker's NoNewPrivs" "$(status NoNewPrivs)" 1
	if grep -q 'system calls are not limited' "$LOG"; then
		echo "skipped: the filter of system calls, with sanitizers"
	else
		expect_eq "the worker's Seccomp" "$(status Seccomp)" 2
	fi
}

# closed PATH TEXT: a file of somebody else's, closed to all others.
closed()
{
	as_user "$OWNER" sh -c 'umask 077; echo "$2" >"$1"' sh "$1" "$2"
}

# skipped PATH: underneath, with a word in the log.
skipped()
{
	wait_log "^level=warning msg=.underneath the mount, '$1' is no stone: it cannot be opened"
}

chmod 777 "$G"
mkdir below
mount --bind "$G" below

# --- as root

closed "$G/early" 3
as_user "$OWNER" mkdir -m 700 "$G/.died"
closed "$G/.died/marked" 4
as_user "$OWNER" mkfifo -m 600 "$G/./fifo"
mknod -m 600 "$G/null" c 1 3
chown "$OWNER" "$G/null"
start_graveyard
is_sandboxed
has_no CapBnd
expect_eq "early" "$(cat "$G/.exitcode/early") $(stat -c %u "$G/early")" "3 $OWNER"
expect_eq "marked" "$(cat "$G/.exitcode/marked")" 4
skipped ./fifo
skipped ./null

# While it serves, and by a worker that did not see the beginning.
closed below/late 5
expect_eq "late" "$(cat "$G/.wait/exitcode/late@20s")" 5
kill_worker
is_sandboxed
closed below/.died/late2 6
expect_eq "late2" "$(cat "$G/.wait/exitcode/late2@20s")" 6
# A place that is closed to the daemon's user, and was made only now, is somebody else's affair.
as_user "$OWNER" mkdir -m 700 below/.born
wait_log "^level=warning msg=.underneath the mount, '.born' is somebody else's alone"

touch "$G/.born/of_root"
as_user "$OTHER" touch "$G/.born/of_other"
stop_graveyard
for stone in early late marked; do
	expect_eq "owner of what was left, $stone" "$(stat -c '%u %g' "$G/$stone")" "$OWNER $OWNER"
done
expect_eq "owners of what was left" "$(stat -c %u "$G/of_other" "$G/of_root" | paste -sd ' ')" \
	"$OTHER 0"
[ ! -e "$G/.graveyardfs-leaving" ] || fail "half a stone was left"

# --- as in a container that has CAP_SYS_ADMIN and /dev/fuse, and nothing else

umount below
find "$G" -mindepth 1 -delete
rm -r db
cat >bounded <<-END
	#!/bin/sh
	exec setpriv --bounding-set=-all,+sys_admin -- '$GRAVEYARDFS' "\$@"
END
chmod +x bounded
GRAVEYARDFS=$T/bounded
closed "$G/early" 3
as_user "$OTHER" sh -c 'echo 4 >"$1"' sh "$G/open"
start_graveyard
expect_eq "the keeper's capabilities" \
	"$(awk '$1 == "CapEff:" { print $2 }' "/proc/$daemon/status")" 0000000000200000
is_sandboxed
skipped ./early
expect_eq "open" "$(cat "$G/.exitcode/open") $(stat -c %u "$G/open")" "4 $OTHER"
as_user "$OTHER" touch "$G/.died/other"
kill_worker
is_sandboxed
expect_eq "other" "$(stat -c %u "$G/.died/other")" "$OTHER"
stop_graveyard
expect_eq "owner of what was left" "$(stat -c %u "$G/other")" 0
