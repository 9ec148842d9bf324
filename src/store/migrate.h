/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of file lies there, and how it becomes a graveyard of today's version.
 *
 * A graveyard carries GRAVEYARD_APPLICATION_ID in its header (file(1) shows it), and the number of the
 * last migration that was run on it as its user_version. Both are set here, in the transaction of the
 * migration, rather than in schema/: a number kept equal to a file's name by hand would not stay so.
 *
 * Whatever is refused is left as it was found, byte for byte.
 */
#pragma once

#include "store/schema.h"
#include "store/sqlite_util.h"

#define GRAVEYARD_APPLICATION_ID 0x47524156 /* "GRAV" */

/* Which migrations there are: all of schema/, or a test's own. */
struct ladder {
	const struct migration *steps; /* numbered 1, 2 ... count */
	int count;
};

/*
 * Looks at a file without changing, locking or adding anything. Does not scan: that pages further
 * down are damaged shows when they are read (-EIO). Not for a database that this process has open:
 * closing a file drops the POSIX locks on it.
 *
 * 0: a graveyard, of this version or an older one. -ENOENT: no file, or an empty one (no `why`).
 * Errors, with `why`: -EINVAL not a graveyard; -EIO damaged; -ENOTSUP of a newer version; others as
 * open() gives them.
 */
int migrate_inspect(const char *path, const struct ladder *ladder, const struct why *why);

/*
 * Makes a new graveyard. It is built beside `path` and renamed, so that under the name there is nothing,
 * or all of it. The caller holds the lock (place_lock()).
 */
int migrate_create(const char *path, const struct ladder *ladder, const struct why *why);

/*
 * Brings a database that migrate_inspect() let through up to date, if it is not, in one transaction.
 * Looks again first, through SQLite: what is in its -wal counts too. Errors as migrate_inspect(), and
 * -ENOSPC, -EBUSY, -ENOMEM; then the database is what it was.
 */
int migrate_climb(struct sqlite3 *db, const char *path, const struct ladder *ladder,
		  const struct why *why);
