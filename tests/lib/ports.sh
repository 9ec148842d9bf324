# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests of waits for ports. To be read after mount.sh, with OWN_NETWORK=1 before that.

# shellcheck disable=SC2154 # G, helpers: of mount.sh, or the test's own

# tcp JOB MODE ADDRESS PORT: helpers/tcp.c, in the background, as $tcp_pid_JOB; returns once it has said its word.
tcp()
{
	job=$1
	shift
	rm -f "tcp_$job"
	mkfifo "tcp_$job"
	"$helpers/tcp" "$@" >"tcp_$job" &
	eval "tcp_pid_$job=$!"
	# Read and write: it goes on when nobody reads any more.
	exec 8<>"tcp_$job"
	read -r word <&8 || fail "tcp $*: no word"
}

# says JOB SIGNAL WORD: to a signal it answers with that word.
says()
{
	exec 8<>"tcp_$1"
	eval "kill -s $2 \$tcp_pid_$1"
	read -r word <&8
	expect_eq "tcp $1" "$word" "$3"
}

# ends JOB [SIGNAL]
ends()
{
	eval "kill -s ${2-TERM} \$tcp_pid_$1"
	eval "wait \$tcp_pid_$1" 2>/dev/null || :
}

# park JOB WHAT: reads .wait/WHAT in the background.
park()
{
	rm -f "done_$1"
	{
		rc=0
		cat "$G/.wait/$2" >"got_$1" 2>"err_$1" || rc=$?
		now >"done_$1"
		exit "$rc"
	} &
	eval "pid_$1=$!"
}

waits()
{
	[ ! -e "done_$1" ] || fail "$1: ended, with '$(cat "got_$1" "err_$1")'"
}

# gets JOB TEXT, fails JOB MESSAGE
gets()
{
	eval "wait_exits \"\$pid_$1\" 0"
	expect_eq "$1" "$(cat "got_$1")" "$2"
}

fails()
{
	eval "wait_exits \"\$pid_$1\" 1"
	expect_eq "$1: error" "$(sed 's/.*: //' "err_$1")" "$2"
	expect_eq "$1: text" "$(cat "got_$1")" ""
}

# refused WHAT MESSAGE: at once, or soon.
refused()
{
	expect_fails timeout 20 cat "$G/.wait/$1"
	expect_eq "$1: error" "$(sed 's/.*: //' said)" "$2"
}

# uptime in hundredths of a second
now()
{
	sed 's/ .*//; s/\.//' /proc/uptime
}

# took JOB SINCE HUNDREDTHS: it ended not sooner than so long after that.
took()
{
	ended=$(cat "done_$1")
	[ $((ended - $2)) -ge $(($3 - 1)) ] || fail "$1: ended $((ended - $2))0 ms after, not $3""0 ms"
}

# need_socket_lists: of a graveyard that serves.
need_socket_lists()
{
	! head -n 1 "$G/.wait/listening/1@0s" 2>&1 | grep -q 'Input/output' || skip_kernel "NETLINK_SOCK_DIAG for TCP"
}
