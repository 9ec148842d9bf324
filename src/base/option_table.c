/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_table.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

/* What getopt_long() returns for the first row: no character. */
#define FIRST_OPTION 256

void option_table_print(const struct option_table *table, FILE *to)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (!row->name) {
			(void)fprintf(to, "\n%s\n", row->help);
			continue;
		}
		(void)fprintf(to, "  --%s %-*s %s\n", row->name,
			      table->column - (int)strlen(row->name),
			      row->argument ? row->argument : "", row->help);
	}
}

const char *option_table_set(const struct option_table *table, struct options *options,
			     const char *name, const char *argument)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].name && strcmp(table->rows[i].name, name) == 0)
			return table->rows[i].set(options, argument);
	return "is not an option";
}

int option_complain(char *why, size_t why_size, const char *option, const char *what)
{
	(void)snprintf(why, why_size, "%s %s", option, what);
	return -EINVAL;
}

static int takes_argument(const struct option_row *row)
{
	return row->argument && row->argument[0] != '[' ? required_argument : no_argument;
}

static void list(const struct option_table *table, struct option *longs)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->name)
			*longs++ = (struct option){row->name, takes_argument(row), NULL,
						   (int)i + FIRST_OPTION};
	}
}

static int set(const struct option_row *row, struct options *options, char *why, size_t why_size)
{
	const char *wrong = row->set(options, optarg);
	char option[64];

	if (!wrong)
		return 0;
	(void)snprintf(option, sizeof(option), "--%s", row->name);
	return option_complain(why, why_size, option, wrong);
}

int option_table_parse(const struct option_table *table, int argc, char **argv,
		       struct options *options, char *why, size_t why_size)
{
	struct option longs[OPTION_ROWS_MAX + 1] = {0};
	int at = 1, r = 0, c;

	list(table, longs);
	opterr = 0;
	optind = 0; /* glibc, musl: start anew */
	while (r == 0 && (c = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
		const char *given = argv[at];

		if (c == ':')
			return option_complain(why, why_size, given, "needs an argument");
		if (c < FIRST_OPTION)
			return option_complain(why, why_size, given,
					       "is not an option, or is ambiguous");
		at = optind;
		r = set(&table->rows[c - FIRST_OPTION], options, why, why_size);
	}
	return r < 0 ? r : optind;
}
