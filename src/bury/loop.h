/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: waits until one of several descriptors has something, or a deadline is over. */
#pragma once

#include <stdint.h>

#define NEVER INT64_MAX

/* A descriptor that is looked after. Embedded in whoever it belongs to; fd -1: none. */
struct source {
	int fd;
	void (*ready)(struct source *source); /* may remove it, and any other */
};

struct loop {
	int epoll;
};

/* Errors: those of epoll_create1(2). */
int loop_init(struct loop *loop);

/* From now on `ready` is called while it has one of `events` (epoll's). Errors: those of epoll_ctl(2). */
int loop_add(struct loop *loop, struct source *source, uint32_t events);

/* Closes the descriptor, with all that was still to be told of it. Nothing if there is none. */
void loop_remove(struct loop *loop, struct source *source);

/* In so many ns from now, for clock_monotonic(); NEVER: that is too far away to be said. */
int64_t loop_deadline(int64_t after);

/*
 * Waits until `deadline` (clock_monotonic(); 0: looks without waiting) and tells one source that it is ready: one,
 * as what it does may remove others. 1: one was told; 0: none; errors: those of epoll_wait(2), save EINTR (0).
 */
int loop_turn(struct loop *loop, int64_t deadline);
