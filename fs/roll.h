/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roll: every name as .status and .status.json tell of it, as of the open of a handle. First those that were on
 * view, in the order in which they were first heard of; then those that were waited for and not on view, in no order.
 * All of it is a function of the journal and the handle's snapshot.
 */
#pragma once

#include <stdint.h>

#include "core/store.h"

struct fs;
struct handle;

/* For view->open(): who waits, and when that was. */
int roll_open(struct fs *fs, struct handle *handle);
/* When it was opened, CLOCK_REALTIME. */
int64_t roll_taken(struct fs *fs, const struct handle *handle);

/* At most how many names are called, of a handle that is opened now. The store's errors. */
int roll_count(struct fs *fs, uint64_t *ret_count);

/* One of them. */
struct roll_call {
	struct portrait portrait; /* of what is below */
	char name[GRAVE_NAME_MAX + 1];
	struct life life;
};

/* What is done before others are served: so many names may be looked at. */
#define ROLL_SLICE 8u

/*
 * The next name after a place: 0 is before the first, others are what this function left there.
 * 0; VIEW_MORE if `budget`, which each name that is looked at lowers, is used up, the place being further on; -ENOENT: no
 * more; the store's errors.
 */
int roll_next(struct fs *fs, const struct handle *handle, uint64_t *place, unsigned *budget,
	      struct roll_call *ret_call);

/*
 * Goes on to the place after `rows` names more, quickly, as far as one slice reaches. How many of them it passed; 0: this is
 * not the way, roll_next() is. The store's errors.
 */
int roll_skip(struct fs *fs, const struct handle *handle, uint64_t *place, uint64_t rows);
