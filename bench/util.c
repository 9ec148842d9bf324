/* SPDX-License-Identifier: Apache-2.0 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long anything that must happen may take before the probe gives up. */
#define PATIENCE (30 * NS_PER_S)

void fail(const char *format, ...)
{
	int error = errno;
	va_list ap;

	fprintf(stderr, "%s: error: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(error));
	exit(1);
}

void path_format(path_t ret_path, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(ret_path, sizeof(path_t), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path_t)) {
		errno = ENAMETOOLONG;
		fail("'%s'", ret_path);
	}
}

long parse_count(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0) {
		errno = EINVAL;
		fail("not a count: '%s'", text);
	}
	return n;
}

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void sample_add(struct sample *sample, int64_t ns)
{
	if (sample->n == sample->size) {
		sample->size = sample->size ? 2 * sample->size : 1024;
		sample->ns = realloc(sample->ns, sample->size * sizeof(*sample->ns));
		if (!sample->ns)
			fail("realloc");
	}
	sample->ns[sample->n++] = ns;
}

static int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t sample_percentile(struct sample *sample, double percent)
{
	if (!sample->n)
		return 0;
	qsort(sample->ns, sample->n, sizeof(*sample->ns), compare_ns);
	return sample->ns[(size_t)(percent / 100 * (double)(sample->n - 1))];
}

void sample_print(struct sample *sample, const char *label)
{
	printf("%s %.2f %.2f %zu\n", label, (double)sample_percentile(sample, 50) / NS_PER_US,
	       (double)sample_percentile(sample, 99) / NS_PER_US, sample->n);
	fflush(stdout);
}

void sample_release(struct sample *sample)
{
	free(sample->ns);
	*sample = (struct sample){0};
}

int open_or_fail(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);

	if (fd < 0)
		fail("open '%s'", path);
	return fd;
}

void write_or_fail(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("write");
}

void touch_file(const char *path)
{
	int fd = open_or_fail(path, O_WRONLY | O_CREAT);

	if (close(fd))
		fail("close '%s'", path);
}

void write_file(const char *path, int flags, const char *text)
{
	int fd = open_or_fail(path, O_WRONLY | O_CREAT | flags);

	write_or_fail(fd, text);
	if (close(fd))
		fail("close '%s'", path);
}

/* The first line of a file of /proc; empty if it is gone. */
static void read_proc(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static bool asleep(pid_t pid, pid_t tid, long number)
{
	char text[256], *paren;
	path_t path;

	/* "running", or the number of the call it is in: 202 0x7f… */
	path_format(path, "/proc/%d/task/%d/syscall", pid, tid);
	read_proc(path, text, sizeof(text));
	if (*text < '0' || *text > '9' || (number >= 0 && strtol(text, NULL, 10) != number))
		return false;
	path_format(path, "/proc/%d/task/%d/stat", pid, tid);
	read_proc(path, text, sizeof(text));
	paren = strrchr(text, ')');
	return paren && !strncmp(paren, ") S", 3);
}

void await_blocked(pid_t pid, pid_t tid, long number)
{
	int64_t deadline = now_ns() + PATIENCE;

	while (!asleep(pid, tid, number)) {
		if (now_ns() > deadline) {
			errno = ETIMEDOUT;
			fail("thread %d never slept in system call %ld", tid, number);
		}
		sched_yield();
	}
}

void await_server(const char *dir)
{
	struct stat st;
	path_t path;

	path_format(path, "%s/nobody", dir);
	if (stat(path, &st) && errno != ENOENT)
		fail("stat '%s'", path);
}

pid_t fork_child(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void await_child(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	if (status) {
		errno = ECHILD;
		fail("process %d ended with status %#x", pid, status);
	}
}

/* Its children, as a list of numbers. */
static void read_children(pid_t pid, char *text, size_t size)
{
	path_t path;

	path_format(path, "/proc/%d/task/%d/children", pid, pid);
	read_proc(path, text, size);
}

/* 0: there is none, or it has ended. */
static pid_t child_named(pid_t parent, const char *name)
{
	char text[4096], stat[256], wanted[64], *next = text, *end, *state;
	path_t path;

	snprintf(wanted, sizeof(wanted), " (%s) ", name);
	read_children(parent, text, sizeof(text));
	for (long child = strtol(next, &end, 10); end != next; child = strtol(next, &end, 10)) {
		path_format(path, "/proc/%ld/stat", child);
		read_proc(path, stat, sizeof(stat));
		state = strstr(stat, wanted);
		if (state && state[strlen(wanted)] != 'Z')
			return (pid_t)child;
		next = end;
	}
	return 0;
}

pid_t await_child_named(pid_t parent, const char *name)
{
	int64_t deadline = now_ns() + PATIENCE;
	pid_t pid;

	while (!(pid = child_named(parent, name))) {
		if (now_ns() > deadline) {
			errno = ETIMEDOUT;
			fail("process %d has no child '%s'", parent, name);
		}
		sched_yield();
	}
	return pid;
}

/* One process's proportional share, as the kernel sums it up. */
static long process_memory_kb(pid_t pid)
{
	long kb = 0;
	char text[4096], *field;
	path_t path;

	path_format(path, "/proc/%d/smaps_rollup", pid);
	read_proc(path, text, sizeof(text));
	field = strstr(text, "\nPss:");
	if (field)
		kb = strtol(field + strlen("\nPss:"), NULL, 10);
	return kb;
}

long memory_kb(pid_t pid)
{
	long kb = process_memory_kb(pid);
	char text[4096], *next = text, *end;

	if (!kb) {
		errno = ESRCH;
		fail("unable to read the memory of process %d", pid);
	}
	read_children(pid, text, sizeof(text));
	for (long child = strtol(next, &end, 10); end != next; child = strtol(next, &end, 10)) {
		kb += memory_kb((pid_t)child);
		next = end;
	}
	return kb;
}
