/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches what conditions are about, wherever the graveyard is served: on a graveyardfs each term waits at a file
 * of .wait/; in a plain directory inotify tells that something happened, and all that is awaited is read.
 *
 * Subscribes, then looks: nothing falls between. When the mount comes, goes or changes, or the graveyard answers
 * that nobody serves it, all is begun anew with what is there then. That it is gone is nobody's death, nor is that it
 * comes back with everybody dead who held a lease: they have some seconds to take up new ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bury/goal.h"
#include "bury/loop.h"
#include "bury/place.h"

struct watch {
	struct loop *loop;
	const char *directory;
	struct goal *goals[2]; /* looked after in this order */
	struct place place;    /* what is there, as far as we know */
	struct source inotify; /* of a plain directory */
	struct source mounts;  /* /proc/self/mountinfo, which is ready when a mount comes or goes */
	int64_t look_again;    /* what has no event is looked at then; NEVER */
	int64_t patience; /* how long to wait before the next look at a graveyard that is gone */
	bool changed;     /* the place, since watch_changed() was asked */
	int64_t repeat;   /* when it is said once more that it has; NEVER */
};

/*
 * From now on terms of the goals become TERM_HOLDS or TERM_HOPELESS, while the loop turns.
 * Errors: -ENOENT: the graveyard knows no such name, and never will (--names; `ret_term`: which); -EMFILE and the
 * like, and of a directory that cannot be reached. A graveyard that nobody serves now is none.
 */
int watch_begin(struct watch *watch, struct loop *loop, const char *directory, struct goal *first,
		struct goal *second, const struct term **ret_term);

/* When watch_look() is to be called at the latest. */
int64_t watch_deadline(const struct watch *watch);

/* Looks at what has no event, if it is time. */
void watch_look(struct watch *watch);

/* Is the graveyard there? */
bool watch_there(const struct watch *watch);

/*
 * Somebody else got that error: is it the graveyard's, which is gone, or has become another one meanwhile? Then that is
 * found out about in the loop, and he is to try again.
 */
bool watch_blames(struct watch *watch, int error);

/* Has it become another one since this was asked? */
bool watch_changed(struct watch *watch);

/* What was to be done about that has failed: it has changed again in a second. */
void watch_repeat(struct watch *watch);
