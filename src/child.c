/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "exit_status.h"

/* So many may fail one after the other before the next has to wait, twice as long each time. */
#define FREE_FAILURES 4
#define WAIT_FIRST (10 * NSEC_PER_MSEC)
#define WAIT_MOST NSEC_PER_SEC

int child_init(struct child *c, const char *name, const char *argv0, char **argv)
{
	size_t count = 0;

	while (argv[count])
		count++;
	*c = (struct child){.name = name, .argv = calloc(count + 1, sizeof(*argv))};
	if (!c->argv)
		return -ENOMEM;
	memcpy(c->argv, argv, count * sizeof(*argv));
	c->argv[0] = (char *)argv0; /* execve(2) does not write there */
	return 0;
}

void child_release(struct child *c)
{
	free(c->argv);
	c->argv = NULL;
}

/* In the new process. */
static _Noreturn void become(const struct child *c, int program, const int *fds, size_t count,
			     pid_t parent)
{
	/* Nobody outlives the keeper; it may have ended before this was said. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_SYSTEM);
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			(void)fcntl(fds[i], F_SETFD, 0);
	(void)syscall(SYS_execveat, program, "", c->argv, environ, AT_EMPTY_PATH);
	log_error("unable to execute the %s: %s", c->name, strerror(errno));
	_exit(EXIT_SYSTEM);
}

void child_start(struct child *c, int program, const int *fds, size_t count)
{
	pid_t self = getpid(), pid = fork();

	if (pid == 0)
		become(c, program, fds, count, self);
	if (pid < 0) {
		log_error("unable to start the %s: %s, trying again", c->name, strerror(errno));
		c->start_at = clock_monotonic() + WAIT_MOST;
		return;
	}
	c->pid = pid;
	c->started = clock_monotonic();
}

void child_ended(struct child *c, int64_t enough)
{
	int64_t now = clock_monotonic(), wait = WAIT_FIRST;

	c->pid = 0;
	c->start_at = now;
	if (now - c->started >= enough) {
		c->failures = 0;
		return;
	}
	if (++c->failures <= FREE_FAILURES)
		return;
	for (unsigned i = FREE_FAILURES + 1; i < c->failures && wait < WAIT_MOST; i++)
		wait *= 2;
	c->start_at = now + (wait < WAIT_MOST ? wait : WAIT_MOST);
}

int64_t child_due(const struct child *c)
{
	return c->pid ? INT64_MAX : c->start_at;
}
