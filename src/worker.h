/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's loop: drain, commit, reply; deadlines, signals, intake, news for the herald, and the end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fs;
struct graveyard;
struct handover;
struct underneath;
struct until;
struct vigils;

struct worker {
	struct fs *fs;
	struct graveyard *graveyard;
	struct vigils *vigils;
	struct underneath *underneath; /* NULL: read-only */
	struct until *until;           /* NULL: until a signal */
	const char *until_text;        /* for the log */
	struct handover *handover;     /* how often it was told to end; how far the herald was */
	int fuse_fd;
	int signal_fd;  /* signalfd(2) for SIGTERM, O_NONBLOCK: look there */
	int64_t linger; /* ns */

	/* Private. */
	int epoll;
	bool lingering, ended;
	int64_t linger_until; /* CLOCK_MONOTONIC */
	int64_t retry_at;     /* CLOCK_MONOTONIC; INT64_MAX: nothing is to be tried again */
	bool take_in_again;
	bool look_again;  /* whether --until holds could not be read */
	bool herald_full; /* it is behind: told of more when there is room again */
};

/*
 * Serves until SIGTERM, or what --until waits for, and the lingering after it are over, or the mount is gone, then sends everybody away
 * who still waits. 0; -ENODEV the mount was taken down by somebody else; another -errno if the device or the
 * loop fails.
 */
int worker_run(struct worker *w);
