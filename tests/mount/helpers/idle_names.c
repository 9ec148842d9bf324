/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle_names: opens a lease in a moment in which the daemon has no room for one idle name more, and that of the lease
 * is the one that was not used for the longest.
 *
 *	idle_names GRAVEYARD PID WAITING IDLE
 *
 * PID is the worker's, which is stopped until all requests of one batch are there: a death, so many closes of files
 * with other names, and the opening. WAITING is the kernel's count of requests without an answer; IDLE is how many
 * idle names the daemon knows. Says "open" once it has the lease on `held`, and holds it until its standard input ends.
 */
#include "must.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define CLOSES 100

static const char *g, *waiting;
static pid_t worker;
static int directory, death, path_only, lease = -1;

static void await_waiting(unsigned n)
{
	const struct timespec moment = {0, 1000000};
	unsigned now = n + 1;

	for (int i = 0; now != n; i++) {
		FILE *file = fopen(waiting, "re");

		must(file && fscanf(file, "%u", &now) == 1);
		must(fclose(file) == 0);
		if (i > 20000)
			fail("%u requests are unanswered, expected %u", now, n);
		(void)nanosleep(&moment, NULL);
	}
}

static void await_stopped(void)
{
	char path[64], state = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)worker);
	must(kill(worker, SIGSTOP) == 0);
	while (state != 'T') {
		FILE *file = fopen(path, "re");

		must(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
		must(fclose(file) == 0);
	}
}

/* In a directory that is open: that itself is not looked up. */
static void look_up(unsigned number)
{
	struct stat st;
	char name[32];

	(void)snprintf(name, sizeof(name), "idle%u", number);
	if (fstatat(directory, name, &st, 0) != 0)
		fail("stat '%s'", name);
}

/* ---- what comes in one batch ---- */

static void *die(void *arg)
{
	must(write(death, "3\n", 2) == 2);
	return arg;
}

/* By the node that the kernel knows, without a lookup. */
static void *open_lease(void *arg)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", path_only);
	lease = open(path, O_WRONLY | O_CLOEXEC);
	if (lease < 0)
		fail("open '%s'", path);
	return arg;
}

static pthread_t start(void *(*run)(void *))
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, run, NULL) == 0);
	return thread;
}

static void ask_all(const int fds[CLOSES])
{
	pthread_t writer, opener;

	await_waiting(0);
	await_stopped();
	writer = start(die);
	await_waiting(1);
	for (unsigned i = 0; i < CLOSES; i++)
		must(close(fds[i]) == 0);
	await_waiting(1 + CLOSES);
	opener = start(open_lease);
	await_waiting(2 + CLOSES);
	must(kill(worker, SIGCONT) == 0);
	must(pthread_join(opener, NULL) == 0);
	must(pthread_join(writer, NULL) == 0);
}

int main(int argc, char **argv)
{
	int fds[CLOSES];
	unsigned idle;
	char c;

	must(argc == 5);
	g = argv[1];
	worker = atoi(argv[2]);
	waiting = argv[3];
	idle = (unsigned)atoi(argv[4]);
	directory = open_in(g, ".wait/born", O_PATH | O_DIRECTORY);
	lease = open_in(g, ".lease/held", O_WRONLY | O_CREAT);
	path_only = open_in(g, ".lease/held", O_PATH);
	must(close(lease) == 0);
	death = open_in(g, ".died/other", O_WRONLY | O_CREAT);
	for (unsigned i = 0; i < CLOSES; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), ".wait/born/open%u", i);
		fds[i] = open_in(g, path, O_RDONLY);
	}
	/* There is room left for half of those that are closed. */
	for (unsigned i = 0; i < idle - CLOSES / 2; i++)
		look_up(i);
	ask_all(fds);
	must(puts("open") >= 0 && fflush(stdout) == 0);
	must(read(STDIN_FILENO, &c, 1) == 0);
	return 0;
}
