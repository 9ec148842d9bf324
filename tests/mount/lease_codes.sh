#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In whichever way the holder of a lease ends, its death is recorded at once, with the exit code
# that the kernel tells (Linux 6.15), and never with a wrong one.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/holder" ] || skip "the helpers are not built"

# A guard against what never comes; bench/ says how long it takes.
LIMIT_MS=10000
named=0
kernel_tells=$(uname -r | awk -F . '{ print ($1 > 6 || ($1 == 6 && $2 + 0 >= 15)) }')

# ends WAY CODE [REAPED [CGROUP]]: a code that nobody but the kernel could tell.
ends()
{
	named=$((named + 1))
	name=$1-$named
	want=$2
	[ "$kernel_tells" = 1 ] || want=ENODATA
	"$helpers/holder" "$G" "$name" "$1" "${3-at-once}" ${4+"$4"} >told ||
		fail "$1, reaped ${3-at once}"
	read -r died after code <told
	echo "$1, reaped ${3-at-once}: dead after $died ms, code after $after ms: $code"
	expect_eq "the code of $1, reaped ${3-at once}" "$code" "$want"
	[ "$died" -lt "$LIMIT_MS" ] || fail "$1: its death was recorded after $died ms"
	[ "$after" -lt $((LIMIT_MS + 200)) ] || fail "$1: its code was told after $after ms"
	expect_eq "events of $1" "$(awk -v n="$name" '
		$3 == n && $5 != "exitcode" { print $4 $5 }' "$G/.log" | paste -sd ' ')" "1born 1died"
	# Later, too, and in the stone.
	[ "$code" = ENODATA ] || expect_eq "the stone of $1" "$(sed -n 's/^ExitCode: //p' "$G/$name")" "$want"
}

each_way()
{
	ends exit0 0
	ends exit7 7
	ends kill 137
	ends segv 139
	ends thread 5
	ends thread-gone 5
	ends leader-gone 6
	ends pidns 137
	ends daemon ENODATA
}

start_graveyard --linger 1ms
each_way
# Its parent takes its time, and the death does not wait for that.
ends exit7 7 late
ends kill 137 late
ends exit7 ENODATA never
[ "$after" -ge 50 ] || fail "nobody waited for the reaping"
[ "$died" -lt "$after" ] || fail "the death has waited for the reaping"

if [ -x "$helpers/aio" ]; then
	"$helpers/aio" 100 "$G/.wait/exitcode/nobody" 2>aio &
	aio=$!
	wait_parked 100
	each_way
	echo 0 >"$G/.died/nobody"
	wait_exits "$aio" 0
fi
stop_graveyard

# A kernel that does not tell. What was written is the code there, too.
export GRAVEYARDFS_WITHOUT=pidfd-info
start_graveyard --linger 1ms
for way in exit0 exit7 kill segv thread thread-gone pidns daemon; do
	ends "$way" ENODATA
done
ends exit7 ENODATA late
sh -c 'echo 4 >&9; exit 5' 9>"$G/.lease/written" || :
expect_eq "a written code" "$(cat "$G/.wait/exitcode/written")" 4
stop_graveyard
unset GRAVEYARDFS_WITHOUT
start_graveyard --linger 1ms
sh -c 'echo 4 >&9; exit 5' 9>"$G/.lease/written2" || :
expect_eq "a code both written and told" "$(cat "$G/.wait/exitcode/written2")" 4

# --- the OOM killer

# memory_cgroup: a small one of our own, in $cgroup; version 1 or 2.
memory_cgroup()
{
	for limit in /sys/fs/cgroup/memory:memory.limit_in_bytes /sys/fs/cgroup:memory.max; do
		cgroup=${limit%:*}/$(basename "$(dirname "$T")")
		mkdir "$cgroup" 2>/dev/null || continue
		echo 16777216 2>/dev/null >"$cgroup/${limit#*:}" && return
		rmdir "$cgroup"
	done
	return 1
}

memory_cgroup || skip_kernel "memory controller that may be used here"
[ ! -e "$cgroup/memory.swap.max" ] || echo 0 >"$cgroup/memory.swap.max"
rc=0
(ends oom 137 at-once "$cgroup") || rc=$?
rmdir "$cgroup"
[ "$rc" = 0 ]
