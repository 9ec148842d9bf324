#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is waited for before the start, and while it runs: by flags, and by kubexit's environment.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/bury.sh"

mkfifo running end
runs='trap "exit 7" TERM; echo >running; while :; do sleep 100 & wait; done'

# begin OPTION…: bury in the background; returns once its child runs.
begin()
{
	start_bury --name app "$@" -- sh -c "$runs"
	hear running
}

# never_began: the stone of app says why.
never_began()
{
	[ ! -e "$T/begun" ] || fail "$kind: begun all the same"
	expect_eq "$kind: the epitaph" "$(field app Epitaph)" "$1"
	expect_eq "$kind: the code" "$(field app ExitCode)" "$status"
}

a_death_stops()
{
	is_born dep
	begin --until died:dep
	dies dep
	wait_exits "$job" 7
	expect_eq "$kind: the code" "$(field app ExitCode)" 7
	says 'event=stopping name=app cond=died:dep signal=TERM'
}

any_of()
{
	begin --until died:a,died:b
	dies b 3
	wait_exits "$job" 7
}

all_of()
{
	begin --until died:a+succeeded:b
	dies b 0
	is_born c
	kill -s 0 "$job"
	dies a
	wait_exits "$job" 7
}

succeeded()
{
	begin --until succeeded:a
	dies a 3
	await died:a
	kill -s 0 "$job" || fail "$kind: a failure is taken for a success"
	if [ "$kind" = served ]; then
		is_born a
		echo 0 >"$Y/.died/a"
	else
		dies a 0
	fi
	wait_exits "$job" 7
}

# One that dies before it is ready may be ready in its next life: what is waited for then goes on.
ready_in_the_end()
{
	dies dep
	begin --until ready:dep
	rm "$Y/dep"
	is_ready dep
	wait_exits "$job" 7
}

another_signal()
{
	start_bury --name app --until died:dep --signal USR1 -- \
		sh -c 'trap "exit 9" USR1; echo >running; while :; do sleep 100 & wait; done'
	hear running
	dies dep
	wait_exits "$job" 9
}

# kubexit never learns of one that died before it watched.
dead_before()
{
	dies dep
	rm -f "$T/begun"
	expect_bury 143 --name app --until died:dep -- touch "$T/begun"
	never_began "not started: died:dep"
	expect_bury 0 --name app --until died:dep --ignore-code -- touch "$T/begun"
	never_began "not started: died:dep"
	status=0
	KUBEXIT_NAME=app KUBEXIT_GRAVEYARD=$Y KUBEXIT_DEATH_DEPS=x,dep "$BURY" -- touch "$T/begun" \
		2>/dev/null || status=$?
	expect_eq "$kind: exit status in kubexit's environment" "$status" 143
	never_began "not started: died:dep"
}

# What lies in a plain directory and is no stone is no news, and nobody hangs over it.
no_stones()
{
	[ "$kind" = plain ] || return 0
	mkfifo "$Y/fifo"
	mkdir "$Y/dir"
	ln -s /dev/zero "$Y/link"
	truncate -s 1G "$Y/huge"
	: >"$Y/empty"
	echo 'Died: never' >"$Y/wrong"
	# Cut off where one of ours ends at the latest, it would say 0.
	printf '#%4403s\nExitCode: %040d\n' x 3 | tr ' ' x | sed 's/:x/: /' >"$Y/long"
	for name in fifo dir link huge empty wrong long; do
		for is in died succeeded ready; do
			expect_bury 1 --after "$is:$name" --after-timeout 1ms -- true
		done
	done
	rm -r "$Y/dir" "$Y/huge"
}

# A death is heard of though the next life has begun by the time that anybody looks.
reborn_meanwhile()
{
	mkfifo "$T/ends.$kind"
	"$BURY" --quiet --graveyard "$Y" --name dep -- sh -c 'read -r _ <"$1"' sh "$T/ends.$kind" &
	dep=$!
	await born:dep
	begin --until died:dep
	stop "$job"
	echo >"$T/ends.$kind"
	wait_exits "$dep" 0
	"$BURY" --quiet --graveyard "$Y" --name dep -- sh -c 'read -r _ <"$1"' sh "$T/ends.$kind" &
	dep=$!
	until [ "$(fields dep)" = Born ]; do sleep 0.01; done
	kill -s CONT "$job"
	wait_exits "$job" 7
	echo >"$T/ends.$kind"
	wait_exits "$dep" 0
}

# A death at any moment around the start is one that is heard of.
dead_meanwhile()
{
	i=0
	while [ "$i" -lt 100 ]; do
		i=$((i + 1))
		dies "dep$i" &
		bury --name "app$i" --until "died:dep$i" -- sleep 1000 || :
		case $(field "app$i" ExitCode) in
		143) ;;
		*) fail "$kind: $i: $(cat "$Y/app$i")" ;;
		esac
		wait $!
	done
}

after()
{
	start_bury --name app --after born:a+ready:b -- sh -c "$runs"
	is_born a
	is_born b
	await born:b
	[ ! -e "$Y/app" ] || fail "$kind: begun before its time"
	is_ready b
	hear running
	kill -s TERM "$job"
	wait_exits "$job" 7
}

birth_deps()
{
	KUBEXIT_NAME=app KUBEXIT_GRAVEYARD=$Y KUBEXIT_BIRTH_DEPS=' a, b' KUBEXIT_DEATH_DEPS='c , d' \
		"$BURY" sh -c "$runs" 2>"$T/bury.log" &
	job=$!
	is_ready b
	[ ! -e "$Y/app" ] || fail "$kind: begun before its time"
	is_ready a
	hear running
	dies d
	wait_exits "$job" 7
}

# Those that bury runs in that environment are ready as they run.
birth_dep_of_ours()
{
	KUBEXIT_NAME=b KUBEXIT_GRAVEYARD=$Y KUBEXIT_BIRTH_DEPS=a KUBEXIT_DEATH_DEPS=a \
		"$BURY" --quiet sh -c "$runs" &
	job=$!
	KUBEXIT_NAME=a KUBEXIT_GRAVEYARD=$Y "$BURY" --quiet sh -c 'read -r _ <"$1"' sh "$T/running"
	wait_exits "$job" 7
}

# Of a port the kernel tells no event, and no stone is about it.
after_port()
{
	rm -f listens
	expect_bury 1 --name app --after listening:1 --after-timeout 10ms -- true
	python3 -c '
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
sys.stdin.readline(); s.listen(); sys.stdin.readline()' <end >listens 2>&1 &
	server=$!
	exec 8>end
	until read -r port <listens; do sleep 0.01; done
	start_bury --name app --after "listening:$port" -- sh -c "$runs" 8>&-
	expect_bury 1 --name other --after "listening:$port" --after-timeout 10ms -- true
	echo >&8
	hear running
	kill -s TERM "$job"
	wait_exits "$job" 7
	exec 8>&-
	wait_exits "$server" 0
}

# The longest that Go can say, and kubexit.
late_for_ever()
{
	start_bury --name app --after born:b --after-timeout 2562047h47m16.854775807s \
		--grace 2562047h47m16.854775807s -- sh -c "$runs"
	until find "/proc/$job/fd" -lname '*inotify*' -o -lname '*/.wait/born/b' 2>/dev/null | grep -q .; do
		kill -s 0 "$job" || fail "$kind: it has not waited"
	done
	is_born b
	hear running
	kill -s TERM "$job"
	wait_exits "$job" 7
}

too_late()
{
	rm -f "$T/begun"
	is_born b
	expect_bury 1 --name app --after ready:a+born:b+ready:c --after-timeout 10ms -- touch "$T/begun"
	never_began "not started: in vain waited for ready:a ready:c"
}

dead_before_ready()
{
	rm -f "$T/begun"
	dies a 5
	expect_bury 1 --name app --after ready:a --after-timeout 50s -- touch "$T/begun"
	says 'died-before-ready .*cond=ready:a'
	never_began "not started: ready:a: it died before it was ready"
	start_bury --name app --after ready:b+ready:c --after-timeout 50s -- touch "$T/begun"
	is_born b
	dies b
	wait_exits "$job" 1
	status=1
	never_began "not started: ready:b: it died before it was ready"
}

# It also ends the wait for what is to be ready.
death_while_waiting()
{
	rm -f "$T/begun"
	start_bury --name app --after ready:a --until died:b --after-timeout 50s -- touch "$T/begun"
	dies b
	wait_exits "$job" 143
	status=143
	never_began "not started: died:b"
}

term_while_waiting()
{
	i=0
	rm -f "$T/begun"
	while [ "$i" -lt 100 ]; do
		i=$((i + 1))
		"$BURY" --quiet --graveyard "$Y" --name app --after "ready:a$i" -- touch "$T/begun" &
		job=$!
		# Not before it is bury, and has its signals: by this, as a fork may block them for a moment, too. What it
		# waits for comes at the same time.
		until find "/proc/$job/fd" -lname '*signalfd*' 2>/dev/null | grep -q .; do :; done
		kill -s TERM "$job"
		is_ready "a$i" &
		status=0
		wait "$job" || status=$?
		wait $!
		expect_eq "$kind: exit status" "$status" 143
		[ ! -e "$T/begun" ] || fail "$kind: $i: begun all the same"
		never_began "not started: SIGTERM"
	done
}

# Without a name no stone is carved.
nameless()
{
	dies dep
	expect_bury 143 --until died:dep -- true
	expect_bury 5 --after died:dep -- sh -c 'exit 5'
	expect_eq "$kind: stones" "$(ls "$Y")" dep
}

on_both a_death_stops any_of all_of succeeded ready_in_the_end another_signal dead_before no_stones reborn_meanwhile dead_meanwhile after birth_deps \
	birth_dep_of_ours after_port late_for_ever too_late dead_before_ready death_while_waiting term_while_waiting nameless
