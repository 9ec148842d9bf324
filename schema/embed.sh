#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the migrations into a C file that defines what src/store/schema.h declares.
#
#	embed.sh OUTPUT NNNN_what.sql...
#
# In meson:
#
#	schema_c = custom_target('schema.c', output: 'schema.c',
#	  input: files('schema/0001_graveyard.sql'),
#	  command: [find_program('schema/embed.sh'), '@OUTPUT@', '@INPUT@'])
#
# The files may come in any order. They have to be numbered 0001, 0002 ... without a gap: a step that
# is missing from the build would otherwise be found by the first user who needs it.
set -eu
export LC_ALL=C

output=$1
shift

# One file a line, "NAME PATH", sorted by name and so by number. Names have no spaces; paths may.
sorted=$(for path in "$@"; do
	printf '%s %s\n' "$(basename "$path" .sql)" "$path"
done | sort)

number=0
{
	printf '/* Made by schema/embed.sh: do not edit. */\n#include "store/schema.h"\n\n'
	printf 'const struct migration schema_migrations[] = {\n'
	while IFS=' ' read -r name path; do
		number=$((number + 1))
		case $name in
		"$(printf '%04d' "$number")"_*) ;;
		*)
			printf '%s: expected number %04d: %s\n' "$0" "$number" "$path" >&2
			exit 1
			;;
		esac
		printf '\t{%d, "%s",\n' "$number" "$name"
		sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/.*/\t "&\\n"/' "$path"
		printf '\t},\n'
	done <<-LIST
		$sorted
	LIST
	printf '};\n\n'
	printf 'const size_t schema_migration_count =\n'
	printf '\tsizeof(schema_migrations) / sizeof(schema_migrations[0]);\n'
} >"$output.tmp"
mv "$output.tmp" "$output"
