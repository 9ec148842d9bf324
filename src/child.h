/* SPDX-License-Identifier: Apache-2.0 */
/* One of the processes that the keeper starts, and starts again: the process, and when the next one may start. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	const char *name; /* for the log */
	char **argv;
	pid_t pid;         /* 0: is not running */
	int64_t started;   /* CLOCK_MONOTONIC */
	int64_t start_at;  /* not before */
	unsigned failures; /* one after the other */
};

/* Its command line is `argv`, save that it calls itself `argv0`. -ENOMEM. */
int child_init(struct child *c, const char *name, const char *argv0, char **argv);
void child_release(struct child *c);

/*
 * Starts the open file `program`, which has of our descriptors `fds` (-1: none) and the standard ones, and dies with
 * this process. If that fails, which is logged, it is due again later.
 */
void child_start(struct child *c, int program, const int *fds, size_t count);

/* It has ended, and was reaped: is due again at once, or after a while if it keeps failing, which is not to live for
 * `enough` nanoseconds. */
void child_ended(struct child *c, int64_t enough);

/* CLOCK_MONOTONIC; INT64_MAX: it is running. */
int64_t child_due(const struct child *c);
