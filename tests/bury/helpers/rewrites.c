/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stone while it is rewritten.
 *
 *	rewrites write FILE N	N times as kubexit does it: emptied, then written, alive
 *	rewrites read FILE	reads it all the time, until the end of its standard input: it is there, whole, always
 */
#include "../../mount/helpers/must.h"

#include <poll.h>
#include <stdbool.h>

static const char alive[] = "Born: \"2026-11-21T03:00:00Z\"\n";

static int write_all_the_time(const char *file, long count)
{
	while (count-- > 0) {
		int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

		must(fd >= 0);
		must(write(fd, alive, strlen(alive)) == (ssize_t)strlen(alive));
		must(close(fd) == 0);
	}
	return 0;
}

static void read_once(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n;

	must(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	must(n > 0 && text[n - 1] == '\n');
	text[n] = '\0';
	must(strncmp(text, "Born: \"", 7) == 0);
	must((strstr(text, "\nDied: ") != NULL) == (strstr(text, "\nExitCode: ") != NULL));
	must(close(fd) == 0);
}

static int read_all_the_time(const char *file)
{
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};

	do
		read_once(file);
	while (poll(&end, 1, 0) == 0);
	return 0;
}

int main(int argc, char **argv)
{
	must(argc >= 3);
	if (strcmp(argv[1], "write") == 0 && argc == 4)
		return write_all_the_time(argv[2], atol(argv[3]));
	must(strcmp(argv[1], "read") == 0);
	return read_all_the_time(argv[2]);
}
