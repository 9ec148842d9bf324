/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd: how long until the last of N readers of one death has returned.
 *
 *	crowd N ROUNDS LABEL:KIND:DIR…	KIND: fuse (a death is written), fifo (its writer closes)
 *
 * Prints "LABEL MEDIAN P99 ROUNDS" in microseconds, the contests taking turns.
 */
#include "readers.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CONTESTS 8

struct contest {
	const char *label, *dir;
	bool is_fifo;
	struct sample sample;
};

static int64_t time_fuse(const struct contest *contest, long n, long round)
{
	struct readers readers;
	path_t path, born_path, wait_path;
	int64_t start, last;
	int fd;

	path_format(path, "%s/.died/c%d-%ld", contest->dir, getpid(), round);
	path_format(born_path, "%s/.born/c%d-%ld", contest->dir, getpid(), round);
	touch_file(born_path);
	path_format(wait_path, "%s/.wait/died/c%d-%ld", contest->dir, getpid(), round);
	readers_park(&readers, wait_path, n);
	fd = open_or_fail(path, O_WRONLY | O_CREAT);
	await_server(contest->dir);
	start = now_ns();
	write_or_fail(fd, "3\n");
	last = readers_await(&readers);
	close(fd);
	readers_dismiss(&readers);
	return last - start;
}

/* Open for both, so that neither it nor the readers wait in open; the close wakes them all. */
static int64_t time_fifo(const struct contest *contest, long n, long round)
{
	struct readers readers;
	path_t path;
	int64_t start, last;
	int fd, own;

	path_format(path, "%s/c%d-%ld", contest->dir, getpid(), round);
	if (mkfifo(path, 0600))
		fail("mkfifo '%s'", path);
	own = open_or_fail(path, O_RDONLY | O_NONBLOCK);
	fd = open_or_fail(path, O_WRONLY);
	readers_park(&readers, path, n);
	start = now_ns();
	close(fd);
	last = readers_await(&readers);
	close(own);
	unlink(path);
	readers_dismiss(&readers);
	return last - start;
}

static void contest_init(struct contest *contest, char *text)
{
	const char *kind;

	contest->label = strtok(text, ":");
	kind = strtok(NULL, ":");
	contest->dir = strtok(NULL, "");
	errno = EINVAL;
	if (!contest->dir)
		fail("not LABEL:KIND:DIR: '%s'", text);
	contest->is_fifo = !strcmp(kind, "fifo");
	if (!contest->is_fifo && strcmp(kind, "fuse") != 0)
		fail("not a kind: '%s'", kind);
}

static void run_round(struct contest *contest, long n, long round)
{
	int64_t ns = contest->is_fifo ? time_fifo(contest, n, round) : time_fuse(contest, n, round);

	sample_add(&contest->sample, ns);
}

int main(int argc, char **argv)
{
	struct contest contests[MAX_CONTESTS] = {0};
	int n_contests = argc - 3;
	long n, rounds;

	if (n_contests < 1 || n_contests > MAX_CONTESTS) {
		fprintf(stderr, "usage: crowd N ROUNDS LABEL:KIND:DIR...\n");
		return 100;
	}
	n = parse_count(argv[1]);
	rounds = parse_count(argv[2]);
	allow_descriptors(n);
	for (int i = 0; i < n_contests; i++)
		contest_init(&contests[i], argv[i + 3]);
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < n_contests; i++)
			run_round(&contests[i], n, round);
	for (int i = 0; i < n_contests; i++) {
		sample_print(&contests[i].sample, contests[i].label);
		sample_release(&contests[i].sample);
	}
	return 0;
}
