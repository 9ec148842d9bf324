/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "exit_status.h"
#include "handover.h"
#include "herald.h"
#include "janitor.h"
#include "keeper.h"
#include "mountpoint.h"
#include "options.h"
#include "picture.h"
#include "server.h"

/* Bytes of log that a pipe shall hold: what /proc/sys/fs/pipe-max-size allows everybody. */
#define LOG_ROOM (1 << 20)

static int check(const char *path)
{
	enum mountpoint_state state;
	int r = mountpoint_look(path, &state);

	if (r == 0 && state == MOUNTPOINT_SERVED)
		r = mountpoint_answers(path);
	if (log_failure(r, "look at", path) < 0)
		return EXIT_SYSTEM;
	return r > 0 ? EXIT_OK : EXIT_NOT_SO;
}

static int unmount(const char *path)
{
	enum mountpoint_state state;
	char real_path[PATH_MAX];
	int r = mountpoint_look(path, &state);

	if (r == 0 && state == MOUNTPOINT_FREE) {
		log_error("there is no graveyard at '%s'", path);
		return EXIT_NOT_SO;
	}
	if (r == 0)
		r = mountpoint_find(path, real_path);
	if (r == 0)
		r = mountpoint_unmount(real_path);
	return log_failure(r, "unmount", path) < 0 ? EXIT_SYSTEM : EXIT_OK;
}

static int serve(const struct options *options, char **argv)
{
	if (strcmp(argv[0], WORKER_NAME) == 0)
		return server_run(options);
	if (strcmp(argv[0], HERALD_NAME) == 0)
		return herald_run(options->mountpoint);
	/* Lines are dropped rather than waited for, so a burst of deaths wants room. Fails on what is no
	 * pipe, and where the system allows less. */
	(void)fcntl(STDERR_FILENO, F_SETPIPE_SZ, LOG_ROOM);
	return keeper_run(options, argv);
}

int main(int argc, char **argv)
{
	struct options options;
	char why[256];

	/* Ignored by whoever started us, it would be so here, and no child's end could be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (options_parse(argc, argv, &options, why, sizeof(why)) < 0) {
		log_error("%s (see graveyardfs --help)", why);
		return EXIT_USAGE;
	}
	record_setup(options.log_level, options.log_json, NULL);
	switch (options.action) {
	case ACTION_HELP:
		options_usage(stdout);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_SYSTEM;
	case ACTION_VERSION:
		(void)puts("graveyardfs " GRAVEYARDFS_VERSION);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_SYSTEM;
	case ACTION_CHECK:
		return check(options.mountpoint);
	case ACTION_UNMOUNT:
		return unmount(options.mountpoint);
	case ACTION_JANITOR:
		return janitor_run(&options);
	case ACTION_TIMELINE:
		return picture_run(options.mountpoint);
	case ACTION_SERVE:
		break;
	}
	return serve(&options, argv);
}
