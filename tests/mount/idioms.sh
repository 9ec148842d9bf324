#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What README and .help teach, word for word, in five shells, as root and as somebody else.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

need_shells
# The loops are about files, not about time. (busybox and mksh have a sleep of their own, and take their
# second.)
cat >"$T/bin/sleep" <<'END'
#!/bin/sh
exec /bin/sleep 0.02
END
chmod 755 "$T/bin/sleep"
export G

# --- the idioms: from here to the next such line, only $G stands for the graveyard

cat >blog_work <<'END'
trap 'touch $G/done' EXIT
exit 7
END
cat >blog_wait <<'END'
while ! test -f $G/done; do sleep 1; done
test -f $G/done
END
cat >agent <<'END'
touch $G/.born/agent; trap 'echo $? > $G/.died/agent' EXIT
exit "$1"
END
cat >wait_code <<'END'
read -r c < $G/.wait/exitcode/agent && exit "$c"
END
cat >wait_died <<'END'
until read -r _ < $G/.wait/died/agent; do sleep 1; done
END
cat >wait_next <<'END'
read -r c < $G/.wait/exitcode/agent@next && exit "$c"
END
cat >wait_200ms <<'END'
read -r c < $G/.wait/exitcode/agent@200ms && exit "$c"
END
cat >wait_elsewhere <<'END'
read -r c < $G/nowhere/.wait/exitcode/agent && exit "$c"
END
cat >wait_directory <<'END'
read -r c < $G/.wait/exitcode && exit "$c"
END

# --- and what has to come of them

# run SCRIPT [ARG]…: in $sh, as $user. What it says is kept, for it is about errors that are expected.
run()
{
	script=$T/$1
	shift
	as_user "$user" "$sh" "$script" "$@" 2>>"$T/said"
}

# expect_status N SCRIPT [ARG]…
expect_status()
{
	want=$1
	shift
	rc=0
	run "$@" || rc=$?
	expect_eq "$* in $sh as $user" "$rc" "$want"
}

expect_failure()
{
	rc=0
	run "$@" || rc=$?
	[ "$rc" != 0 ] || fail "$* in $sh as $user: success, though it cannot know"
}

blog()
{
	run blog_wait &
	waiter=$!
	kill -0 "$waiter"
	expect_status 7 blog_work
	wait_exits "$waiter" 0
	rm "$G/done"
}

lives()
{
	expect_failure wait_200ms
	run wait_code &
	code=$!
	run wait_died &
	died=$!
	wait_readers 2
	expect_status 3 agent 3
	wait_exits "$code" 3
	wait_exits "$died" 0
	expect_status 3 wait_code
	expect_status 0 wait_died

	for c in 0 255; do
		run wait_next &
		next=$!
		wait_readers 1
		expect_status "$c" agent "$c"
		wait_exits "$next" "$c"
		expect_status "$c" wait_code
	done
	expect_eq "lives of $sh as $user" \
		"$(grep -E '^(Life|ExitCode)' "$G/.history/agent" | tail -n 6 | cut -d ' ' -f 2 |
			paste -sd ' ' | sed -E 's/[0-9]+ ([0-9]+)/\1/g')" "3 0 255"
}

# Every failure is one in the shell, and no code of the dead.
failures()
{
	run wait_next &
	next=$!
	wait_readers 1
	touch "$G/.born/agent" "$G/.died/agent"
	if wait "$next"; then
		fail "$sh as $user: success, though the code is unknown"
	fi
	expect_failure wait_code
	expect_failure wait_elsewhere
	expect_failure wait_directory
}

each()
{
	for sh in $SHELLS; do
		for user in 0 1000; do
			"$@"
		done
	done
}

round()
{
	blog
	lives
	failures
	# Somebody else may have the name then.
	rm "$G/agent"
}

# --- the graveyard goes away under those who wait

park_all()
{
	waiters=
	each park_both
}

park_both()
{
	run wait_code &
	waiters="$waiters $!"
	run wait_died &
	loops="${loops-} $!"
}

all_failed()
{
	for waiter in $waiters; do
		if wait "$waiter"; then
			fail "success of one that waited while the graveyard went away"
		fi
	done
	each expect_failure wait_code
}

start_graveyard --linger 10ms
each round

loops=
park_all
wait_readers 20
stop_graveyard
all_failed

# Killed: what is left is a mount that answers nobody.
start_graveyard
wait_readers 10
waiters=
each eval 'run wait_code & waiters="$waiters $!"'
wait_readers 20
kill -s KILL "$daemon"
wait_graveyard
all_failed

# Those who loop have outlived all that.
start_graveyard
wait_readers 10
echo 0 >"$G/.died/agent"
for loop in $loops; do
	wait_exits "$loop" 0
done
