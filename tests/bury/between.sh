#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who dies while the graveyard is between two mounts leaves his stone in the directory underneath: the next mount knows
# when it was, the code and the epitaph, though what he takes for his birth is not what the graveyard does.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
. "$(dirname "$0")/../lib/bury.sh"

Y=$G
mkfifo running
serve_apart

lose_graveyard()
{
	kill_graveyard
	umount -l "$G"
}

# plain: until all that live have a stone of their own there.
plain()
{
	for name; do
		until grep -qs '^Lease: lock' "$G/$name"; do sleep 0.01; done
	done
}

# expect_died NAME CODE FACTS: as it told underneath.
expect_died()
{
	expect_eq "the stone of $1" "$(fields "$1")" "$3"
	expect_eq "when $1 died" "$(grep '^Died:' "$G/$1")" "$(grep '^Died:' "left/$1")"
	expect_eq "the code of $1" "$(cat "$G/.exitcode/$1")" "$2"
}

# begin NAME OPTION…: its process is in $job.
begin()
{
	name=$1
	shift
	mkfifo "end-$name"
	"$BURY" --quiet --graveyard "$Y" --name "$name" "$@" -- \
		sh -c 'echo >running; read -r _ <"$1"; exit 7' sh "end-$name" &
	job=$!
	hear running
}

# ends NAME PROCESS STATUS
ends()
{
	[ "$3" != 7 ] || echo >"end-$1"
	wait_exits "$2" "$3"
	cp "$G/$1" left
}

mkdir left
start_graveyard
begin once
once=$job
begin cued --until born:cue
cued=$job
begin twice
twice=$job
lose_graveyard
plain once cued twice
ends once "$once" 7
: >"$G/cue"
ends cued "$cued" 143
start_graveyard
expect_died once 7 "Born Died ExitCode: 7"
expect_died cued 143 'Born Died ExitCode: 143 Epitaph: "stopped: born:cue"'
expect_eq "lives of both" "$(cat "$G/.history/once" "$G/.history/cued" | grep -c '^Life:')" 2

# Who has lived on is in another life since, that began long after what he takes for his birth.
until grep -q '^Life: 2' "$G/.history/twice" && [ -e "$G/.alive/twice" ]; do sleep 0.01; done
lose_graveyard
plain twice
ends twice "$twice" 7
start_graveyard
expect_died twice 7 "Born Died ExitCode: 7"
expect_eq "lives of twice" "$(grep -c '^Life:' "$G/.history/twice")" 2
! grep '^Epitaph: "lease lost' "$G/twice" || fail "its death was not lost"
lose_graveyard
