/* SPDX-License-Identifier: Apache-2.0 */
#include "janitor.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#include "base/log.h"
#include "exit_status.h"
#include "mountpoint.h"
#include "options.h"

static int await_end(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;
	int signal;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&set, signals[i]);
	/* Blocked, they come to process 1, too. */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	log_info("sleeping until SIGTERM");
	do {
		signal = sigwaitinfo(&set, NULL);
		/* As process 1, those whom others left behind. */
		while (signal == SIGCHLD && waitpid(-1, NULL, WNOHANG) > 0)
			;
	} while (signal == SIGCHLD || (signal < 0 && errno == EINTR));
	return signal < 0 ? -errno : 0;
}

static int take_down(const char *path)
{
	int r = mountpoint_take_down(path);

	if (r > 0)
		log_info("unmounted '%s'", path);
	return log_failure(r, "unmount", path);
}

int janitor_run(const struct options *options)
{
	int status = EXIT_OK;

	if (log_failure(await_end(), "wait in front of", options->mountpoint) < 0)
		return EXIT_SYSTEM;
	if (take_down(options->mountpoint) < 0)
		status = EXIT_SYSTEM;
	for (int i = 0; i < options->other_count; i++)
		if (take_down(options->others[i]) < 0)
			status = EXIT_SYSTEM;
	return status;
}
