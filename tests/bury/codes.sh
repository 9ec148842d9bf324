#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bury exits as its child did, whatever that was, and the stone says the same: all exit codes, and all signals that end
# a process; with and without --ignore-code, and when --until is what stopped it.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/bury.sh"

ends=$(helper ends)

# Not those that by default do nothing (CHLD CONT URG WINCH), or stop (STOP TSTP TTIN TTOU).
ways()
{
	seq -f 'code %.0f' 0 255
	left_out='17|18|19|20|21|22|23|28'
	! with_glibc || left_out="$left_out|32|33"
	seq -f 'signal %.0f' 1 64 | grep -vE " ($left_out)\$"
}

status_of()
{
	[ "$1" = code ] && echo "$2" || echo $((128 + $2))
}

# A table, whose rows are WAY NUMBER.
by_itself()
{
	ways | while read -r way number; do
		code=$(status_of "$way" "$number")
		name=$way$number
		expect_bury "$code" --name "$name" "$@" -- "$ends" "$way" "$number"
		expect_eq "$kind: the code of $name" "$(field "$name" ExitCode)" "$code"
		by=
		[ "$way" = code ] || by=' signal=[0-9A-Z]*'
		says "event=ended name=$name code=$code$by$"
	done
}

ignoring()
{
	by_itself --ignore-code
}

# stopped WANTED OPTION…: the child provokes the death of a sibling, and what it is sent.
stopped()
{
	wanted=$1
	shift
	ways | while read -r way number; do
		code=$(status_of "$way" "$number")
		name=$way$number
		expect_bury "${wanted:-$code}" --name "$name" --until "died:dep-$name" "$@" \
			-- "$ends" "$way" "$number" "Died: 2099-01-01T00:00:00Z" "$Y/dep-$name"
		expect_eq "$kind: the code of $name" "$(field "$name" ExitCode)" "${wanted:-$code}"
		case $(field "$name" Epitaph) in
		"stopped: died:dep-$name"*) ;;
		*) fail "$kind: the epitaph of $name: $(field "$name" Epitaph)" ;;
		esac
	done
}

stopped_by_until()
{
	stopped ""
}

stopped_by_until_ignoring()
{
	stopped 0 --ignore-code
}

on_both by_itself ignoring stopped_by_until stopped_by_until_ignoring
