/* SPDX-License-Identifier: Apache-2.0 */
/* The long options of a program in one table: how they are read, and what --help prints. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* What they set: the program's own. */
struct options;

#define OPTION_ROWS_MAX 32

struct option_row {
	const char *name;     /* NULL: its help is a heading */
	const char *argument; /* NULL: takes none; [IN BRACKETS]: it may come last on the line */
	/* NULL, or what is wrong with the argument (NULL where the row has none). */
	const char *(*set)(struct options *options, const char *argument);
	const char *help;
};

struct option_table {
	const struct option_row *rows;
	size_t count; /* at most OPTION_ROWS_MAX */
	int column;   /* of an argument's end, in --help */
};

void option_table_print(const struct option_table *table, FILE *to);

/* Sets one option, as the command line would. NULL, or what is wrong. */
const char *option_table_set(const struct option_table *table, struct options *options,
			     const char *name, const char *argument);

/*
 * Reads the options in front of the first argument that is none, in their order. The index of that argument; or
 * -EINVAL, and `why` says in a sentence what is wrong.
 */
int option_table_parse(const struct option_table *table, int argc, char **argv,
		       struct options *options, char *why, size_t why_size);

/* Says why: what is wrong with that option, or argument. -EINVAL. */
int option_complain(char *why, size_t why_size, const char *option, const char *what);
