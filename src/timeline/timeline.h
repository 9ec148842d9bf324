/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log tells, put together again: a row a name, in the order in which they come, and in each its lives, oldest
 * first. A log may begin in its middle or have gaps (tail, grep, lines that the daemon had to drop): a life
 * then lacks what was told there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/name.h"
#include "core/store.h"

/* What can still be looked at. */
#define TIMELINE_ROWS_MAX 1000
#define TIMELINE_LIVES_MAX 20000
#define TIMELINE_FRESH_MAX 1000

#define TIMELINE_WHY_SIZE 384

#define TIMELINE_NONE SIZE_MAX

struct timeline_life {
	uint64_t number;
	size_t next; /* in the same row; TIMELINE_NONE: the last */
	bool is_born, is_ready, has_died, is_removed, has_code;
	int64_t born, ready, died, removed; /* ns since the Epoch, where it is so */
	int code;
};

struct timeline_row {
	char name[GRAVE_NAME_MAX + 1];
	size_t first, last; /* lives */
};

/* When something happened, in the order in which it was told. */
struct timeline_moment {
	int64_t time;
	size_t order;
};

/* Fields are to be read only. */
struct timeline {
	struct timeline_row *rows; /* owned, as all arrays here */
	size_t row_count, row_room;
	struct timeline_life *lives;
	size_t life_count, life_room;
	struct timeline_moment *moments;
	size_t moment_count, moment_room;
	int64_t *fresh; /* when everything was taken off view */
	size_t fresh_count, fresh_room;
	struct event last;
	uint16_t *slots;
};

/* -ENOMEM. */
int timeline_init(struct timeline *timeline);
void timeline_release(struct timeline *timeline);

/*
 * Adds the next event. Its number has to be greater than that of the one before, unless it is that one again, and it
 * must not tell of a life what cannot be: two births or deaths, anything of one before the latest.
 * Errors: -EINVAL what cannot be, or more than can be looked at; `why` says what. -ENOMEM.
 * After an error the timeline can only be released.
 */
int timeline_add(struct timeline *timeline, const struct event *event, char why[TIMELINE_WHY_SIZE]);
