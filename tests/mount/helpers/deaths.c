/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deaths: writers that tell of one death after the other, until the daemon is killed in the middle of it.
 *
 *	deaths GRAVEYARD PID PREFIX AFTER MICROSECONDS
 *
 * Prints "NAME CODE" for each death that was acknowledged. After AFTER of them, and so much
 * time, the daemon, PID, gets SIGKILL.
 */
#include "must.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define WRITERS 8

static const char *g, *prefix;
static pid_t daemon_pid;
static int after, microseconds;
static atomic_int acknowledged;

/* -1: the daemon is gone. */
static int die(const char *name, int code)
{
	char path[512], text[16];
	int fd, written, n = snprintf(path, sizeof(path), "%s/.died/%s", g, name);

	must(n > 0 && (size_t)n < sizeof(path));
	n = snprintf(text, sizeof(text), "%d\n", code);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	written = fd < 0 ? -1 : (int)write(fd, text, (size_t)n);
	if (written != n && errno != ENOTCONN && errno != ECONNABORTED)
		fail("write '%s'", path);
	if (fd >= 0)
		(void)close(fd);
	return written == n ? 0 : -1;
}

/* Not a sleep: it would let the daemon come to rest. */
static void spin(void)
{
	struct timespec begin, now;

	must(clock_gettime(CLOCK_MONOTONIC, &begin) == 0);
	do
		must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 <
	       microseconds);
}

static void *writer(void *arg)
{
	char name[128], line[160];

	for (int i = 0;; i++) {
		int n = snprintf(name, sizeof(name), "%s-%d-%d", prefix, (int)(size_t)arg, i);

		must(n > 0 && (size_t)n < sizeof(name));
		if (die(name, i % 256) < 0)
			return NULL;
		n = snprintf(line, sizeof(line), "%s %d\n", name, i % 256);
		must(write(STDOUT_FILENO, line, (size_t)n) == n);
		if (++acknowledged != after)
			continue;
		spin();
		must(kill(daemon_pid, SIGKILL) == 0);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[WRITERS];

	must(argc == 6);
	g = argv[1];
	daemon_pid = atoi(argv[2]);
	prefix = argv[3];
	after = atoi(argv[4]);
	microseconds = atoi(argv[5]);
	(void)alarm(30);
	for (size_t i = 0; i < WRITERS; i++)
		must(pthread_create(&threads[i], NULL, writer, (void *)i) == 0);
	for (size_t i = 0; i < WRITERS; i++)
		must(pthread_join(threads[i], NULL) == 0);
	return 0;
}
