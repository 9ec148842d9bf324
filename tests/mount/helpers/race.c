/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race: processes that race to be the first to tell of a death.
 *
 *	race GRAVEYARD ROUNDS PROCESSES PREFIX same|different
 *
 * Each tells a code; with "different", its own. Exactly one succeeds then, the others get EPERM; with "same"
 * all succeed. Each reads the code before it writes, if there is one, and after it did, and others wait for it:
 * all agree. Prints "NAME CODE" for each round.
 */
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MOST 16

struct result {
	int error, before, after, waited; /* codes; -2: none yet */
};

static struct shared {
	pthread_barrier_t start, end;
	struct result results[2 * MOST];
} * shared;

static const char *g, *prefix;
static unsigned rounds, racers;
static bool same;

static int code_of(unsigned racer)
{
	return same ? 7 : (int)racer + 1;
}

/* The code that is there; -2: none. */
static int read_code(const char *directory, unsigned round)
{
	char path[4096], text[16] = "";
	int fd, n = snprintf(path, sizeof(path), "%s/%s/%s%u", g, directory, prefix, round);

	must(n > 0 && (size_t)n < sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		must(errno == ENOENT);
		return -2;
	}
	must(read(fd, text, sizeof(text) - 1) > 0);
	must(close(fd) == 0);
	return atoi(text);
}

static void run(unsigned racer, unsigned round)
{
	struct result *result = &shared->results[racer];
	char path[128], text[16];
	int n, fd;

	n = snprintf(path, sizeof(path), ".died/%s%u", prefix, round);
	must(n > 0 && (size_t)n < sizeof(path));
	n = snprintf(text, sizeof(text), "%d\n", code_of(racer));
	fd = open_in(g, path, O_WRONLY | O_CREAT);
	(void)pthread_barrier_wait(&shared->start);
	result->before = read_code(".exitcode", round);
	result->error = write(fd, text, (size_t)n) == n ? 0 : errno;
	result->after = read_code(".exitcode", round);
	must(close(fd) == 0);
}

static void child(unsigned number)
{
	(void)alarm(60);
	for (unsigned round = 0; round < rounds; round++) {
		if (number < racers) {
			run(number, round);
		} else {
			(void)pthread_barrier_wait(&shared->start);
			shared->results[number].waited = read_code(".wait/exitcode", round);
		}
		(void)pthread_barrier_wait(&shared->end);
		(void)pthread_barrier_wait(&shared->end);
	}
	_exit(0);
}

static void check(unsigned round)
{
	int code = read_code(".exitcode", round);
	unsigned won = 0;

	for (unsigned i = 0; i < racers; i++) {
		const struct result *r = &shared->results[i];

		if (r->error == 0)
			won++;
		if (r->error != 0 && r->error != EPERM)
			fail("round %u: racer %u got %s", round, i, strerror(r->error));
		if ((r->error == 0) != (code_of(i) == code))
			fail("round %u: racer %u told %d and got %s, but the code is %d", round, i,
			     code_of(i), strerror(r->error), code);
		if ((r->before != code && r->before != -2) || r->after != code)
			fail("round %u: racer %u saw %d, then %d; the code is %d", round, i,
			     r->before, r->after, code);
		if (shared->results[racers + i].waited != code)
			fail("round %u: a waiter got %d; the code is %d", round,
			     shared->results[racers + i].waited, code);
	}
	if (won != (same ? racers : 1))
		fail("round %u: %u of %u have won", round, won, racers);
	printf("%s%u %d\n", prefix, round, code);
}

static void init_barrier(pthread_barrier_t *barrier, unsigned count)
{
	pthread_barrierattr_t attr;

	must(pthread_barrierattr_init(&attr) == 0);
	must(pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
	must(pthread_barrier_init(barrier, &attr, count) == 0);
}

int main(int argc, char **argv)
{
	int status;

	must(argc == 6);
	g = argv[1];
	rounds = (unsigned)atoi(argv[2]);
	racers = (unsigned)atoi(argv[3]);
	prefix = argv[4];
	same = strcmp(argv[5], "same") == 0;
	must(racers <= MOST);
	(void)alarm(60);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	must(shared != MAP_FAILED);
	init_barrier(&shared->start, 2 * racers);
	init_barrier(&shared->end, 2 * racers + 1);
	for (unsigned i = 0; i < 2 * racers; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0)
			child(i);
	}
	for (unsigned round = 0; round < rounds; round++) {
		(void)pthread_barrier_wait(&shared->end);
		check(round);
		(void)pthread_barrier_wait(&shared->end);
	}
	while (wait(&status) > 0)
		must(status == 0);
	return 0;
}
