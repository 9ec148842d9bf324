/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume: how long nobody serves when the process that does is killed, while N reads are parked.
 *
 *	resume N ROUNDS DIR KEEPER
 *
 * Prints "gap", from before the kill to the return of a stat(2) that was begun right after it, and "parked", to
 * when every read is known to be parked again, each with MEDIAN P99 COUNT. In the end one death answers
 * them all; one that had failed would have ended the probe.
 */
#include "readers.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Long enough that no worker has failed (src/keeper.c): the one after a few of those would have to wait. */
#define LIFE_US 1100000

/* Requests that the kernel has of us, and no answer to. */
static long requests_waiting(const char *dir)
{
	struct stat st;
	path_t path;
	long n;
	FILE *file;

	if (stat(dir, &st))
		fail("stat '%s'", dir);
	path_format(path, "/sys/fs/fuse/connections/%u/waiting", minor(st.st_dev));
	file = fopen(path, "re");
	if (!file || fscanf(file, "%ld", &n) != 1)
		fail("read '%s'", path);
	fclose(file);
	return n;
}

static void measure(const char *dir, pid_t keeper, long n, struct sample *gap,
		    struct sample *parked)
{
	pid_t worker = await_child_named(keeper, "gyfs-worker");
	int64_t start;

	usleep(LIFE_US);
	start = now_ns();
	if (kill(worker, SIGKILL))
		fail("kill %d", worker);
	await_server(dir);
	sample_add(gap, now_ns() - start);
	while (requests_waiting(dir) != n)
		await_server(dir);
	sample_add(parked, now_ns() - start);
}

int main(int argc, char **argv)
{
	struct readers readers;
	struct sample gap = {0}, parked = {0};
	path_t wait_path, died_path;
	pid_t keeper;
	long n;

	if (argc != 5) {
		fprintf(stderr, "usage: resume N ROUNDS DIR KEEPER\n");
		return 100;
	}
	n = parse_count(argv[1]);
	keeper = (pid_t)parse_count(argv[4]);
	allow_descriptors(n);
	path_format(wait_path, "%s/.wait/died/r%d", argv[3], getpid());
	path_format(died_path, "%s/.died/r%d", argv[3], getpid());
	if (n)
		readers_park(&readers, wait_path, n);
	await_server(argv[3]);
	for (long rounds = parse_count(argv[2]); rounds > 0; rounds--)
		measure(argv[3], keeper, n, &gap, &parked);
	write_file(died_path, 0, "3\n");
	if (n) {
		readers_await(&readers);
		readers_dismiss(&readers);
	}
	sample_print(&gap, "gap");
	sample_print(&parked, "parked");
	sample_release(&gap);
	sample_release(&parked);
	return 0;
}
