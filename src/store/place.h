/* SPDX-License-Identifier: Apache-2.0 */
/* Where a database lies: its directory, and the lock beside it. */
#pragma once

#include "store/sqlite_util.h"

/*
 * Makes the directory of `path`, and those above it, where absent (mode 0700), and returns the
 * path without symbolic links, absolute, to be freed: the lock has to lie beside the file itself, or two
 * names of one database would have two locks. The file need not exist.
 * Errors: any that mkdir() and realpath() give, with `why`.
 */
int place_prepare(const char *path, const struct why *why, char **ret_path);

/*
 * Locks the database `path` against another daemon, through a file of our own beside it
 * (`path`-lock, never removed): to open and close the database itself would drop the POSIX locks that
 * SQLite holds in this process. The lock is gone once every copy of the descriptor is closed.
 * Errors: -EBUSY somebody has it; any that open() gives.
 */
int place_lock(const char *path, const struct why *why, int *ret_fd);

/* Makes the name of a file that was just renamed into place durable. */
int place_sync_directory(const char *path);

/* "PATH" and "-wal" in one, to be freed; NULL: no memory. */
char *place_beside(const char *path, const char *suffix);

/* Bytes in `path`-suffix; 0 where there is none; -errno. */
int64_t place_size(const char *path, const char *suffix);

/* Removes `path` and what SQLite may have put beside it, where it is there. */
void place_remove(const char *path);
