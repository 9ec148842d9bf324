/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that worker and herald are: at first what is running, later what was put in its place. Until a newer one
 * has lived for a while, the last one that has is not let go.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

struct program {
	char path[PATH_MAX]; /* what a newer one is looked for at */
	int fd;              /* what is executed; -1: not found yet */
	int last;            /* what was before; -1: none */
	int64_t since;       /* CLOCK_MONOTONIC: when it was to be executed first */
};

/* The one that is running. -errno of readlink(2), and of open(2). */
int program_find(struct program *p);

/* Takes what is there now. -errno of open(2): the one there was goes on. */
int program_renew(struct program *p);

/* The newer one cannot take over: goes back to the last. */
void program_go_back(struct program *p);

/* The newer one has proved itself. */
void program_forget_last(struct program *p);
