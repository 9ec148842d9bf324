#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a terminal: the child has it while it runs, and who started bury has it back afterwards, or when it is stopped.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

# on_terminal SCRIPT INPUT: what a shell without job control says to it on a terminal of its own.
cat >on_terminal.py <<'END'
import os, pty, sys

pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[1], "sh", *sys.argv[3:]])
os.write(fd, sys.argv[2].encode())
said = b""
try:
    while data := os.read(fd, 4096):
        said += data
except OSError:  # nobody has the other end any more
    pass
os.waitpid(pid, 0)
sys.stdout.write(said.decode().replace("\r\n", "\n"))
END

kind=plain
Y=$T/y
mkdir "$Y"

# shellcheck disable=SC2016 # for the shell there
python3 on_terminal.py '
	stty -echo
	"$1" --quiet --graveyard "$2" --name app -- sh -c "read -r line; echo child: \$line"
	read -r line && echo "after: $line"' 'one
two
' "$BURY" "$Y" >said
expect_eq "what the two read" "$(grep : said | paste -sd ' ')" "child: one after: two"

# --- Ctrl-Z stops all of the job; nobody is stopped whom no shell could continue

cat >job.py <<'END'
import os, pty, signal, sys, termios, time

def lead(argv):  # a shell that has job control, and one job
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(argv[0], argv)
    _, status = os.waitpid(job, os.WUNTRACED)
    print("stopped" if os.WIFSTOPPED(status) else status, os.tcgetpgrp(0) == job, flush=True)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
    print(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]), flush=True)

def stopped(job):  # is its child?
    try:
        child = open(f"/proc/{job}/task/{job}/children").read().strip()
        return open(f"/proc/{child}/stat").read().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False

def begin_behind(argv):  # one whose job gets the terminal only once its child has read from it
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.execv(argv[0], argv)
    while not stopped(job):
        time.sleep(0.01)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
    os.waitpid(job, 0)

pid, fd = pty.fork()
if pid == 0:
    quiet = termios.tcgetattr(0)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, quiet)
    if sys.argv[1] != "alone":
        (lead if sys.argv[1] == "shell" else begin_behind)(sys.argv[2:])
        os._exit(0)
    os.execv(sys.argv[2], sys.argv[2:])
said = b""
continued = False
try:
    while data := os.read(fd, 4096):
        said += data  # a line may come in parts
        if said == b"ready\r\n":
            if sys.argv[1] != "behind":
                os.write(fd, b"\x1a")
            if sys.argv[1] != "shell":
                os.write(fd, b"line\n")
        if b"stopped" in said and not continued:
            continued = True
            os.write(fd, b"line\n")
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.write(said.decode().replace("\r\n", "\n"))
END

# `read` is interrupted by no signal that continues: it goes on.
reads='echo ready; read -r line; echo "child: $line"; exit 5'
python3 job.py shell "$BURY" --quiet --graveyard "$Y" --name app -- sh -c "$reads" >said
expect_eq "of a job" "$(paste -sd ' ' said)" "ready stopped True child: line 5"
python3 job.py alone "$BURY" --quiet --graveyard "$Y" --name app -- sh -c "$reads" >said
expect_eq "without a shell" "$(paste -sd ' ' said)" "ready child: line"
python3 job.py behind "$BURY" --quiet --graveyard "$Y" --name app -- sh -c "$reads" >said
expect_eq "in the background at first" "$(paste -sd ' ' said)" "ready child: line"
