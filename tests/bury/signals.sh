#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signals: every one is passed on, and none is lost in a burst; any stop that takes too long is a KILL.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/bury.sh"

told=$(helper told)
kind=plain
Y=$T/y
mkdir "$Y"
mkfifo out

# begin OPTION…: bury over a child that says what it is told; returns once it listens.
begin()
{
	"$BURY" --graveyard "$Y" --name app "$@" -- "$told" >out 2>"$T/bury.log" &
	job=$!
	exec 7<out
	read -r word <&7
	expect_eq "the first word" "$word" ready
}

# --- each signal but KILL and STOP, which nobody can, and CHLD, which is about bury's own children

begin
for signal in $(seq 1 64); do
	case $signal in 9 | 15 | 17 | 19) continue ;; esac
	kill -s "$signal" "$job"
	read -r word <&7
	expect_eq "signal passed on" "$word" "$signal"
done
"$told" queue "$job" 40 4711
read -r word <&7
expect_eq "a queued signal" "$word" 40=4711
kill -s TERM "$job"
read -r word <&7
expect_eq "signal passed on" "$word" 15
wait_exits "$job" 0

# --- a burst, the last of which is TERM

i=0
while [ "$i" -lt 100 ]; do
	i=$((i + 1))
	begin --quiet
	for signal in HUP INT QUIT USR1 USR2 TERM; do
		kill -s "$signal" "$job"
	done
	expect_eq "burst $i" "$(sort -n <&7 | paste -sd ' ')" "1 2 3 10 12 15"
	wait_exits "$job" 0
done

# --- a child that does not care

mkfifo running
deaf='trap "echo told >&7" TERM; exec 7>running; echo >&7; while :; do sleep 100 7>&- & wait; done'

# begin_deaf OPTION…
begin_deaf()
{
	exec 7<&-
	start_bury --name app "$@" -- sh -c "$deaf"
	exec 7<running
	read -r _ <&7
}

begin_deaf --grace 10ms
kill -s TERM "$job"
wait_exits "$job" 137
expect_eq "the code of one that was killed" "$(field app ExitCode)" 137
expect_eq "its epitaph" "$(field app Epitaph)" "killed, as it did not end in time"
says 'event=killed'

begin_deaf --grace 10ms --until died:dep --ignore-code
dies dep
wait_exits "$job" 0
expect_eq "its epitaph" "$(field app Epitaph)" \
	"stopped: died:dep; killed, as it did not end in time; it ended with 137"

# As kubexit's environment has it.
rm "$Y/dep"
KUBEXIT_NAME=app KUBEXIT_GRAVEYARD=$Y KUBEXIT_DEATH_DEPS=dep KUBEXIT_GRACE_PERIOD=10ms \
	"$BURY" sh -c "$deaf" 2>"$T/bury.log" 7<&- &
job=$!
exec 7<&- 7<running
read -r _ <&7
dies dep
wait_exits "$job" 137

# A second TERM passes through.
begin_deaf --grace 1h
kill -s TERM "$job"
read -r word <&7
kill -s TERM "$job"
read -r word <&7
expect_eq "the second TERM" "$word" told
child=$(cat "/proc/$job/task/$job/children")
kill -s KILL "${child% }"
wait_exits "$job" 137

# And the first one's time goes on: where that is short nobody knows what is still said.
begin_deaf --grace 100ms
kill -s TERM "$job"
read -r _ <&7 || :
kill -s TERM "$job"
wait_exits "$job" 137
says 'event=killed'

# --- what is ignored, as by nohup, does not end one that waits to begin

exec 7<&-
(
	trap '' HUP INT
	exec "$BURY" --graveyard "$Y" --name app --after born:late -- sh -c 'echo begun; exit 4' >out 2>"$T/bury.log"
) &
job=$!
exec 7<out
until find "/proc/$job/fd" -lname '*inotify*' 2>/dev/null | grep -q .; do kill -s 0 "$job"; done
kill -s HUP "$job"
kill -s INT "$job"
is_born late
read -r word <&7 || :
expect_eq "what it says" "$word" begun
wait_exits "$job" 4
expect_eq "signals dropped" "$(grep -c signal-dropped bury.log)" 2

# --- bury's own writing is nothing to the child: of a log that may not grow

(
	ulimit -f 0
	exec "$BURY" --graveyard "$Y" --until died:none -- "$told" >out 2>"$T/bury.log"
) &
job=$!
exec 7<out
read -r word <&7
kill -s TERM "$job"
expect_eq "all that the child hears" "$(paste -sd ' ' <&7)" 15
wait_exits "$job" 0

# --- its process group, where asked for

both='trap : TERM; sh -c "echo \$\$ >running; exec sleep 1000" & wait; wait; exit 3'
start_bury --name app --group -- sh -c "$both"
hear running
sleeper=$word
kill -s TERM "$job"
wait_exits "$job" 3
gone "$sleeper"

alone='trap "exit 5" TERM; sleep 1000 & echo $! >running; wait'
start_bury --name app -- sh -c "$alone"
hear running
sleeper=$word
kill -s TERM "$job"
wait_exits "$job" 5
kill -s KILL "$sleeper" || fail "the group was told unasked"
