/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/record.h"
#include "bury/kubexit.h"
#include "bury/options.h"
#include "bury/own_copy.h"
#include "bury/supervisor.h"
#include "bury/tools.h"

static int say(int written)
{
	return written >= 0 && fflush(stdout) == 0 ? 0 : EXIT_SYSTEM;
}

/* Who reads the log by a program reads what is wrong with the command line by it, too. */
static bool wants_json(char **argv)
{
	while (*argv && strcmp(*argv, "--") != 0 && strcmp(*argv, "--json") != 0)
		argv++;
	return *argv && strcmp(*argv, "--json") == 0;
}

static void warn_of_unknown(char **environment)
{
	const char *variable, *nearest;
	size_t at = 0;

	while ((variable = kubexit_unknown(environment, &at, &nearest))) {
		struct record r;

		record_begin(&r, RECORD_WARNING, "unknown-variable");
		record_text(&r, "variable", variable);
		record_text(&r, "nearest", nearest);
		record_end(&r);
	}
}

static void warn_of_danger(int error)
{
	struct record r;

	record_begin(&r, RECORD_WARNING, "runs-from-graveyard");
	record_text(&r, "danger", "it is killed if the graveyard goes away");
	record_error(&r, error);
	record_end(&r);
}

/* `copied`: what own_copy_run() returned. */
static int run(struct options *options, int copied)
{
	record_setup(options->quiet ? RECORD_ERROR : RECORD_INFO, options->json, options->name);
	if (copied < 0)
		warn_of_danger(copied);
	warn_of_unknown(environ);
	return supervise(options);
}

int main(int argc, char **argv)
{
	static struct options options; /* too large for a small stack */
	char why[OPTIONS_WHY_MAX];
	int copied = own_copy_run(argv);

	/* What is run by its descriptor is called by its number. */
	(void)prctl(PR_SET_NAME, "bury");
	if (options_parse(argc, argv, environ, &options, why) < 0) {
		record_setup(RECORD_INFO, wants_json(argv), NULL);
		record_event(RECORD_ERROR, "usage", "error", why);
		return EXIT_USAGE;
	}
	switch (options.action) {
	case ACTION_HELP:
		options_usage(stdout);
		return say(0);
	case ACTION_VERSION:
		return say(puts("bury " GRAVEYARDFS_VERSION));
	case ACTION_CAT:
		return tool_cat(options.command);
	case ACTION_TOUCH:
		return tool_touch(options.command);
	case ACTION_INSTALL:
		return tool_install(options.install);
	case ACTION_RUN:
		break;
	}
	return run(&options, copied);
}
