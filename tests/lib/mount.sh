# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# What every test in tests/mount/ begins with, after `set -eu`:
#
#	. "$(dirname "$0")/../lib/mount.sh"
#
# It runs the test again in a mount and a pid namespace of its own, with a tmpfs at $T and a time limit
# (TIME_LIMIT seconds, set before this line); with OWN_NETWORK=1 before it, in a network namespace, too, in which
# there is nobody else, and of which the loopback addresses work. Whatever happens, nothing mounted and no process is left.
#
# Then: start_graveyard [OPTION]…, the test, and at its end the harness itself stops the graveyard if the
# test has not, and looks at what it logged: lines that look like trouble fail the test, save those
# that match the ERE expected_log.
#
#	$G	the graveyard ($T/g)			$DB	its database
#	$LOG	what it wrote to standard error		$daemon	its process, while it runs
#
# By hand: GRAVEYARDFS=/path/to/graveyardfs tests/mount/basic.sh; KEEP_LOG=1 shows the log always.

TIME_LIMIT=${TIME_LIMIT:-60}
OWN_NETWORK=${OWN_NETWORK-}

# --- outside: namespaces, the temporary directory, the time limit -----------------------------------

# skip REASON: this machine cannot run the test. scripts/test sets NO_SKIP where it made sure it can.
skip()
{
	echo "skipped: $*" >&2
	[ -z "${NO_SKIP-}" ] || exit 1
	exit 77
}

# What the kernel lacks nobody can install: a skip that is always allowed.
skip_kernel()
{
	echo "skipped: this kernel has no $*" >&2
	exit 77
}

enter_namespaces()
{
	if [ "$(id -u)" != 0 ]; then
		[ -n "${TEST_SUDO-}" ] || skip "needs root"
		exec sudo -n env "PATH=$PATH" "GRAVEYARDFS=$GRAVEYARDFS" "NO_SKIP=${NO_SKIP-}" \
			"KEEP_LOG=${KEEP_LOG-}" "$test_script"
	fi
	[ -c /dev/fuse ] || skip "there is no /dev/fuse"
	unshare -mpf --propagation private true 2>/dev/null || skip "may not make namespaces"

	# The log lies outside of the tmpfs, to be read after the test, however that ends.
	outer=$(mktemp -d)
	chmod 711 "$outer"
	mkdir "$outer/t"
	: >"$outer/log"
	rc=0
	# The shell between is pid 1: when it ends, the kernel kills whatever the test has left.
	INSIDE=1 T=$outer/t LOG=$outer/log timeout -k 2 "$TIME_LIMIT" \
		unshare -mpf ${OWN_NETWORK:+-n} --kill-child --propagation private --mount-proc \
		sh -c '"$0"; exit $?' "$test_script" </dev/null || rc=$?
	case $rc in
	124 | 137) echo "FAILED: time limit of $TIME_LIMIT s exceeded" >&2 ;;
	esac
	case $rc:${KEEP_LOG-} in
	0: | 77:) ;;
	*)
		echo "--- log of graveyardfs" >&2
		tail -n 100 "$outer/log" >&2
		;;
	esac
	rm -r "$outer"
	exit "$rc"
}

test_script=$(realpath "$0")
GRAVEYARDFS=$(realpath "${GRAVEYARDFS:-$(dirname "$0")/../../build/graveyardfs}")
if [ -z "${INSIDE-}" ]; then
	enter_namespaces
fi
unset INSIDE

# --- inside -----------------------------------------------------------------------------------------

mount -t tmpfs -o mode=755,size=256m tmpfs "$T"
cd "$T" || exit 1
[ -d /sys/fs/fuse/connections ] || skip "this kernel has no FUSE"
mountpoint -q /sys/fs/fuse/connections || mount -t fusectl fusectl /sys/fs/fuse/connections

if [ -n "$OWN_NETWORK" ]; then
	command -v ip >/dev/null || skip "there is no ip (iproute2)"
	ip link set lo up
fi

export TMPDIR="$T/tmp"
G=$T/g
DB=$T/db/graveyard.db
mkdir "$G" "$TMPDIR"
chmod 1777 "$TMPDIR"
daemon=
tee=
connection=
expected_log=
trouble='error|assert|sanitizer|leak|overflow|corrupt|signal=SYS'

# fail MESSAGE
fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

# expect_eq WHAT GOT WANT
expect_eq()
{
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# expect_fails COMMAND…: with any status but 0. What it says is in $T/said.
expect_fails()
{
	if "$@" >"$T/said" 2>&1; then
		fail "expected to fail: $*"
	fi
}

# as_user UID COMMAND…: as somebody else, with no group but the same number's.
as_user()
{
	uid=$1
	shift
	setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$@"
}

# start_graveyard [OPTION]…: returns once it serves. It says so in its log, so that is waited for.
start_graveyard()
{
	rm -f "$T/stderr" "$T/lines"
	mkfifo "$T/stderr" "$T/lines"
	"$GRAVEYARDFS" --db "$DB" "$@" "$G" 2>"$T/stderr" &
	daemon=$!
	# -p: go on when grep, which has seen enough, closes its end. What grep has seen is in the log: tee writes to
	# its standard output first, and then to the files in their order.
	tee -p -a "$LOG" "$T/lines" <"$T/stderr" >/dev/null &
	tee=$!
	grep -q '^level=info event=serving ' <"$T/lines" || {
		wait "$daemon" && rc=0 || rc=$?
		daemon=
		fail "graveyardfs did not start (exit $rc)"
	}
	connection=$(mount_device "$G")
	[ -n "$connection" ] || fail "serving, but not mounted"
}

# The number that the kernel gives a mount's device, without asking the file system anything.
mount_device()
{
	awk -v at="$1" '$5 == at { sub("0:", "", $3); n = $3 } END { print n }' /proc/self/mountinfo
}

# stop_graveyard: ends it, waits, and expects success and nothing left mounted.
stop_graveyard()
{
	kill -s TERM "$daemon"
	wait_graveyard
	expect_eq "exit status of graveyardfs" "$rc" 0
	expect_eq "device still mounted" "$(mount_device "$G")" ""
}

# wait_graveyard: until it has ended by itself, and its log is complete. The status is in $rc.
wait_graveyard()
{
	rc=0
	wait "$daemon" || rc=$?
	daemon=
	wait "$tee" || :
	[ -n "$(mount_device "$G")" ] || connection=
}

# requests_waiting: how many requests the kernel has queued or sent that are not answered.
requests_waiting()
{
	cat "/sys/fs/fuse/connections/$connection/waiting"
}

# wait_parked N: until N requests stay unanswered. The kernel has no event for that, hence a loop; and
# as an open on its way to a read also counts, N has to be seen three times, with a request of our own,
# which the daemon answers in turn, between.
wait_parked()
{
	seen=0
	tries=2000
	until [ "$seen" = 3 ]; do
		stat -f "$G" >/dev/null
		waiting=$(requests_waiting)
		seen=$((waiting == $1 ? seen + 1 : 0))
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$waiting requests are parked, expected $1"
		sleep 0.01
	done
}

# wait_log ERE [N]: until the daemon has logged N such lines (1), with those of the daemons before.
wait_log()
{
	log_lines=$(timeout 20 sh -c 'tail -n +1 -f "$1" | grep -Em "$3" -e "$2"' sh "$LOG" "$1" "${2-1}" | wc -l)
	expect_eq "lines logged of: $1" "$log_lines" "${2-1}"
}

# wait_exits PID STATUS: until a background job has ended, with that status.
wait_exits()
{
	rc=0
	wait "$1" || rc=$?
	expect_eq "exit status of job $1" "$rc" "$2"
}

# Not beside the test, whose disk may be full. Status 1 of grep is that there is no such line, 2 that nobody knows.
log_is_clean()
{
	found=0
	grep -Ei -e "$trouble" "$LOG" | grep -Ev -e "${expected_log:-^$}" >"$LOG.trouble" || found=$?
	[ "$found" = 1 ]
}

# At the end of the test, wherever it ends.
finish()
{
	status=$?
	trap - EXIT TERM
	set +e
	if [ "$status" = 0 ] && [ -n "$daemon" ]; then
		kill -s TERM "$daemon"
		wait_graveyard
		if [ "$rc" != 0 ] || [ -n "$(mount_device "$G")" ]; then
			echo "FAILED: graveyardfs ended with $rc, or left its mount" >&2
			status=1
		fi
	fi
	# A daemon that hangs would keep others in uninterruptible sleep.
	# Only while it is ours: the number of a connection that is gone is soon another's.
	[ -z "$connection" ] || [ "$(mount_device "$G")" != "$connection" ] ||
		echo 1 >"/sys/fs/fuse/connections/$connection/abort"
	if [ "$status" = 0 ] && ! log_is_clean; then
		echo "FAILED: the log has" >&2
		cat "$LOG.trouble" >&2
		status=1
	fi
	cd /
	exit "$status"
}
trap finish EXIT
trap 'exit 124' TERM
