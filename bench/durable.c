/* SPDX-License-Identifier: Apache-2.0 */
/*
 * durable: how many deaths a second are on disk when their writers are told so.
 *
 *	durable WRITERS SECONDS ROUNDS LABEL:KIND:DIR…
 *
 * KIND fuse: an operation is a death with its code, `echo 3 > .died/NAME`: open, write, close.
 * KIND plain: a file made to last, as by one who keeps markers on that disk: open, write, fsync,
 * close, fsync of the directory. KIND append: a page written to a file of the writer's own, and
 * fdatasync, what the disk gives at best. Each writer is a process; the contests take turns. Prints
 * "LABEL RATE MICROSECONDS-AN-OPERATION OPERATIONS", the rate being that of the median round.
 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_CONTESTS 8
#define MAX_WRITERS 1024

struct contest;

struct kind {
	const char *name, *subdir;
	void (*make_durable)(const struct contest *contest, long i);
};

struct contest {
	const char *label, *dir;
	const struct kind *kind;
	int dir_fd;
	long operations;
	struct sample per_operation;
};

struct shared {
	atomic_bool stop;
	atomic_long operations;
};

static int create(const struct contest *contest, long i)
{
	path_t name;
	int fd;

	path_format(name, "d%d-%ld", getpid(), i);
	fd = openat(contest->dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		fail("open '%s'", name);
	return fd;
}

static void write_death(const struct contest *contest, long i)
{
	int fd = create(contest, i);

	write_or_fail(fd, "3\n");
	if (close(fd))
		fail("close");
}

static void write_plain(const struct contest *contest, long i)
{
	int fd = create(contest, i);

	write_or_fail(fd, "3\n");
	if (fsync(fd) || close(fd) || fsync(contest->dir_fd))
		fail("fsync");
}

static void write_page(const struct contest *contest, long i)
{
	static const char page[4096];
	static int fd;

	if (!i)
		fd = create(contest, i);
	if (write(fd, page, sizeof(page)) != sizeof(page) || fdatasync(fd))
		fail("fdatasync");
}

static const struct kind kinds[] = {
	{"fuse", "/.died", write_death},
	{"plain", "", write_plain},
	{"append", "", write_page},
};

static _Noreturn void writer_main(const struct contest *contest, struct shared *shared)
{
	for (long i = 0; !atomic_load(&shared->stop); i++) {
		contest->kind->make_durable(contest, i);
		atomic_fetch_add(&shared->operations, 1);
	}
	_exit(0);
}

static void run_round(struct contest *contest, struct shared *shared, long writers, long seconds)
{
	pid_t pids[MAX_WRITERS];
	int64_t start, ns;
	long first;

	atomic_store(&shared->stop, false);
	for (long i = 0; i < writers; i++) {
		pids[i] = fork_child();
		if (!pids[i])
			writer_main(contest, shared);
	}
	/* all of them at work by now; what they have done so far is not counted */
	usleep(100000);
	first = atomic_load(&shared->operations);
	start = now_ns();
	sleep((unsigned int)seconds);
	ns = now_ns() - start;
	first = atomic_load(&shared->operations) - first;
	atomic_store(&shared->stop, true);
	for (long i = 0; i < writers; i++)
		await_child(pids[i]);
	contest->operations += first;
	sample_add(&contest->per_operation, first ? ns / first : ns);
}

static void contest_init(struct contest *contest, char *text)
{
	const char *name;
	path_t path;

	contest->label = strtok(text, ":");
	name = strtok(NULL, ":");
	contest->dir = strtok(NULL, "");
	for (size_t i = 0; contest->dir && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			contest->kind = &kinds[i];
	errno = EINVAL;
	if (!contest->kind)
		fail("not LABEL:KIND:DIR: '%s'", text);
	path_format(path, "%s%s", contest->dir, contest->kind->subdir);
	contest->dir_fd = open_or_fail(path, O_RDONLY | O_DIRECTORY);
}

static void contest_end(struct contest *contest)
{
	double ns = (double)sample_percentile(&contest->per_operation, 50);

	printf("%s %.0f %.2f %ld\n", contest->label, (double)NS_PER_S / ns, ns / NS_PER_US,
	       contest->operations);
	sample_release(&contest->per_operation);
	close(contest->dir_fd);
}

int main(int argc, char **argv)
{
	struct contest contests[MAX_CONTESTS] = {0};
	int n = argc - 4;
	long writers, seconds, rounds;
	struct shared *shared;

	if (n < 1 || n > MAX_CONTESTS || parse_count(argv[1]) > MAX_WRITERS) {
		fprintf(stderr, "usage: durable WRITERS SECONDS ROUNDS LABEL:KIND:DIR...\n");
		return 100;
	}
	writers = parse_count(argv[1]);
	seconds = parse_count(argv[2]);
	rounds = parse_count(argv[3]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < n; i++)
		contest_init(&contests[i], argv[i + 4]);
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			run_round(&contests[i], shared, writers, seconds);
	for (int i = 0; i < n; i++)
		contest_end(&contests[i]);
	return 0;
}
