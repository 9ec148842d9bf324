/* SPDX-License-Identifier: Apache-2.0 */
#include "readers.h"

#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Descriptors a probe needs besides its readers'. */
#define OTHER_DESCRIPTORS 64

struct reader {
	struct readers *all;
	pid_t tid;
	int64_t woken;
};

static void futex_wait_zero(_Atomic uint32_t *word)
{
	while (!atomic_load(word))
		(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void futex_set(_Atomic uint32_t *word)
{
	atomic_store(word, 1);
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Reads once and stays until dismissed: a thread that ends would hold up those yet to wake. */
static void *reader_main(void *data)
{
	struct reader *reader = data;
	struct readers *all = reader->all;
	char text[4096];
	int fd = open_or_fail(all->path, O_RDONLY);
	ssize_t n;

	__atomic_store_n(&reader->tid, gettid(), __ATOMIC_RELEASE);
	n = read(fd, text, sizeof(text));
	reader->woken = now_ns();
	if (n < 0 || (n == 0) != all->is_fifo)
		fail("read '%s': %zd bytes", all->path, n);
	if (atomic_fetch_add(&all->returned, 1) == (uint32_t)all->n - 1)
		futex_set(&all->all_returned);
	futex_wait_zero(&all->dismissed);
	close(fd);
	return NULL;
}

static void start_thread(struct readers *readers, long i)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN + 16384);
	pthread_attr_setguardsize(&attr, 0);
	readers->each[i].all = readers;
	errno = pthread_create(&readers->threads[i], &attr, reader_main, &readers->each[i]);
	if (errno)
		fail("thread %ld", i);
	pthread_attr_destroy(&attr);
}

static pid_t await_tid(const struct reader *reader)
{
	pid_t tid;

	while (!(tid = __atomic_load_n(&reader->tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	return tid;
}

void readers_park(struct readers *readers, const char *path, long n)
{
	struct stat st;

	if (stat(path, &st))
		fail("stat '%s'", path);
	*readers = (struct readers){.path = path, .n = n, .is_fifo = S_ISFIFO(st.st_mode)};
	readers->threads = calloc((size_t)n, sizeof(*readers->threads));
	readers->each = calloc((size_t)n, sizeof(*readers->each));
	if (!readers->threads || !readers->each)
		fail("calloc");
	for (long i = 0; i < n; i++)
		start_thread(readers, i);
	for (long i = 0; i < n; i++)
		await_blocked(getpid(), await_tid(&readers->each[i]), SYS_read);
}

int64_t readers_await(struct readers *readers)
{
	int64_t last = 0;

	futex_wait_zero(&readers->all_returned);
	for (long i = 0; i < readers->n; i++)
		if (readers->each[i].woken > last)
			last = readers->each[i].woken;
	return last;
}

void readers_dismiss(struct readers *readers)
{
	futex_set(&readers->dismissed);
	for (long i = 0; i < readers->n; i++)
		pthread_join(readers->threads[i], NULL);
	free(readers->threads);
	free(readers->each);
}

void allow_descriptors(long n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		fail("getrlimit");
	if (limit.rlim_max < (rlim_t)(n + OTHER_DESCRIPTORS)) {
		errno = EMFILE;
		fail("%ld readers, and %ju descriptors allowed", n, (uintmax_t)limit.rlim_max);
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
}
