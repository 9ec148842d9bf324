/* SPDX-License-Identifier: Apache-2.0
 *
 * The program of an image that has nothing else: waits by reading the file that is its only argument, and
 * ends with the code that it reads there. It stands for any program that was written without us. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char text[64];
	ssize_t n;
	int fd = open(argc == 2 ? argv[1] : "", O_RDONLY);

	if (fd < 0) {
		perror("open");
		return 111;
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		perror("read");
		return 111;
	}
	text[n] = '\0';
	return atoi(text);
}
