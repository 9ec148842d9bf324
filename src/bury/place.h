/* SPDX-License-Identifier: Apache-2.0 */
/* The graveyard's directory: what serves it, now. A mount comes and goes while others look at its path. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* FUSE_SUPER_MAGIC of linux/magic.h, which musl does not have. */
#define PLACE_FUSE_MAGIC 0x65735546

enum place_kind {
	PLACE_GONE,   /* not there, or nobody serves it any more */
	PLACE_SERVED, /* a graveyardfs */
	PLACE_PLAIN,  /* a directory as any other */
};

struct place {
	enum place_kind kind;
	int error; /* why it is gone, -errno */
	dev_t device;
	ino_t inode;
};

/*
 * Makes the directory, with those above it, where it is not there. Nothing is asked of what is mounted on it.
 * Errors: those of mkdir(2).
 */
int place_make(const char *path);

/* Looks what is there. */
void place_look(const char *path, struct place *ret_place);

/* Is it an error (-errno) of a graveyard that nobody serves now, but may again, rather than of what we want of it? */
bool place_outage(int error);

/* Is it the same as before, so that what was opened there still is what is there? */
bool place_same(const struct place *a, const struct place *b);

/* Is there now something else than it was? What failed may have been meant for that. */
bool place_moved(const char *path, const struct place *was);

/* A path below it: "DIRECTORY/VIEW/NAME", without VIEW/ where that is NULL. -ENAMETOOLONG. */
int place_path(const char *directory, const char *view, const char *name, char ret_path[PATH_MAX]);
