/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/record.h"

enum action {
	ACTION_SERVE,
	ACTION_CHECK,    /* --check DIR */
	ACTION_UNMOUNT,  /* --unmount DIR */
	ACTION_JANITOR,  /* --janitor DIR... */
	ACTION_TIMELINE, /* --timeline [LOG] */
	ACTION_HELP,
	ACTION_VERSION,
};

/* Strings are the command line's own. */
struct options {
	enum action action;
	const char *
		mountpoint; /* or the DIR of --check, --unmount and --janitor; or LOG, NULL: standard input */
	char *const *others; /* further ones of --janitor */
	int other_count;
	const char *db;
	const char *names; /* NULL: any */
	bool power;        /* --durability power */
	bool fresh;
	bool read_only;
	const char *read_only_at; /* a second mount; NULL: none */
	const char *until;        /* a condition, see core/condition.h; NULL: none */
	int64_t linger;           /* ns */
	unsigned max_waits;
	uint64_t max_names;
	enum record_level log_level;
	bool log_json;
};

/* Reads the command line. -EINVAL: `why` says what is wrong with it, in a sentence. */
int options_parse(int argc, char **argv, struct options *ret_options, char *why, size_t why_size);

void options_usage(FILE *to);
