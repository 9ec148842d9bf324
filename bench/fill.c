/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill: makes tombstones the way everybody does, through the mount.
 *
 *	fill DIR FIRST END WRITERS
 *
 * Writes a death with code 0 for each of n0000000 … from FIRST to before END, WRITERS at a time, so
 * that some share a commit. Prints the seconds it took and the tombstones a second.
 */
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_WRITERS 64

static _Noreturn void writer_main(const char *dir, long first, long end, long step)
{
	path_t path;
	int died;

	path_format(path, "%s/.died", dir);
	died = open_or_fail(path, O_RDONLY | O_DIRECTORY);
	for (long i = first; i < end; i += step) {
		int fd;

		path_format(path, "n%07ld", i);
		fd = openat(died, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			fail("open '%s'", path);
		write_or_fail(fd, "0\n");
		close(fd);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t pids[MAX_WRITERS];
	long first, end, writers;
	int64_t start;
	double seconds;

	if (argc != 5 || parse_count(argv[4]) > MAX_WRITERS) {
		fprintf(stderr, "usage: fill DIR FIRST END WRITERS\n");
		return 100;
	}
	first = parse_count(argv[2]);
	end = parse_count(argv[3]);
	writers = parse_count(argv[4]);
	start = now_ns();
	for (long i = 0; i < writers; i++) {
		pids[i] = fork_child();
		if (!pids[i])
			writer_main(argv[1], first + i, end, writers);
	}
	for (long i = 0; i < writers; i++)
		await_child(pids[i]);
	seconds = (double)(now_ns() - start) / (double)NS_PER_S;
	printf("%.1f %.0f\n", seconds, (double)(end - first) / seconds);
	return 0;
}
