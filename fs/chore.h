/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that take long to answer: a text of a million rows, a listing that passes over a million names. They are
 * answered in slices of bounded work, one for each turn of the worker's loop, and between two slices whoever else
 * asks is served. So none of them makes anybody else late. Their readers may be interrupted meanwhile, and then get
 * what there is so far; likewise when the kernel's patience is about to end (fs->max_park), with EAGAIN where there is
 * nothing. A process that is killed leaves them unanswered, and the kernel sends them to the next.
 */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct fs;

enum chore_turn {
	CHORE_DONE,    /* it has been answered */
	CHORE_GOES_ON, /* its next slice is the next of all */
	CHORE_WAITS,   /* that of others comes first */
};

/* Embedded, first, in what a request takes. */
struct chore {
	/* Filled in by the caller. */
	struct fs *fs;
	fuse_req_t req;
	/* Does a slice. If that was the last it answers. */
	enum chore_turn (*slice)(struct chore *chore);
	/* Answers before that: with what there is, or else the error. */
	void (*cut)(struct chore *chore, int r);
	/* Frees it. */
	void (*free)(struct chore *chore);

	/* Private. */
	struct list link;
	struct list age;  /* the oldest first */
	int64_t patience; /* when the kernel's is about to end, CLOCK_MONOTONIC; INT64_MAX: never */
	unsigned device;  /* on which the request came */
};

/* From now on it is done by and by. It becomes ours: it is freed once it was answered, which may be at once. */
void chore_begin(struct chore *chore);

/* Are there any? Then this does one slice, or ends the one that took too long. */
bool chores_go_on(const struct fs *fs);
void chores_continue(struct fs *fs);

/* Ends all, with ECANCELED or what there is. */
void chores_drain(struct fs *fs);
