#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Readiness that the child tells itself.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"

mkfifo running end

# notify WORDS: as sd_notify(3) does.
cat >notify <<'END'
import os, socket, sys
name = os.environ["NOTIFY_SOCKET"]
assert name.startswith("@"), name
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
s.sendto(sys.argv[1].encode().decode("unicode_escape").encode(), "\0" + name[1:])
END

told()
{
	# It reads and writes: no end of what was said before is one of what it waits for.
	start_bury --name app --notify -- sh -c '
		echo >running; read -r _ <>end
		python3 notify "STATUS=almost"; python3 notify "READY=10"; python3 notify "XREADY=1"
		echo >running; read -r _ <>end
		python3 notify "STATUS=there\nREADY=1\nMAINPID=1"; read -r _ <>end'
	hear running
	expect_eq "$kind: the stone" "$(fields app)" "Born"
	echo >end
	hear running
	expect_bury 1 --after ready:app --after-timeout 20ms -- true
	"$BURY" --quiet --graveyard "$Y" --after ready:app -- true &
	waiter=$!
	echo >end
	wait_exits "$waiter" 0
	expect_eq "$kind: the stone" "$(fields app)" "Born Ready"
	echo >end
	wait_exits "$job" 0
	expect_eq "$kind: the stone" "$(fields app)" "Born Ready Died ExitCode: 0"
}

# It ends right after, and bury learns of both at the same time; of another signal, too, which it hears first.
last_words()
{
	start_bury --name app --notify -- sh -c 'echo >running; read -r _ <end; exec python3 notify READY=1'
	hear running
	child=$(cat "/proc/$job/task/$job/children")
	stop "$job"
	kill -s 40 "$job"
	echo >end
	gone "${child% }"
	kill -s CONT "$job"
	wait_exits "$job" 0
	expect_eq "$kind: the stone" "$(fields app)" "Born Ready Died ExitCode: 0"
}

# One that never says so was never ready.
silent()
{
	expect_bury 0 --name app --notify -- true
	expect_bury 1 --after ready:app -- true
	says died-before-ready
}

unasked()
{
	env -u NOTIFY_SOCKET "$BURY" --quiet --graveyard "$Y" --name app -- sh -c 'echo "${NOTIFY_SOCKET-none}"' >out
	expect_eq "NOTIFY_SOCKET" "$(cat out)" none
}

on_both told last_words silent unasked
