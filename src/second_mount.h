/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --read-only-at: a second mount of the same graveyard, read-only wherever it propagates to. It never was anything else
 * by the time anybody can see it.
 *
 * It keeps the connection alive as the first mount does. So when somebody unmounts that one the server is not told, and the
 * mount table has to be watched.
 *
 * Like the keeper it allocates nothing after the start, and asks neither mount for anything.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* A mount, as the mount table names it: the number alone is soon another's. */
struct mount_id {
	uint64_t id; /* 0: none */
	unsigned major, minor;
};

struct second_mount {
	const char *given;   /* NULL: none is wanted */
	char path[PATH_MAX]; /* the same without links */
	int table;           /* of mounts, tells by POLLPRI that it has changed; -1 */
	struct mount_id first, second;
};

void second_mount_init(struct second_mount *s, const char *given);

/*
 * Before the first mount: finds its place, and begins to watch. Errors, which are logged: -EINVAL one of the two places is,
 * or lies in, the other; those of realpath(3) and open(2).
 */
int second_mount_place(struct second_mount *s, const char *first);

/*
 * Mounts it. Errors, which are logged: those of open_tree(2), mount_setattr(2), move_mount(2), unshare(2); -EOPNOTSUPP
 * statx(2) does not tell which mount it is (Linux 5.8), and nothing is left there.
 */
int second_mount_make(struct second_mount *s, const char *first);

/* The table has changed: with the first mount the second goes, and the server is told. */
void second_mount_look(struct second_mount *s);

/* Takes it down, lazily, if it is there. */
void second_mount_end(struct second_mount *s);
