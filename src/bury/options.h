/* SPDX-License-Identifier: Apache-2.0 */
/* What bury is told to do: kubexit's environment, and the command line, which goes before it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bury/goal.h"

enum action { ACTION_RUN, ACTION_INSTALL, ACTION_CAT, ACTION_TOUCH, ACTION_HELP, ACTION_VERSION };

/* When the child is called ready. */
enum readiness {
	READY_UNSAID,  /* by somebody else, or never */
	READY_RUNNING, /* as soon as it runs */
	READY_TOLD,    /* when it says so (sd_notify) */
};

struct options {
	enum action action;
	const char *name; /* NULL: no stone is carved; otherwise that below */
	char name_text[GRAVE_NAME_MAX + 1];
	const char *graveyard;        /* a directory */
	int64_t after_timeout, grace; /* ns */
	bool ignore_code;
	enum readiness readiness;
	bool group; /* signals go to the child's process group */
	int signal; /* that a child is stopped with */
	bool json, quiet;
	char **command;           /* or the files of cat and touch; ends with NULL */
	const char *install;      /* the directory of --install */
	struct goal after, until; /* last, as they are large, and little of them is used */
};

#define OPTIONS_WHY_MAX 512

/*
 * Reads both. Strings are those of `argv` and `environment`, which outlive it.
 * -EINVAL: `why` says in a sentence what is wrong.
 */
int options_parse(int argc, char **argv, char **environment, struct options *ret_options,
		  char why[OPTIONS_WHY_MAX]);

/* Sets one option, by its long name, as the command line would. NULL, or what is wrong with the argument. */
const char *options_set(struct options *options, const char *name, const char *argument);

void options_usage(FILE *to);
