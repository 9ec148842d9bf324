/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a graveyard, opened as today's version has it, whatever it was before. */
#pragma once

#include "store/sqlite_store.h"
#include "store/sqlite_util.h"

/*
 * Opens it, for the one who holds its lock; makes it where absent. The caller's to close.
 * Errors, with `why`: those of sqlite_store_open(), save the lock's.
 */
int database_open(const char *path, enum store_durability durability, const struct why *why,
		  struct sqlite3 **ret_db);

/* Opens a private copy of an existing one. Errors, with `why`: those of sqlite_store_open_copy(). */
int database_open_copy(const char *path, const struct why *why, struct sqlite3 **ret_db);

/* What SQLite is, and how large the file and its -wal are. Those of sqlite_errno(). */
int database_info(struct sqlite3 *db, struct store_info *ret_info);
