#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One writev(2) is one write, however many pieces it is in: musl's stdio writes two, others more.
set -eu
. "$(dirname "$0")/../lib/mount.sh"

start_graveyard
cat "$G/.wait/exitcode/whole" >code &
waiter=$!
wait_parked 1
python3 - "$G" <<'END'
import os, sys

def pieces(name, *lines):
    fd = os.open(sys.argv[1] + "/" + name, os.O_WRONLY | os.O_CREAT)
    try:
        return os.writev(fd, [line.encode() for line in lines])
    finally:
        os.close(fd)

pieces("whole", 'Born: "2026-11-21T03:00:00Z"\n', 'Ready: "2026-11-21T03:00:01Z"\n',
       'Epitaph: "the end"\n', 'Died: "2026-11-21T03:00:02Z"\n', "ExitCode: 3\n")
try:
    pieces("part", 'Born: "2026-11-21T03:00:00Z"\n', 'Died: "2026-11-21T03:00:02Z"\n', "rubbish\n")
    sys.exit("a bad third piece was taken")
except OSError as e:
    assert e.errno == 22, e
END
wait "$waiter" || fail "who waited for the code was told of a death without it"
expect_eq "code" "$(cat code)" 3
expect_eq "journal" "$(awk '{ print $5 $6 }' "$G/.log" | paste -sd ' ')" "born- ready- epitaph- died3"
[ ! -e "$G/part" ] || fail "a refused write left a part"
expected_log='part: refused'

# A descriptor of a life that was removed does not write to the next.
exec 9>>"$G/whole"
rm "$G/whole"
touch "$G/.born/whole"
! echo 9 >&9 2>/dev/null || fail "an old descriptor wrote"
exec 9>&-
[ -e "$G/.alive/whole" ] || fail "an old descriptor killed the next life"
