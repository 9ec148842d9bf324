/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rooms of src/store/ share: SQLite's codes in our terms, opening a file, saying why not.
 * <sqlite3.h> itself is for the .c files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

/* Where the one sentence goes that tells why something could not be opened. */
struct why {
	char *text;
	size_t size;
};

/* Writes the sentence and returns `error`, so that a refusal is one statement. */
int why_not(const struct why *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with what SQLite has to say about `db` (NULL: out of memory) put behind it. */
int why_not_sqlite(const struct why *why, struct sqlite3 *db, const char *doing, const char *path);

/*
 * A result code of SQLite as 0 (SQLITE_ROW and SQLITE_DONE too) or -errno. To be asked right after the
 * call, errno having been 0 before it: a full disk is not always SQLITE_FULL.
 */
int sqlite_errno(int code);

enum sqlite_mode {
	SQLITE_MODE_CREATE, /* a file of our own that is not there yet */
	SQLITE_MODE_WRITE,  /* an existing one; -EROFS rather than a connection that only reads */
	SQLITE_MODE_LOOK,   /* the file as it lies there: no locks, no -wal heeded, no file made */
};

/* Errors: -EROFS and those of sqlite_errno(), with `why`. */
int sqlite_open(const char *path, enum sqlite_mode mode, const struct why *why,
		struct sqlite3 **ret_db);

int sqlite_run(struct sqlite3 *db, const char *sql);

/* The first column of the first row. -ENOENT: no row. */
int sqlite_integer(struct sqlite3 *db, const char *sql, int64_t *ret_value);

/* For _cleanup_(): each takes NULL, and does not fail. cleanup_query() makes a statement ready for its
 * next use rather than ending it. */
void cleanup_sqlite(struct sqlite3 **db);
void cleanup_statement(struct sqlite3_stmt **statement);
void cleanup_query(struct sqlite3_stmt **statement);
