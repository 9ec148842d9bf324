#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While waits are parked, nothing blocks but a read of a wait; and what walks the whole graveyard meets
# stones only.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
for tool in busybox rsync inotifywait; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done

# at_once COMMAND…: its output is in $T/said.
at_once()
{
	timeout 10 "$@" >"$T/said" 2>&1 || {
		cat "$T/said"
		fail "status $? of: $*"
	}
}

start_graveyard
touch "$G/.born/a" "$G/.ready/a" "$G/.born/b"
echo 3 >"$G/.died/c"

parked=0
for kind in born ready died exitcode succeeded; do
	for who in x a@next a+x b,x@next; do
		cat "$G/.wait/$kind/$who" >/dev/null 2>&1 &
		parked=$((parked + 1))
	done
done
cat "$G/.events" >/dev/null 2>&1 &
cat "$G/.events@now" >/dev/null 2>&1 &
parked=$((parked + 2))
wait_parked "$parked"

at_once find "$G/.wait" -type f -exec stat {} +
expect_eq "files in .wait" "$(grep -c '^ *File:' said)" 15
at_once ls -lR --color=always "$G" "$G/.wait" "$G/.born" "$G/.ready" "$G/.died" "$G/.history"
expect_eq "c is listed so often" "$(grep -c 'c$' said)" 9
at_once ls -lR "$G/.bin"
grep -q '^-r-xr-xr-x .* bury$' said || fail "no bury in .bin"
at_once du -s "$G" "$G/.wait" "$G/.bin"
at_once du -a "$G/.wait/died"
at_once df "$G"
at_once df "$G/.wait/died/x"
at_once test -s "$G/.wait/died/x"
at_once busybox ls -lR "$G/.wait"
at_once sh -c 'for f; do exec 3<"$f"; done' sh "$G"/.wait/*/* "$G/.wait/died/x" "$G/.wait/ready/b" \
	"$G/.events" "$G/.events@now" "$G/.events@1" "$G/.log" "$G/.status" "$G/.status.json" "$G/.metrics" \
	"$G/.help"
at_once dd "if=$G/.wait/died/x" count=0

# inotify watches, on files that would block a reader too.
mkfifo watching
inotifywait -m "$G" "$G/.wait" "$G/.wait/died" "$G/.wait/died/x" "$G/.wait/ready/a" "$G/.died" \
	"$G/.events" >watched 2>watching &
inotify=$!
timeout 10 grep -q 'Watches established' <watching || fail "watches are not established"
kill "$inotify"
wait_exits "$inotify" 143

# Whatever walks the graveyard.
stones="a
b
c"
expect_eq "ls -A" "$(timeout 10 ls -A "$G")" "$stones"
at_once grep -r Born "$G"
expect_eq "grep -r" "$(sed "s,^$G/,,; s,:.*,," said | sort)" "$stones"
at_once tar c -C "$G" -f archive .
expect_eq "tar c" "$(tar tf archive | sort)" "./
./a
./b
./c"
expect_eq "a stone in the archive" "$(tar xOf archive ./c)" "$(cat "$G/c")"
at_once cp -a "$G" copy
at_once diff -r "$G" copy
expect_eq "cp -a" "$(ls -A copy)" "$stones"
at_once rsync -a "$G/" synced
at_once diff -r "$G" synced
expect_eq "rsync -a" "$(ls -A synced)" "$stones"
expect_eq "busybox find" "$(timeout 10 busybox find "$G" -type f | sed 's,.*/,,' | sort)" "$stones"
expect_eq "busybox grep -r" "$(timeout 10 busybox grep -rl Born "$G" | sed 's,.*/,,' | sort)" "$stones"
at_once python3 -c 'import os, sys; print(*sorted(f for _, _, fs in os.walk(sys.argv[1]) for f in fs), sep="\n")' "$G"
expect_eq "os.walk" "$(cat said)" "$stones"

# Nobody who waits has noticed.
wait_parked "$parked"
