#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A parked reader can be killed and interrupted, at once, and leaves nothing behind in the daemon.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/signals" ] || skip "the helpers are not built"

others=0

# A shell lets its background jobs ignore SIGINT, hence env.
cat_dies_of()
{
	env --default-signal=INT cat "$G/.wait/died/nobody" &
	pid=$!
	wait_parked $((others + 1))
	kill -s "$1" "$pid"
	wait_exits "$pid" "$2"
	wait_parked "$others"
}

rss()
{
	awk '/^Rss:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup"
}

sanitized()
{
	nm -D "$GRAVEYARDFS" 2>/dev/null | grep -q __asan_init
}

start_graveyard
cat_dies_of INT 130
cat_dies_of TERM 143
cat_dies_of KILL 137

# With 1,000 others, in one process, which is then killed itself.
"$helpers/crowd" 1000 "$G/.wait/died/nobody" >crowd &
crowd=$!
wait_parked 1000
others=1000
cat_dies_of INT 130
cat_dies_of TERM 143
cat_dies_of KILL 137
kill -s KILL "$crowd"
wait_exits "$crowd" 137
wait_parked 0

# Nothing is left behind: neither memory ...
i=0
while [ "$i" -lt 12 ]; do
	"$helpers/crowd" 500 "$G/.wait/died/nobody" >crowd &
	crowd=$!
	wait_parked 500
	kill -s KILL "$crowd"
	wait_exits "$crowd" 137
	wait_parked 0
	i=$((i + 1))
	[ "$i" != 4 ] || before=$(rss)
done
after=$(rss)
sanitized || [ "$after" -le $((before + 64)) ] ||
	fail "the daemon grew from $before to $after kB by readers that are gone"

# ... nor places among the waits.
others=0
stop_graveyard
start_graveyard --max-waits 3
for i in 1 2 3 4 5 6 7 8; do
	cat_dies_of KILL 137
done
timeout 40 "$helpers/crowd" 3 "$G/.wait/died/nobody" >crowd &
crowd=$!
wait_parked 3
echo 5 >"$G/.died/nobody"
wait_exits "$crowd" 0
expect_eq "readers that are left" "$(cut -d ' ' -f 1-2 crowd)" "3 ok"

# Handlers, threads, and signals that come at any moment.
stop_graveyard
start_graveyard
timeout 50 "$helpers/signals" "$G"
wait_parked 0

# What is stopped and continued (docker pause, ^Z) waits on.
for reader in 'cat' 'busybox cat' 'dash -c "read -r c && echo \$c"' 'bash -c "read -r c && echo \$c"'; do
	name=$(echo "$reader" | tr -cd '[:lower:]')
	# The reader itself, and not a shell that waits for it.
	sh -c "exec $reader" <"$G/.wait/exitcode/$name" >code &
	pid=$!
	wait_parked 1
	kill -s STOP "$pid"
	until grep -q '^State:.T' "/proc/$pid/status"; do
		:
	done
	kill -s CONT "$pid"
	echo 6 >"$G/.died/$name"
	wait_exits "$pid" 0
	expect_eq "$reader, stopped and continued" "$(cat code)" 6
done
