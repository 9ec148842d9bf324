/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port of core/store.h, answered by one SQLite database in WAL mode.
 *
 * Beyond what the port promises:
 * - A write that failed spoils its transaction: whatever is asked of it after that, commit() included,
 *   gives the same error until rollback(). After rollback() the store is as usable as before; once the
 *   disk has room again, so have writes.
 * - Other processes may read the database at any time, and write to it by hand: their writes are seen
 *   from the next begin() on. While one of them writes, calls wait for it, for 100 ms, then -EBUSY.
 * - Memory is bounded by SQLite's page cache (2 MB), however many tombstones there are, and whatever
 *   one transaction changes. No temporary file is ever made.
 */
#pragma once

#include <stddef.h>

#include "core/store.h"

/* What a commit that succeeded survives. */
enum store_durability {
	STORE_PROCESS, /* the death of this process; a power cut may take the last commits */
	STORE_POWER,   /* a power cut too: one fsync() a commit */
};

/*
 * Opens the database `path`; makes it, and its directory (mode 0700), where absent. Holds it against a
 * second daemon until the store is freed. To be opened in the process that uses it: neither SQLite nor
 * the locks it takes survive a fork().
 *
 * `why`: one sentence for the log after a failure, otherwise empty; may be NULL if why_size is 0.
 * Errors: -EBUSY another daemon has it; -EINVAL it is something else's, not a graveyard; -ENOTSUP a newer
 * graveyardfs wrote it; -EIO damaged; -EROFS it may not be written to; -ENOSPC, -ENOMEM, and others that
 * the system gave. What is refused is left as it was, byte for byte (a -shm, SQLite's scratch
 * memory, may appear beside a database that has a -wal).
 */
int sqlite_store_open(const char *path, enum store_durability durability, struct store **ret_store,
		      char *why, size_t why_size);

/*
 * Only the lock: for a process that starts those that open the database, one after the other, by
 * sqlite_store_open_locked(). It is gone once every copy of the descriptor is closed.
 * Errors: -EBUSY another daemon has it, and those of the system.
 */
int sqlite_store_lock(const char *path, int *ret_fd, char *why, size_t why_size);
int sqlite_store_open_locked(const char *path, enum store_durability durability,
			     struct store **ret_store, char *why, size_t why_size);

/*
 * Opens a private copy of an existing database, as of now (see private_copy.h). begin(), commit() and
 * rollback() work; every write answers -EROFS.
 *
 * Errors: -ENOENT there is none; otherwise as above and those of private_copy_open().
 */
int sqlite_store_open_copy(const char *path, struct store **ret_store, char *why, size_t why_size);
