/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wake: how long from a death's being written to the return of the read that waited for it.
 *
 *	wake ROUNDS PAUSE LABEL:KIND:DIR…	KIND: fuse, fifo, inotify, inotifywait
 *
 * Each contest is measured from before the write(2) ("LABEL-write") and from before the open
 * ("LABEL-open"), each round with a fresh name. The rounds go in blocks, one contest after the
 * other, so that what else the machine does hits all alike, and each is warm. The waiter is a
 * process of its own, as in life, and known to be asleep before the clock starts.
 *
 * After that, and before the clock, all is quiet for PAUSE microseconds. Not that anything would
 * have to be waited for: what wakes a sleeper costs several times more on a processor that has gone
 * idle than on one kept awake by the round before, and a death is news after a long silence.
 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 25
#define DEATH "3\n"
#define MAX_CONTESTS 8
/* inotifywait takes its time: one round for so many of the others. */
#define SLOWNESS 50

/* What writer and waiter share. */
struct round {
	sem_t go, ready, done;
	path_t path;   /* what the waiter shall read */
	pid_t sleeper; /* who sleeps meanwhile */
	int64_t woken;
};

/* A way of waiting. All of it runs in the waiter but `is_fifo` and the prefixes. */
struct kind {
	const char *name;
	const char *read_prefix, *write_prefix;
	bool is_fifo, is_plain, is_slow;
	long sleeps_in; /* the system call, -1 for any */
	/* Posts `ready` once `sleeper` is known, waits for the death, and reads it. */
	void (*await_death)(struct round *round, const char *dir);
};

struct contest {
	const struct kind *kind;
	const char *label, *dir;
	struct round *round;
	pid_t waiter;
	useconds_t pause;
	struct sample from_write, from_open;
};

static void sleeper_is(struct round *round, pid_t pid)
{
	round->sleeper = pid;
	sem_post(&round->ready);
}

/* The read that ends the wait, of a file or a FIFO; takes the time. */
static void read_death(struct round *round)
{
	char text[4096] = "";
	int fd = open_or_fail(round->path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	round->woken = now_ns();
	if (n <= 0 || !strchr(text, '3'))
		fail("read '%s': got '%s'", round->path, text);
	close(fd);
}

static void await_by_read(struct round *round, const char *dir)
{
	(void)dir;
	sleeper_is(round, getpid());
	read_death(round);
}

/* IN_MODIFY: the first event that comes when there is something to read. */
static void await_by_inotify(struct round *round, const char *dir)
{
	static int watch = -1;
	char events[4096];

	if (watch < 0) {
		watch = inotify_init1(IN_CLOEXEC);
		if (watch < 0 || inotify_add_watch(watch, dir, IN_MODIFY) < 0)
			fail("inotify on '%s'", dir);
	}
	sleeper_is(round, getpid());
	if (read(watch, events, sizeof(events)) <= 0)
		fail("read of inotify events");
	read_death(round);
}

static pid_t spawn_inotifywait(const char *dir, int error_fd)
{
	char *argv[] = {(char *)"inotifywait", (char *)"-e", (char *)"modify", (char *)dir, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno)
		fail("inotifywait");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* As a script does it: run inotifywait, and when it has ended read the file. */
static void await_by_inotifywait(struct round *round, const char *dir)
{
	char text[4096];
	size_t used = 0;
	ssize_t n;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		fail("pipe");
	pid = spawn_inotifywait(dir, fds[1]);
	close(fds[1]);
	do {
		n = read(fds[0], text + used, sizeof(text) - 1 - used);
		if (n <= 0)
			fail("inotifywait said no more");
		used += (size_t)n;
		text[used] = '\0';
	} while (!strstr(text, "established"));
	sleeper_is(round, pid);
	await_child(pid);
	read_death(round);
	close(fds[0]);
}

static const struct kind kinds[] = {
	{.name = "fuse",
	 .read_prefix = ".wait/died/",
	 .write_prefix = ".died/",
	 .sleeps_in = SYS_read,
	 .await_death = await_by_read},
	{.name = "fifo",
	 .is_fifo = true,
	 .is_plain = true,
	 .sleeps_in = SYS_read,
	 .await_death = await_by_read},
	{.name = "inotify",
	 .is_plain = true,
	 .sleeps_in = SYS_read,
	 .await_death = await_by_inotify},
	{.name = "inotifywait",
	 .is_plain = true,
	 .is_slow = true,
	 .sleeps_in = -1,
	 .await_death = await_by_inotifywait},
};

static _Noreturn void waiter_main(const struct contest *contest)
{
	struct round *round = contest->round;

	for (;;) {
		sem_wait(&round->go);
		contest->kind->await_death(round, contest->dir);
		sem_post(&round->done);
	}
}

/* A waiter that failed has said why, and would be waited for in vain. */
static void await_waiter(const struct contest *contest, sem_t *semaphore)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 10;
	if (sem_timedwait(semaphore, &deadline))
		fail("%s: the waiter in '%s'", contest->label, contest->dir);
}

static void await_sleep(const struct contest *contest, long number)
{
	await_blocked(contest->round->sleeper, contest->round->sleeper, number);
	if (!contest->kind->is_plain)
		await_server(contest->dir);
}

static int64_t start_clock(const struct contest *contest)
{
	usleep(contest->pause);
	return now_ns();
}

static int open_death(const struct contest *contest, const char *path)
{
	return open_or_fail(path, O_WRONLY | (contest->kind->is_fifo ? 0 : O_CREAT));
}

/* Who dies was born before, and that is no part of it. */
static void touch_born(const char *dir, long number)
{
	path_t path;

	path_format(path, "%s/.born/w%d-%ld", dir, getpid(), number);
	touch_file(path);
}

static void measure(struct contest *contest, long number, bool from_open)
{
	const struct kind *kind = contest->kind;
	long first_sleep = kind->is_fifo ? SYS_openat : kind->sleeps_in;
	const char *read_prefix = kind->read_prefix ? kind->read_prefix : "";
	const char *write_prefix = kind->write_prefix ? kind->write_prefix : "";
	int64_t start = 0;
	path_t path;
	int fd;

	path_format(contest->round->path, "%s/%sw%d-%ld", contest->dir, read_prefix, getpid(),
		    number);
	path_format(path, "%s/%sw%d-%ld", contest->dir, write_prefix, getpid(), number);
	if (kind->is_fifo && mkfifo(path, 0600))
		fail("mkfifo '%s'", path);
	if (!kind->is_plain)
		touch_born(contest->dir, number);
	sem_post(&contest->round->go);
	await_waiter(contest, &contest->round->ready);
	await_sleep(contest, first_sleep);
	if (from_open)
		start = start_clock(contest);
	fd = open_death(contest, path);
	if (!from_open) {
		await_sleep(contest, kind->sleeps_in);
		start = start_clock(contest);
	}
	write_or_fail(fd, DEATH);
	close(fd);
	await_waiter(contest, &contest->round->done);
	sample_add(from_open ? &contest->from_open : &contest->from_write,
		   contest->round->woken - start);
	if (kind->is_plain)
		unlink(path);
}

static const struct kind *kind_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (name && !strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static void contest_start(struct contest *contest, char *text)
{
	contest->label = strtok(text, ":");
	contest->kind = kind_by_name(strtok(NULL, ":"));
	contest->dir = strtok(NULL, "");
	errno = EINVAL;
	if (!contest->dir || !contest->kind)
		fail("not LABEL:KIND:DIR: '%s'", text);
	contest->round = mmap(NULL, sizeof(*contest->round), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (contest->round == MAP_FAILED)
		fail("mmap");
	sem_init(&contest->round->go, 1, 0);
	sem_init(&contest->round->ready, 1, 0);
	sem_init(&contest->round->done, 1, 0);
	contest->waiter = fork_child();
	if (!contest->waiter)
		waiter_main(contest);
}

static void run_block(struct contest *contest, long first, long n)
{
	if (contest->kind->is_slow)
		n = (n + SLOWNESS - 1) / SLOWNESS;
	for (long i = 0; i < n; i++) {
		measure(contest, 2 * (first + i), false);
		measure(contest, 2 * (first + i) + 1, true);
	}
}

static void contest_end(struct contest *contest)
{
	char label[128];

	snprintf(label, sizeof(label), "%s-write", contest->label);
	sample_print(&contest->from_write, label);
	snprintf(label, sizeof(label), "%s-open", contest->label);
	sample_print(&contest->from_open, label);
	sample_release(&contest->from_write);
	sample_release(&contest->from_open);
}

int main(int argc, char **argv)
{
	struct contest contests[MAX_CONTESTS] = {0};
	int n = argc - 3;
	long rounds;

	if (n < 1 || n > MAX_CONTESTS) {
		fprintf(stderr, "usage: wake ROUNDS PAUSE LABEL:KIND:DIR...\n");
		return 100;
	}
	rounds = parse_count(argv[1]);
	for (int i = 0; i < n; i++) {
		contests[i].pause = (useconds_t)parse_count(argv[2]);
		contest_start(&contests[i], argv[i + 3]);
	}
	for (long first = 0; first < rounds; first += BLOCK)
		for (int i = 0; i < n; i++)
			run_block(&contests[i], first,
				  rounds - first < BLOCK ? rounds - first : BLOCK);
	for (int i = 0; i < n; i++)
		contest_end(&contests[i]);
	return 0;
}
