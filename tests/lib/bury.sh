# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests of bury, after mount.sh: each case is run on a graveyardfs and in a plain directory.
#
#	$Y	the graveyard of the case, by whatever it is served	$kind	served, or plain
#	$BURY	the program

# shellcheck disable=SC2034,SC2154 # used by the tests, set by mount.sh

BURY=$(realpath "${BURY:-$(dirname "$GRAVEYARDFS")/bury}")

# on_both CASE…: functions, each with two empty graveyards.
on_both()
{
	start_graveyard
	for case; do
		cases=$((${cases-0} + 1))
		for kind in served plain; do
			new_graveyard
			"$case"
		done
	done
	stop_graveyard
}

# new_graveyard: on a graveyardfs the names of the case before are taken off view, and may be in its history.
new_graveyard()
{
	if [ "$kind" = served ]; then
		Y=$G
		rm -f "$G"/*
	else
		Y=$T/plain.$cases
		mkdir "$Y"
	fi
}

# bury ARGUMENT…: with the graveyard of the case, and its log in $T/bury.log.
bury()
{
	"$BURY" --graveyard "$Y" "$@" 2>"$T/bury.log"
}

# expect_bury STATUS ARGUMENT…
expect_bury()
{
	want=$1
	shift
	status=0
	bury "$@" || status=$?
	[ "$status" = "$want" ] || {
		cat "$T/bury.log" >&2
		fail "$kind: bury $*: exit status $status, expected $want"
	}
}

# with_glibc: its posix_spawn(3) has the child ignore signals 32 and 33, which glibc keeps for itself.
with_glibc()
{
	grep -q GLIBC "$BURY"
}

# start_bury ARGUMENT…: the same in the background; its process is $job.
start_bury()
{
	"$BURY" --graveyard "$Y" "$@" 2>"$T/bury.log" &
	job=$!
}

# hear FIFO: a line of it, in $word. Read and write: the writer before may still have it open, and with his end there
# would be an end of file. The next writer could come just then, and be left without a reader.
hear()
{
	read -r word <>"$1"
}

# await COND: until it holds.
await()
{
	"$BURY" --quiet --graveyard "$Y" --after "$1" --after-timeout 50s -- true ||
		fail "$kind: $1 did not come"
}

# fields NAME: of its stone, without times.
fields()
{
	sed -n 's/: "[0-9]\{4\}-.*Z"$//; /^Lease: /!p' "$Y/$1" | paste -sd ' '
}

# field NAME FIELD: of its stone, without quotes.
field()
{
	sed -n "s/^$2: \"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$Y/$1"
}

# is_born NAME, dies NAME [CODE]: as others write it, in kubexit's manner where nothing else can be.
is_born()
{
	if [ "$kind" = served ]; then
		touch "$Y/.born/$1"
	else
		echo 'Born: "2026-11-21T03:00:00Z"' >"$Y/$1"
	fi
}

is_ready()
{
	if [ "$kind" = served ]; then
		touch "$Y/.ready/$1"
	else
		printf 'Born: "2026-11-21T03:00:00Z"\nReady: "2026-11-21T03:00:01Z"\n' >"$Y/$1"
	fi
}

dies()
{
	printf 'Died: "2099-01-01T00:00:00Z"\nExitCode: %s\n' "${2-0}" >"$Y/$1"
}

# says PATTERN: in the log of the last bury.
says()
{
	grep -q -e "$1" "$T/bury.log" || {
		cat "$T/bury.log" >&2
		fail "$kind: not in the log of bury: $1"
	}
}

# serve_apart: from now on a graveyard is served where the processes of others have no numbers, as in a pod.
serve_apart()
{
	printf '#!/bin/sh\nexec unshare -pf --kill-child "%s" "$@"\n' "$GRAVEYARDFS" >"$T/apart"
	chmod +x "$T/apart"
	GRAVEYARDFS=$T/apart
}

# kill_graveyard: all of it, at once. What it had mounted stays, and is dead.
kill_graveyard()
{
	kill -s KILL "$daemon"
	wait "$daemon" 2>/dev/null || :
	wait "$tee" || :
	daemon=
	connection=
}
