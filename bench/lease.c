/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease: how long from the SIGKILL of who holds a lease to the return of the read that waits for it, and to that of
 * its parent's waitpid(2), which is the earliest that anybody can know.
 *
 *	lease ROUNDS PAUSE DIR VIEW…		VIEW: died, exitcode
 *
 * Prints "VIEW-read" and "VIEW-waitpid", each with MEDIAN P99 COUNT. The views take turns, each round with a
 * fresh name, after PAUSE microseconds of quiet; see wake.c.
 */
#include "readers.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_VIEWS 4

struct contest {
	const char *view, *dir;
	useconds_t pause;
	struct sample read, waitpid;
};

/* Returns once it holds the lease, and sleeps. */
static pid_t start_holder(const char *path)
{
	int never[2];
	char c;
	pid_t pid;

	if (pipe2(never, O_CLOEXEC))
		fail("pipe");
	pid = fork_child();
	if (!pid) {
		(void)open_or_fail(path, O_WRONLY | O_CREAT);
		_exit(read(never[0], &c, 1) == 0);
	}
	await_blocked(pid, pid, SYS_read);
	close(never[0]);
	close(never[1]);
	return pid;
}

static void measure(struct contest *contest, long number)
{
	struct readers readers;
	path_t lease, wait;
	int64_t start, reaped;
	pid_t holder;

	path_format(lease, "%s/.lease/l%d-%ld", contest->dir, getpid(), number);
	path_format(wait, "%s/.wait/%s/l%d-%ld", contest->dir, contest->view, getpid(), number);
	holder = start_holder(lease);
	readers_park(&readers, wait, 1);
	await_server(contest->dir);
	usleep(contest->pause);
	start = now_ns();
	if (kill(holder, SIGKILL) || waitpid(holder, NULL, 0) != holder)
		fail("process %d", holder);
	reaped = now_ns();
	sample_add(&contest->read, readers_await(&readers) - start);
	sample_add(&contest->waitpid, reaped - start);
	readers_dismiss(&readers);
}

static void contest_end(struct contest *contest)
{
	char label[64];

	snprintf(label, sizeof(label), "%s-read", contest->view);
	sample_print(&contest->read, label);
	snprintf(label, sizeof(label), "%s-waitpid", contest->view);
	sample_print(&contest->waitpid, label);
	sample_release(&contest->read);
	sample_release(&contest->waitpid);
}

int main(int argc, char **argv)
{
	struct contest contests[MAX_VIEWS] = {0};
	int n = argc - 4;
	long rounds;

	if (n < 1 || n > MAX_VIEWS) {
		fprintf(stderr, "usage: lease ROUNDS PAUSE DIR VIEW...\n");
		return 100;
	}
	rounds = parse_count(argv[1]);
	for (int i = 0; i < n; i++)
		contests[i] = (struct contest){.view = argv[i + 4],
					       .dir = argv[3],
					       .pause = (useconds_t)parse_count(argv[2])};
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			measure(&contests[i], round * n + i);
	for (int i = 0; i < n; i++)
		contest_end(&contests[i]);
	return 0;
}
