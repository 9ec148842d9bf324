#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In whichever way the holder of a lease ends, its death is recorded at once, with the exit code
# that the kernel tells (Linux 6.15), and never with a wrong one.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/holder" ] || skip "the helpers are not built"
command -v python3 >/dev/null || skip "there is no python3"

# A guard against what never comes; bench/ says how long it takes.
LIMIT_MS=10000
# So long whoever waits for a code waits for the reaping, too.
PATIENCE_MS=100
named=0
kernel_tells=$(uname -r | awk -F . '{ print ($1 > 6 || ($1 == 6 && $2 + 0 >= 15)) }')

# hold WAY REAPED [CGROUP]: one holder, whose end is told by $died, $after, $code and $reaped.
hold()
{
	named=$((named + 1))
	name=$1-$named
	"$helpers/holder" "$G" "$name" "$@" >told || fail "$1, reaped $2"
	read -r died after code reaped <told
}

# ends WAY CODE [REAPED [CGROUP]]: a code that nobody but the kernel could tell. On a busy machine the reaping may come
# too late for whoever waits: then it is another holder's turn.
ends()
{
	want=$2
	[ "$kernel_tells" = 1 ] || want=ENODATA
	hold "$1" "${3-at-once}" ${4+"$4"}
	while [ "$code" != "$want" ] && [ "$code" = ENODATA ] && [ "$reaped" -ge "$PATIENCE_MS" ]; do
		hold "$1" "${3-at-once}" ${4+"$4"}
	done
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
# A busy machine can only have it look as if the code was not waited for, or the death was, never the other way round.
tries=20
until ends exit7 ENODATA never && [ "$after" -ge 50 ] && [ "$died" -lt "$after" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "the reaping was not waited for by the code alone: $died and $after ms"
done

# Who was held up beyond that, with more to do (some batches of closes), looks for the process that was reaped in time
# before it says that there is no code. Where it could not be stopped in time: another process.
cat >held_up.py <<'END'
import os, signal, sys, threading, time
g, name, worker, waiting, patience = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]) / 1000

# Or more: what the graveyard itself announces.
def await_unanswered(n):
    while int(open(waiting).read()) < n:
        time.sleep(0.001)

def state():
    return open("/proc/%d/stat" % worker).read().rsplit(")", 1)[1].split()[0]

def wait_for_code():
    try:
        said.append(os.read(code, 100).decode().strip())
    except OSError as e:
        said.append(e.strerror)

go, held, said = os.pipe(), os.pipe(), []
pid = os.fork()
if pid == 0:
    os.close(go[1])
    os.open(g + "/.lease/" + name, os.O_WRONLY | os.O_CREAT)
    os.write(held[1], b"x")
    os.read(go[0], 1)
    os._exit(7)
os.read(held[0], 1)
died = os.open(g + "/.wait/died/" + name, os.O_RDONLY)
code = os.open(g + "/.wait/exitcode/" + name, os.O_RDONLY)
others = [os.open(g + "/.help", os.O_RDONLY) for _ in range(900)]
waiter = threading.Thread(target=wait_for_code)
waiter.start()
await_unanswered(1)
begun = time.monotonic()
os.close(go[1])
os.read(died, 4096)
os.kill(worker, signal.SIGSTOP)
while state() != "T":
    pass
stopped = time.monotonic()
os.waitpid(pid, 0)
for fd in others:
    os.close(fd)
await_unanswered(1 + len(others))
time.sleep(1.5 * patience)
os.kill(worker, signal.SIGCONT)
waiter.join()
print("again" if stopped - begun >= patience else said[0])
END
if [ "$kernel_tells" = 1 ]; then
	said=again
	while [ "$said" = again ]; do
		named=$((named + 1))
		said=$(python3 held_up.py "$G" "held-up-$named" "$(worker_pid)" \
			"/sys/fs/fuse/connections/$connection/waiting" "$PATIENCE_MS")
	done
	expect_eq "the code that was there in time" "$said" 7
fi

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
