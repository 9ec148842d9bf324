#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a terminal: the child has it while it runs, and who started bury has it back afterwards.
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
