# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# What every test in tests/container/ begins with, after `set -eu`:
#
#	. "$(dirname "$0")/../lib/container.sh"
#
# It runs the test again in namespaces of its own (mounts, processes, network), with podman's and all other
# state on a tmpfs at $T, images from what tests/container/prepare made, and a time limit. Whatever happens,
# nothing is left: no mount, no process, no container, no rule of a firewall, and no cgroup.
#
# Then: pods by pod_run, which are those of deploy/, or single containers by run.
#
#	$T		scratch		$deploy	where the manifests are
#	$pod		the pod's name	$G	the graveyard, as this machine sees it
#
# By hand, after `tests/container/prepare build-test/container`: tests/container/killed.sh; KEEP_LOG=1
# shows the logs always.

TIME_LIMIT=${TIME_LIMIT:-120}
test_script=$(realpath "$0")
here=$(dirname "$test_script")
top=${here%/*/*}
# shellcheck disable=SC2034 # of the tests
deploy=${DEPLOY:-$top/deploy}
work=${CONTAINER_WORK:-$top/build-test/container}

# skip REASON: this machine cannot run the test. scripts/test sets NO_SKIP where it made sure it can.
skip()
{
	echo "skipped: $*" >&2
	[ -z "${NO_SKIP-}" ] || exit 1
	exit 77
}

# What nobody can install here: a skip that is always allowed.
skip_always()
{
	echo "skipped: $*" >&2
	exit 77
}

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

# --- outside: namespaces, the time limit -------------------------------------------------------------

enter_namespaces()
{
	if [ "$(id -u)" != 0 ]; then
		[ -n "${TEST_SUDO-}" ] || skip "needs root"
		exec sudo -n env "NO_SKIP=${NO_SKIP-}" "KEEP_LOG=${KEEP_LOG-}" "CONTAINER_WORK=$work" \
			"$test_script"
	fi
	[ -c /dev/fuse ] || skip "there is no /dev/fuse"
	command -v podman >/dev/null || skip "there is no podman"
	unshare -mpfCn --propagation private true 2>/dev/null || skip "may not make namespaces"
	[ -d "$work/images" ] || fail "there are no images: tests/container/prepare $work"

	rc=0
	INSIDE=1 "$top/tests/lib/confined" --no-network "$TIME_LIMIT" "$test_script" || rc=$?
	case $rc in
	124 | 137) echo "FAILED: time limit of $TIME_LIMIT s exceeded" >&2 ;;
	esac
	exit "$rc"
}

if [ -z "${INSIDE-}" ]; then
	enter_namespaces
fi
unset INSIDE

# --- inside -----------------------------------------------------------------------------------------

# A short path: sockets lie below it.
T=/mnt
mount -t tmpfs -o mode=755,size=2g tmpfs "$T"
cd "$T" || exit 1
. "$top/tests/lib/podman.sh"
podman_private "$T" "$T/store" "$work/images"
PODS=$T/pods
mkdir "$PODS"
pod=
kubelet=

# wait_line FILE ERE [N]: until N lines of it match, 1 by default.
wait_line()
{
	timeout 60 tail -n +1 -F "$1" 2>/dev/null | grep -Eqm"${3-1}" -e "$2" ||
		fail "not said in $1: $2"
}

# --- pods

# pod_run NAME FILE [OPTION…]: has a kubelet run it, in the background; returns at once.
pod_run()
{
	pod=$1
	file=$2
	shift 2
	: >"$PODS/$pod.kubelet"
	"$here/kubelet.py" --root "$PODS" --name "$pod" "$@" "$file" >>"$PODS/$pod.kubelet" 2>&1 &
	kubelet=$!
	# shellcheck disable=SC2034 # of the tests
	G=$PODS/$pod/graveyard/graveyard
}

# pod_event ERE [N]: until the kubelet has said so; see kubelet.py.
pod_event()
{
	wait_line "$PODS/$pod.kubelet" "^$1\$" "${2-1}"
}

# pod_ends STATUS: until the pod is over.
pod_ends()
{
	rc=0
	wait "$kubelet" || rc=$?
	expect_eq "exit status of the pod $pod" "$rc" "$1"
	kubelet=
}

# pod_delete: as `kubectl delete pod`; until nothing of it is left.
pod_delete()
{
	kill -s TERM "$kubelet"
	pod_ends 0
}

# in_container NAME COMMAND…
in_container()
{
	container=$1
	shift
	podman exec "$pod.$container" "$@"
}

# said NAME ERE [N]: until a container has said so.
said()
{
	wait_line "$PODS/$pod.$1.log" "$2" "${3-1}"
}

# kill_container NAME: all of its processes, by SIGKILL, as the kernel does when memory is short.
kill_container()
{
	podman kill -s KILL "$pod.$1" >/dev/null
}

# main_pid NAME: of a container's first process, as seen here.
main_pid()
{
	podman inspect -f '{{.State.Pid}}' "$pod.$1"
}

# mounts DIRECTORY: how many graveyards are mounted below it, as seen here.
mounts()
{
	grep -c " $1/[^ ]* .* - fuse" /proc/self/mountinfo || :
}

# --- containers without a pod

# run NAME FLAG… IMAGE [ARGUMENT]…: in the background. For health checks podman wants systemd: not by
# default.
run()
{
	name=$1
	shift
	podman run -d --pull=never --network none --name "$name" \
		"${health:---no-healthcheck}" \
		--log-driver k8s-file --log-opt "path=$PODS/$name.log" "$@" >/dev/null
}

# log_of NAME ERE [N]
log_of()
{
	wait_line "$PODS/$1.log" "$2" "${3-1}"
}

# --- waits, in containers

# parked FILE: how many read it, as all processes of this test can be seen here.
parked()
{
	find /proc/[0-9]*/fd -lname "*$1" 2>/dev/null | wc -l
}

# wait_parked FILE [N]: until N processes have it open. The kernel has no event for that.
wait_parked()
{
	tries=3000
	until [ "$(parked "$1")" -ge "${2-1}" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "nobody reads $1"
		sleep 0.02
	done
}

finish()
{
	status=$?
	trap - EXIT TERM
	set +e
	if [ "$status" = 0 ] && [ -n "$kubelet" ]; then
		kill -s TERM "$kubelet"
		wait "$kubelet" || {
			echo "FAILED: the pod $pod cannot be deleted" >&2
			status=1
		}
	fi
	podman pod rm -fa -t 0 >/dev/null 2>&1
	podman rm -fa -t 0 >/dev/null 2>&1
	if [ "$status" = 0 ] && [ "$(mounts "$T")" != 0 ]; then
		echo "FAILED: still mounted:" >&2
		grep -e ' - fuse' /proc/self/mountinfo >&2
		status=1
	fi
	case $status:${KEEP_LOG-} in
	0: | 77:) ;;
	*) tail -n 40 "$PODS"/*.kubelet "$PODS"/*.log >&2 ;;
	esac
	cd /
	exit "$status"
}
trap finish EXIT
trap 'exit 124' TERM
