/* SPDX-License-Identifier: Apache-2.0 */
/* What the helpers of the mount tests share: they stop, with a word on why, at the first thing that is wrong. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	(void)fputs("FAILED: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fprintf(stderr, " (errno: %s)\n", strerror(saved));
	va_end(args);
	exit(1);
}

#define must(condition)                                                    \
	do {                                                               \
		if (!(condition))                                          \
			fail("%s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

static inline int open_in(const char *graveyard, const char *path, int flags)
{
	char whole[4096];
	int fd;

	(void)snprintf(whole, sizeof(whole), "%s/%s", graveyard, path);
	fd = open(whole, flags | O_CLOEXEC, 0666);
	if (fd < 0)
		fail("open '%s'", whole);
	return fd;
}

/* One write to a file of the graveyard. */
static inline void tell(const char *graveyard, const char *path, const char *text)
{
	int fd = open_in(graveyard, path, O_WRONLY | O_CREAT);

	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	must(close(fd) == 0);
}
