/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gaze: readers that never have enough.
 *
 *	gaze READERS FILE...
 *
 * So many processes read the files from their beginning to their end, each one of them at a time, over and over, until
 * standard input ends. Then it prints how often a file was read.
 */
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void read_all(const char *path)
{
	static char text[1 << 17];
	int fd = open_or_fail(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	if (n < 0)
		fail("read '%s'", path);
	close(fd);
}

static _Noreturn void gaze(char **files, int count, int first, _Atomic long *times)
{
	for (int i = first;; i++) {
		read_all(files[i % count]);
		++*times;
	}
}

int main(int argc, char **argv)
{
	pid_t readers[64];
	_Atomic long *times;
	long n = argc > 2 ? parse_count(argv[1]) : 0;
	char byte;

	if (n < 1 || n > 64) {
		fprintf(stderr, "usage: gaze READERS FILE...\n");
		return 100;
	}
	times = mmap(NULL, sizeof(*times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (times == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < n; i++) {
		readers[i] = fork_child();
		if (!readers[i])
			gaze(argv + 2, argc - 2, i, times);
	}
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (int i = 0; i < n; i++)
		kill(readers[i], SIGKILL);
	printf("read %ld\n", *times);
	return 0;
}
