#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kubexit, unmodified, works on a graveyard: how it writes tombstones, how it watches others, and what
# ails it on a plain directory, where a reader finds most stones empty while they are rewritten, does not.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

REWRITES=100000

kubexit_like=$(helper kubexit_like)
start_graveyard
mkfifo end born watching

fields()
{
	sed -E 's/: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z"$/: TIME/' "$1" | paste -sd ' '
}

# start NAME CODE: its birth has been written, and it goes on until the end is opened and closed.
start()
{
	"$kubexit_like" live "$G" "$1" "$2" <end >born &
	lives=$!
	exec 8>end
	read -r _ <born
}

end()
{
	exec 8>&-
	wait_exits "$lives" 0
}

# A watcher from before the first birth, as another user: hears births and deaths of others.
as_user 1000 "$kubexit_like" depend "$G" app >watching &
watcher=$!
exec 7<watching
read -r _ <&7
cat "$G/.wait/died/app" >died &
waiter=$!
wait_parked 1

start app 3
expect_eq "the stone of a birth" "$(fields "$G/app")" "Born: TIME"
[ -e "$G/.alive/app" ] || fail "born, but not alive"
# All of the birth has been told before the death comes: whoever is slow would find the death at the first event.
word=
: >told
until [ "$word" = modify ]; do
	read -r word <&7 || fail "the watcher takes a birth for a death"
	echo "$word" >>told
done
end
wait_exits "$watcher" 0
wait_exits "$waiter" 0
expect_eq "the stone of a death" "$(fields "$G/app")" "Born: TIME Died: TIME ExitCode: 3"
expect_eq "the stone that was waited for" "$(fields died)" "Born: TIME Died: TIME ExitCode: 3"
# O_TRUNC and the write are an event each, or both one that was not read before the second came; and what was
# committed is told once more.
cat <&7 >>told
expect_eq "what inotify told first" "$(head -n 1 told)" create
expect_eq "what inotify told" "$(sort -u told | paste -sd ' ')" "create modify"

# The same words again are no news.
events=$(grep -c . "$G/.log")
cat "$G/app" >stone
cat stone >"$G/app"
expect_eq "events of the same stone again" "$(grep -c . "$G/.log")" "$events"

# Restarted, it is born again; -1 is what it writes of a signal.
start app -1
expect_eq "the stone of a rebirth" "$(fields "$G/app")" "Born: TIME"
[ ! -e "$G/.died/app" ] || fail "born again, but dead"
end
expect_eq "the code of a signal" "$(cat "$G/.exitcode/app")" 255
# Killed and restarted: its first life never got a death, the second writes over it. It is born already.
start app 0
kill -s KILL "$lives"
wait "$lives" 2>/dev/null || :
exec 8>&-
start app 7
end
expect_eq "lives" "$(fields "$G/.history/app")" "--- Life: 1 Born: TIME Died: TIME ExitCode: 3 \
--- Life: 2 Born: TIME Died: TIME ExitCode: -1 --- Life: 3 Born: TIME Died: TIME ExitCode: 7"
expect_eq "the journal" "$(awk '{ print $4, $5, $6 }' "$G/.log" | paste -sd ,)" \
	"1 born -,1 died 3,2 born -,2 died -1,3 born -,3 died 7"

# --- a reader in a tight loop

"$kubexit_like" storm "$G" storm "$REWRITES" >reads ||
	fail "a reader saw what was never written"
[ "$(cat reads)" -gt $((REWRITES / 100)) ] || fail "only $(cat reads) reads: not a tight loop"
expect_eq "lives after the storm" "$(grep -c '^Life:' "$G/.history/storm")" $((REWRITES / 2))
expect_eq "deaths after the storm" "$(grep -c '^ExitCode:' "$G/.history/storm")" $((REWRITES / 2))
