/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd_code G PREFIX N CODE: N threads, each parked in a read of .wait/exitcode/PREFIX<i> from i = 0 on,
 * until it returns. Every one of them must get CODE, and see a stone that has it: a death that can be seen
 * without the code that came in the same write fails. Says how many did, and is silent about the rest
 * after the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_SIZE (64 * 1024)

struct waiter {
	pthread_t thread;
	unsigned number;
};

static const char *graveyard, *prefix, *code;
static atomic_uint right, wrong;

/* 0 with the file's text, or -errno. */
static int slurp(const char *format, unsigned number, char *text, size_t size)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), format, graveyard, prefix, number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	n = n < 0 ? -errno : n;
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? (int)n : 0;
}

static void *wait_for_code(void *arg)
{
	const struct waiter *waiter = arg;
	char got[32], stone[4096], want[32], line[32];
	int r;

	snprintf(want, sizeof(want), "%s\n", code);
	snprintf(line, sizeof(line), "\nExitCode: %s\n", code);
	stone[0] = '\0';
	r = slurp("%s/.wait/exitcode/%s%u", waiter->number, got, sizeof(got));
	if (r == 0)
		r = slurp("%s/%s%u", waiter->number, stone, sizeof(stone));
	if (r == 0 && strcmp(got, want) == 0 && strstr(stone, line))
		right++;
	else if (wrong++ == 0)
		fprintf(stderr, "%s%u: %s, code '%s', stone '%s'\n", prefix, waiter->number,
			strerror(-r), got, stone);
	return NULL;
}

int main(int argc, char **argv)
{
	struct waiter *waiters;
	pthread_attr_t attr;
	unsigned count;

	if (argc != 5)
		return 2;
	graveyard = argv[1];
	prefix = argv[2];
	count = (unsigned)strtoul(argv[3], NULL, 10);
	code = argv[4];
	waiters = calloc(count, sizeof(*waiters));
	if (!waiters)
		return 2;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (unsigned i = 0; i < count; i++) {
		waiters[i].number = i;
		if (pthread_create(&waiters[i].thread, &attr, wait_for_code, &waiters[i]) != 0)
			return 2;
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(waiters[i].thread, NULL);
	printf("%u\n", right);
	free(waiters);
	return right == count ? 0 : 1;
}
