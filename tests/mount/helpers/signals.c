/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals: parked reads and the signals of their threads.
 *
 *	signals GRAVEYARD
 */
#include "must.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#define THREADS 8
#define KILLED 300

static const char *g;

struct reader {
	pthread_t thread;
	int fd;
	char text[4096];
	ssize_t got; /* bytes, or -errno, of the first read that was not interrupted */
	atomic_int interrupted;
	atomic_int ended; /* nobody handles signals any more */
};

static atomic_int handled;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

static void handle(int signal, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	must(sigaction(signal, &action, NULL) == 0);
}

static void *read_on(void *arg)
{
	struct reader *r = arg;

	do {
		r->got = read(r->fd, r->text, sizeof(r->text) - 1);
		if (r->got < 0)
			r->got = -errno;
		if (r->got == -EINTR)
			r->interrupted++;
	} while (r->got == -EINTR);
	r->ended = 1;
	return NULL;
}

static void start(struct reader *r, const char *path)
{
	*r = (struct reader){.fd = open_in(g, path, O_RDONLY)};
	must(pthread_create(&r->thread, NULL, read_on, r) == 0);
}

static void join(struct reader *r)
{
	must(pthread_join(r->thread, NULL) == 0);
	close(r->fd);
}

static void moment(void)
{
	const struct timespec time = {0, 1000000};

	(void)nanosleep(&time, NULL);
}

/* Sends a signal to a thread, and waits until its handler has run, or the thread has ended before. */
static void interrupt(struct reader *r, int signal)
{
	int before = handled;

	if (r->ended)
		return;
	must(pthread_kill(r->thread, signal) == 0 || r->ended);
	for (int i = 0; handled == before && !r->ended; i++) {
		if (i > 10000)
			fail("the handler of a parked reader does not run");
		moment();
	}
}

/* One thread of several is interrupted, over and over; it reads on, and nobody else notices. */
static void one_of_several(int signal, const char *name)
{
	struct reader readers[THREADS];
	char path[64];

	(void)snprintf(path, sizeof(path), ".wait/exitcode/%s", name);
	for (int i = 0; i < THREADS; i++)
		start(&readers[i], path);
	for (int i = 0; i < 20; i++)
		interrupt(&readers[3], signal);
	(void)snprintf(path, sizeof(path), ".died/%s", name);
	tell(g, path, "7\n");
	for (int i = 0; i < THREADS; i++) {
		join(&readers[i]);
		if (readers[i].got != 2 || memcmp(readers[i].text, "7\n", 2) != 0)
			fail("%s: reader %d got %zd", name, i, readers[i].got);
		must(i == 3 || readers[i].interrupted == 0);
	}
}

/* The deadline counts from the open, however often the read is interrupted. */
static void deadline(void)
{
	struct reader r;

	start(&r, ".wait/died/never@500ms");
	for (int i = 0; i < 10; i++)
		interrupt(&r, SIGUSR1);
	join(&r);
	if (r.got != -ETIMEDOUT)
		fail("deadline: got %zd", r.got);
}

/* Killed at any moment: before the read, on the way to it, while it is parked, on the way out. */
static void killed_at_any_moment(void)
{
	for (int i = 0; i < KILLED; i++) {
		pid_t child = fork();
		int status;

		must(child >= 0);
		if (child == 0) {
			char text[64];
			int fd = open_in(g, ".wait/died/undying", O_RDONLY);

			_exit(read(fd, text, sizeof(text)) >= 0);
		}
		for (volatile int spin = 0; spin < i * 1000; spin++)
			;
		must(kill(child, i % 2 ? SIGKILL : SIGTERM) == 0);
		must(waitpid(child, &status, 0) == child);
		must(WIFSIGNALED(status));
	}
}

int main(int argc, char **argv)
{
	must(argc == 2);
	g = argv[1];
	(void)alarm(50);
	handle(SIGUSR1, 0);
	handle(SIGUSR2, SA_RESTART);
	one_of_several(SIGUSR1, "plain");
	one_of_several(SIGUSR2, "restarted");
	deadline();
	killed_at_any_moment();
	return 0;
}
