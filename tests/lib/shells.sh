# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests of what shells and small C programs do. To be read after mount.sh.

# shellcheck disable=SC2034,SC2154,SC3013 # SHELLS is used, test_script set; all these shells have -nt

# need_shells: $SHELLS are the names of the five, each of which is then a command.
need_shells()
{
	SHELLS='dash bash ash zsh mksh'
	for shell in dash bash busybox zsh mksh; do
		command -v "$shell" >/dev/null || skip "there is no $shell"
	done
	mkdir -p "$T/bin"
	ln -s "$(command -v busybox)" "$T/bin/ash"
	PATH=$T/bin:$PATH
}

# helper NAME: prints the path of a program of tests/mount/helpers. meson has built it; by
# hand, or if its source is newer, it is compiled here.
helper()
{
	helper_source=$(dirname "$test_script")/helpers/$1.c
	[ -e "$helper_source" ] || helper_source=$(dirname "$test_script")/../mount/helpers/$1.c
	helper_built=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/$1
	if [ ! -x "$helper_built" ] || [ "$helper_source" -nt "$helper_built" ]; then
		helper_built=$T/$1
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -pthread \
			-o "$helper_built" "$helper_source"
		chmod 755 "$helper_built"
	fi
	echo "$helper_built"
}

# wait_readers N: until N processes sleep with their standard input on something of .wait. That is what
# wait_parked is for other programs: busybox ash waits in poll(2), which parks no request. Here, too, a
# process on its way to its read counts, so N has to be seen three times.
wait_readers()
{
	seen=0
	tries=500
	until [ "$seen" = 3 ]; do
		stat -f "$G" >/dev/null
		sleepers=$(count_readers)
		seen=$((sleepers == $1 ? seen + 1 : 0))
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$sleepers read from .wait, expected $1"
		/bin/sleep 0.01
	done
}

count_readers()
{
	count=0
	for pid in $(find /proc/[0-9]*/fd/0 -printf '%p %l\n' 2>/dev/null |
		sed -n "s|^/proc/\([0-9]*\)/fd/0 $G/\.wait/.*|\1|p"); do
		read -r status 2>/dev/null <"/proc/$pid/stat" || continue
		case $status in
		*") S "*) count=$((count + 1)) ;;
		esac
	done
	echo "$count"
}

# $kernel_tells: 1 if this kernel tells how a process has ended, else 0.
kernel_tells=$(uname -r | awk -F . '{ print ($1 > 6 || ($1 == 6 && $2 + 0 >= 15)) }')

# await_code NAME: until there is one. Who reads .wait/exitcode waits for 100 ms for whoever is to reap the process, and
# that may take longer: the code is kept all the same.
await_code()
{
	tries=2000
	until [ -e "$G/.exitcode/$1" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$1 has no code"
		/bin/sleep 0.01
	done
}

# --- the rules of lives, told by system calls

need_try()
{
	try=$(helper try)
	named=0
}

# gets WORDS STEP…: what the steps of helpers/try.c come to, with paths from the graveyard on.
gets()
{
	want=$1
	shift
	expect_eq "try $*" "$(cd "$G" && "$try" "$@")" "$want"
}

# journal EVENTS: what has happened to $n, as LIFE WHAT CODE, joined by commas.
journal()
{
	expect_eq "the journal of $n" \
		"$(awk -v name="$n" '$3 == name { print $4, $5, $6 }' "$G/.log" |
			sed 's/ -$//' | paste -sd ,)" "$1"
}

# field NAME: of the stone of $n, without its quotes.
field()
{
	sed -n "s/^$1: \"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$G/$n"
}

has_stone()
{
	expect_eq "the fields of $n" "$(sed 's/:.*//' "$G/$n" | paste -sd ' ')" "$1"
}

absent()
{
	for path in "$@"; do
		[ ! -e "$G/$path" ] || fail "there is $path"
	done
}

# new STATE: $n is a name of its own in that state; what happened so far is in $past.
new()
{
	named=$((named + 1))
	n=$1-$named
	past='1 born,'
	case $1 in
	never) past= ;;
	alive) touch "$G/.born/$n" ;;
	ready)
		touch "$G/.born/$n" "$G/.ready/$n"
		past='1 born,1 ready,'
		;;
	dead)
		touch "$G/.born/$n" "$G/.died/$n"
		past='1 born,1 died,'
		;;
	dead3)
		touch "$G/.born/$n"
		echo 3 >"$G/.died/$n"
		past='1 born,1 died 3,'
		;;
	esac
}

# nothing_new: beyond what new() made.
nothing_new()
{
	journal "${past%,}"
}
