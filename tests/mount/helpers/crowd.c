/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd: many readers of one file at once, a thread each, with a descriptor each.
 *
 *	crowd N FILE
 *
 * When all have read, prints what they got, once, with how many got it: "10000 ok 90 bytes" and
 * "1 Connection timed out". All who read something have to have read the same.
 */
#include "must.h"

#include <pthread.h>
#include <sys/resource.h>

#define STACK 16384
#define TEXT 512
#define ERRNOS 4096

static const char *path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[TEXT];
static ssize_t length = -1;
static unsigned ok, failed[ERRNOS];

static void note(const char *got, ssize_t n, int error)
{
	must(pthread_mutex_lock(&lock) == 0);
	if (n < 0) {
		failed[error]++;
	} else {
		if (length < 0)
			memcpy(text, got, (size_t)n);
		else if (n != length || memcmp(text, got, (size_t)n) != 0)
			fail("two readers got different texts");
		length = n;
		ok++;
	}
	must(pthread_mutex_unlock(&lock) == 0);
}

static void *reader(void *arg)
{
	char got[TEXT];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got));

	(void)arg;
	note(got, n, errno);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	pthread_attr_t attr;
	pthread_t *threads;
	size_t count;

	must(argc == 3);
	count = strtoul(argv[1], NULL, 10);
	path = argv[2];
	threads = calloc(count, sizeof(*threads));
	must(threads);
	files.rlim_cur = files.rlim_max = count + 64;
	must(setrlimit(RLIMIT_NOFILE, &files) == 0);
	must(pthread_attr_init(&attr) == 0);
	must(pthread_attr_setstacksize(&attr, STACK) == 0);
	for (size_t i = 0; i < count; i++)
		must(pthread_create(&threads[i], &attr, reader, NULL) == 0);
	for (size_t i = 0; i < count; i++)
		must(pthread_join(threads[i], NULL) == 0);
	if (ok)
		printf("%u ok %zd bytes\n", ok, length);
	for (int i = 0; i < ERRNOS; i++)
		if (failed[i])
			printf("%u %s\n", failed[i], strerror(i));
	return 0;
}
