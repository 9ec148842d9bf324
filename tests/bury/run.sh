#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What bury carves, from the start of its child to its end, and what becomes of one that cannot be run.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

a_life()
{
	expect_bury 3 --name app -- sh -c 'cat "$1" >"$2"; exit 3' sh "$Y/app" "$T/while"
	expect_eq "$kind: the stone meanwhile" "$(sed 's/:.*//; /Lease/d' "$T/while")" "Born"
	expect_eq "$kind: the stone" "$(fields app)" "Born Died ExitCode: 3"
	says 'event=started name=app pid=[0-9]* command=sh$'
	says 'event=ended name=app code=3$'
	# Once more: a life of its own.
	born=$(field app Born)
	expect_bury 0 --name app --quiet -- sh -c 'test ! -e "$1" || ! grep -q Died "$1"' sh "$Y/app"
	expect_eq "$kind: the log of --quiet" "$(cat "$T/bury.log")" ""
	expect_eq "$kind: the next stone" "$(fields app)" "Born Died ExitCode: 0"
	[ "$(field app Born)" != "$born" ] || fail "$kind: not born again"
}

ready_as_it_runs()
{
	expect_bury 0 --name app --ready -- true
	expect_eq "$kind: the stone" "$(fields app)" "Born Ready Died ExitCode: 0"
	# So it is in kubexit's environment, unless told otherwise.
	KUBEXIT_NAME=kx KUBEXIT_GRAVEYARD=$Y "$BURY" true 2>/dev/null
	expect_eq "$kind: the stone" "$(fields kx)" "Born Ready Died ExitCode: 0"
	KUBEXIT_NAME=kn KUBEXIT_GRAVEYARD=$Y "$BURY" --no-ready true 2>/dev/null
	expect_eq "$kind: the stone" "$(fields kn)" "Born Died ExitCode: 0"
}

not_run()
{
	expect_bury 127 --name no -- "$T/no-such-command"
	says "cannot-run .*No such file"
	expect_eq "$kind: the code" "$(field no ExitCode)" 127
	expect_bury 127 --name path -- no-such-command
	expect_eq "$kind: the code" "$(field path ExitCode)" 127
	expect_bury 126 --name dir -- "$T"
	expect_eq "$kind: the code" "$(field dir ExitCode)" 126
	expect_eq "$kind: the epitaph" "$(field dir Epitaph)" "cannot run '$T': Permission denied"
}

json()
{
	expect_bury 0 --name app --json -- sh -c ': "$@"' 'with "quotes"'
	python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
assert [e["event"] for e in events] == ["started", "ended"], events
assert events[0]["name"] == "app" and events[1]["code"] == 0, events' <"$T/bury.log"
}

# What it inherits is what we did: descriptors, and signals that are blocked or ignored.
inherits()
{
	sh -c 'ls /proc/self/fd; grep -E "SigBlk|SigIgn" /proc/self/status' >"$T/bare"
	"$BURY" --quiet --graveyard "$Y" --name app -- \
		sh -c 'ls /proc/self/fd; grep -E "SigBlk|SigIgn" /proc/self/status' >"$T/under"
	with_glibc || cmp "$T/bare" "$T/under" || fail "$kind: the child inherits something else"
}

# A graveyard that cannot be written is an error, and nothing is begun.
unwritable()
{
	mkdir -p "$T/not-ours"
	chmod 700 "$T/not-ours"
	rm -f "$T/begun"
	status=0
	as_user 1000 "$BURY" --graveyard "$T/not-ours/g" --name app -- touch "$T/begun" \
		2>"$T/bury.log" || status=$?
	expect_eq "exit status without a graveyard to write to" "$status" 111
	is_born other
	status=0
	as_user 1000 "$BURY" --graveyard "$Y" --name other -- touch "$TMPDIR/begun" \
		2>"$T/bury.log" || status=$?
	expect_eq "$kind: exit status with a name that is another's" "$status" 111
	says "cannot-write-stone .*Permission denied"
	[ ! -e "$TMPDIR/begun" ] || fail "$kind: begun without a stone"
}

made()
{
	"$BURY" --quiet --graveyard "$T/made/for/it" --name app -- true
	[ -f "$T/made/for/it/app" ] || fail "the graveyard was not made"
	rm -r "$T/made"
}

on_both a_life ready_as_it_runs not_run json inherits unwritable made
