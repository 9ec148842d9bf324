#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A touch of a dead name that is reborn between its look-up and its open still tells of a death.
set -eu
. "$(dirname "$0")/../lib/mount.sh"

start_graveyard
touch "$G/.died/a"
python3 - "$G" <<'END'
import os, sys

g = sys.argv[1]

# Looked up while dead, opened when reborn.
path = os.open(g + "/.died/a", os.O_PATH)
open(g + "/.born/a", "w").close()
os.close(os.open("/proc/self/fd/%d" % path, os.O_WRONLY))
END
[ -e "$G/.died/a" ] || fail "a touch that met a rebirth told nothing"
expect_eq "lives" "$(grep -c '^Life:' "$G/.history/a")" 2
stop_graveyard
grep -q '^Died:' "$G/a" || fail "no stone was left"
[ ! -e "$G/.graveyardfs-leaving" ] || fail "an unfinished stone was left"
