#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-docs.sh GRAVEYARDFS BURY: the options that the programs know, and those that --help, the manual pages, README
# and the completion tell of, are the same; and so are the files of a graveyard, and what the log has. --help fits on a
# screen. README's links lead somewhere.
set -eu
graveyardfs=$(realpath "$1")
bury=$(realpath "$2")
cd "$(dirname "$0")/.."

bad=0

complain()
{
	printf '%s\n' "$*" >&2
	bad=1
}

words()
{
	printf '%s\n' "$1" | tr -s ' \t' '\n' | sort -u
}

# compare WHAT WORDS WORDS: are they the same, in any order?
compare()
{
	differ=$({ words "$2" && words "$3"; } | sort | uniq -u | paste -sd ' ')
	[ -z "$differ" ] || complain "$1 differ: $differ"
}

# in_table LINE: the options in the first column of the first table of options after this line of README.
in_table()
{
	awk -v from="$1" '
		$0 == from { found = 1 }
		found && /^\| `--/ { rows = 1; split($0, columns, " [|] "); print columns[1]; next }
		rows { exit }' README.md | grep -oE -e '--[a-z-]+'
}

# in_completion PROGRAM: its options, with a = where they take an argument.
in_completion()
{
	bash -c '. completions/graveyardfs; list=_$1_options; echo "${!list}"' bash "$1" | tr -s ' \t' '\n'
}

# options PROGRAM SOURCE PAGE README-LINE
options()
{
	name=$(basename "$1")
	help=$("$1" --help | sed -nE 's/^  (--[a-z-]+) .*/\1/p')
	[ "$(echo "$help" | grep -c .)" -gt 10 ] || complain "$name --help has hardly an option"
	compare "$name --help and $2" "$help" \
		"$(sed -nE 's/^\t\{"([a-z-]+)", (NULL|"[^"]*"), set_.*/--\1/p' "$2")"
	compare "$name --help and $3" "$help" "$(sed -nE 's/^\.It Fl (-[a-z-]+).*/-\1/p' "$3")"
	compare "$name --help and README" "$help" "$(in_table "$4")"
	compare "$name --help and completion" \
		"$("$1" --help | sed -nE 's/^  (--[a-z-]+) [A-Z].*/\1=/p; s/^  (--[a-z-]+) [[ ].*/\1/p')" \
		"$(in_completion "$name")"
	for option in $help; do
		! "$1" "$option" 2>&1 | grep 'is not an option' || complain "$name does not know $option"
	done
	[ -z "$("$1" --help | awk 'length > 80')" ] || complain "$name --help has lines of more than 80 characters"
}

options "$graveyardfs" src/options.c doc/graveyardfs.8 '## Options'
options "$bury" src/bury/options.c doc/bury.1 '## From kubexit'

# told FILE: in README, in the manual page, and in .help, where the rest are EREs of a line there.
told()
{
	grep -qE "^\| .*\`$1[/\`@]" README.md || complain "README does not tell of $1"
	grep -qE "^\.It Pa $1(/|\$)" doc/graveyard.5 || complain "graveyard.5 does not tell of $1"
	grep -qE "^	\".*($2)" fs/view_help.c || complain ".help does not tell of $1"
}

# Files whose name is the file system's own, and what there is in .wait.
files=$(sed -nE 's/.*\.name = "\.([a-z.]+)", .*/\1/p' fs/view.c)
waits=$(sed -nE 's/.*\.name = "([a-z]+)", \.parent = VIEW_WAIT,.*/\1/p' fs/view.c)
[ "$(echo "$files $waits" | wc -w)" -gt 15 ] || complain 'fs/view.c is not understood'
for file in $files; do
	case $file in
	help) told '\.help' '' ;;
	wait) ;;
	bin) told '\.bin/bury' '\.bin/bury' ;;
	*) told "\\.$file" "\\.$file\\>" ;;
	esac
done
for wait in $waits; do
	told "\\.wait/$wait" "\\.wait/$wait/|till it dies.*\\<$wait\\>"
done

# logged ERE SED-EXPRESSION FILE…: what stands there in the code that writes records.
logged()
{
	expression=$1
	shift
	cat "$@" | tr -s '\n\t ' ' ' | grep -oE 'record_(begin|event|failure|text|number)\([^;]*;' |
		sed -nE "$expression" | sort -u
}

# documented PAGE WORD…: after an .It Cm of its section LOG, or in the text there.
documented()
{
	page=$1
	shift
	section=$(sed -n '/^\.Sh LOG/,/^\.Sh FILES\|^\.Sh ENVIRONMENT/p' "$page")
	for word; do
		case $word in cannot-*) word=cannot- ;; esac
		echo "$section" | grep -qE "^\.(It )?Cm (.* )?$word( |\$)" || complain "$page, LOG, does not tell of $word"
	done
}

events='s/.*record_(begin|event|failure)\([^"]*"([a-z-]+)".*/\2/p'
keys='s/.*record_(text|number)\([^"]*"([a-z]+)".*/\2/p; s/.*record_event\([^"]*"[a-z-]+", "([a-z]+)".*/\1/p'
journal=$(sed -nE 's/.*\[EVENT_[A-Z]+\] = "([a-z]+)".*/\1/p' src/core/journal.c)
vias=$(sed -n '/via_words/,/^}/p' src/core/journal.c | grep -oE '"[a-z]+"' | tr -d '"')
[ "$(echo "$journal $vias" | wc -w)" -gt 8 ] || complain 'src/core/journal.c is not understood'
# shellcheck disable=SC2046,SC2086 # words
documented doc/graveyardfs.8 $journal $vias \
	$(logged "$events" src/*.c fs/*.c) $(logged "$keys" src/*.c fs/*.c src/base/record.c)
# shellcheck disable=SC2046 # words
documented doc/bury.1 $(logged "$events" src/bury/*.c)

# A heading's anchor is its text in lower case, without punctuation, and with dashes for spaces.
anchors=$(sed -nE 's/^##+ //p' README.md | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9 _\n-' | tr ' ' '-')
links=$(grep -oE '\]\([^)]*\)' README.md | sed 's/^](//; s/)$//')
[ "$(echo "$links" | wc -l)" -gt 10 ] || complain 'README has hardly a link'
for link in $links; do
	case $link in
	'#'*) echo "$anchors" | grep -qxF -e "${link#?}" ;;
	*) [ -e "$link" ] ;;
	esac || complain "README links $link, which is not there"
done

exit "$bad"
