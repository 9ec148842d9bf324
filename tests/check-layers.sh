#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# main → keeper → worker → {fs, store} → core → base, and nothing the other way. The linker cannot see to all
# of it (the system's headers lie in /usr/include for everybody), so this reads the #include lines.
set -eu
cd "$(dirname "$0")/.."

bad=0

# complain MESSAGE LINES: unless there are none.
complain()
{
	[ -n "$2" ] || return 0
	printf '%s:\n%s\n' "$1" "$2" >&2
	bad=1
}

# includes DIRECTORY…: FILE:LINE:#include <what> for every include in C files there.
includes()
{
	for dir; do
		[ ! -d "$dir" ] || find "$dir" -name '*.[ch]'
	done | sort | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null || :
}

# may_include DIRECTORY HEADERS: only these of our own headers (an ERE for what stands between quotes).
may_include()
{
	complain "$1 may include of ours only $2" \
		"$(includes "$1" | grep '"' | grep -vE "\"($2)\"")"
}

fuse='<(fuse3/)?(fuse|cuse)[a-z_]*\.h>|<linux/(fuse|cuse)\.h>'

complain 'SQLite outside src/store/*.c and what is measured against' "$(includes src fs tests bench |
	grep '[<"]sqlite3.*\.h' | grep -vE '^(src/store/[a-z_0-9]*\.c|tests/store/|bench/floor\.c)' || :)"
complain 'FUSE outside fs/ and what is told of its first request' "$(includes src tests | grep -E "$fuse" |
	grep -v '^tests/unit/test_resume\.c' || :)"

may_include src/base 'base/[a-z_0-9]*\.h'
may_include src/core '(core|base)/[a-z_0-9]*\.h'
may_include src/store '(store|core|base)/[a-z_0-9]*\.h'
may_include fs '(fs|core|base)/[a-z_0-9]*\.h'
may_include src/timeline '(timeline|core|base)/[a-z_0-9]*\.h'
may_include src/bury '(bury|base)/[a-z_0-9]*\.h|core/(condition|name|stone)\.h'
complain 'core does not read clocks' "$(includes src/core |
	grep -E '<(sys/)?time\.h>|<sys/timerfd\.h>|"base/clock\.h"' || :)"

domain='grave|stone|vigil|\<leases?\>|epitaph|kubexit|\<bury|sqlite|fuse'
complain 'a word of the domain in src/base' "$(
	grep -rniE --include='*.[ch]' "$domain" src/base |
		grep -v GRAVEYARDFS_WITHOUT || :)"

complain 'more than 500 lines: is it one room?' "$(
	find src fs -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 }')"

# listed DIRECTORY PREFIX FILE…: a test that meson does not know of is never run.
listed()
{
	meson=$1/meson.build
	prefix=$2
	shift 2
	for file; do
		name=$(basename "${file%.*}")
		grep -q "'${name#"$prefix"}'" "$meson" || complain "not in $meson" "$file"
	done
}

listed tests/mount '' tests/mount/*.sh
listed tests/bury '' tests/bury/*.sh
listed tests/unit test_ tests/unit/test_*.c
listed tests/store test_ tests/store/test_*.c
listed tests/fuzz fuzz_ tests/fuzz/fuzz_*.c

for header in $(find src fs -name '*.h' | sort); do
	# The fuse3 flags for all: which layer may use them was checked above.
	# shellcheck disable=SC2046 # words
	said=$(${CC:-cc} -std=gnu11 -fsyntax-only -Wall -Wextra -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 \
		-Isrc -I. $(pkg-config --cflags fuse3) \
		-include "$header" -x c /dev/null 2>&1) ||
		complain "$header does not compile alone" "$said"
done

exit "$bad"
