/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_util.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* How long somebody who writes by hand is waited for: all of the mount hangs meanwhile. */
#define BUSY_TIMEOUT_MS 100

int why_not(const struct why *why, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (why->size > 0)
		(void)vsnprintf(why->text, why->size, format, args);
	va_end(args);
	return error;
}

int why_not_sqlite(const struct why *why, struct sqlite3 *db, const char *doing, const char *path)
{
	int error = db ? sqlite_errno(sqlite3_extended_errcode(db)) : -ENOMEM;
	int system = db ? sqlite3_system_errno(db) : 0;

	/* SQLite's own words for a failing system call ("disk I/O error") leave out which. */
	return why_not(why, error ? error : -EIO, "unable to %s '%s': %s%s%s", doing, path,
		       db ? sqlite3_errmsg(db) : strerror(ENOMEM), system ? ": " : "",
		       system ? strerror(system) : "");
}

/*
 * SQLite reports a failing system call as such, whatever it was, and its sqlite3_system_errno() misses
 * those of a COMMIT. What follows a failure succeeds, and so leaves errno alone.
 */
static int failed_call_errno(int code)
{
	if (code == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	switch (errno) {
	case ENOSPC: /* the -shm of a full disk cannot grow */
	case EDQUOT:
		return -ENOSPC;
	default:
		return -EIO;
	}
}

int sqlite_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* lost the race for a lock too often */
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return failed_call_errno(code);
	case SQLITE_CONSTRAINT: /* what the caller wants kept breaks a rule of the schema */
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
		return -EINVAL;
	default: /* SQLITE_CORRUPT, SQLITE_NOTADB, a table that is gone ... */
		return -EIO;
	}
}

/*
 * A path as SQLite's URI, so that no byte of it means anything: "?", "#" and "%" would, and so would
 * a path that begins with "file:". NULL: no memory.
 */
static char *uri_of(const char *path, const char *query)
{
	static const char hex[] = "0123456789ABCDEF";
	char *uri = malloc(sizeof("file://") + 3 * strlen(path) + strlen(query));
	char *end = uri;

	if (!uri)
		return NULL;
	end += sprintf(end, "file:%s", path[0] == '/' ? "//" : "");
	for (const char *p = path; *p; p++) {
		if (strchr("?#%", *p)) {
			*end++ = '%';
			*end++ = hex[(unsigned char)*p >> 4];
			*end++ = hex[*p & 0xf];
		} else {
			*end++ = *p;
		}
	}
	memcpy(end, query, strlen(query) + 1);
	return uri;
}

/* One caller, one call at a time: the mutexes of a connection would be for nobody. */
static int open_uri(const char *uri, enum sqlite_mode mode, struct sqlite3 **ret_db)
{
	static const int flags[] = {
		[SQLITE_MODE_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[SQLITE_MODE_WRITE] = SQLITE_OPEN_READWRITE,
		[SQLITE_MODE_LOOK] = SQLITE_OPEN_READONLY,
	};

	errno = 0;
	return sqlite3_open_v2(
		uri, ret_db,
		flags[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, NULL);
}

int sqlite_open(const char *path, enum sqlite_mode mode, const struct why *why,
		struct sqlite3 **ret_db)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	char *uri = uri_of(path, mode == SQLITE_MODE_LOOK ? "?immutable=1" : "");
	int code = uri ? open_uri(uri, mode, &db) : SQLITE_NOMEM;

	free(uri);
	if (code != SQLITE_OK)
		return why_not_sqlite(why, db, "open", path);
	if (mode != SQLITE_MODE_LOOK && sqlite3_db_readonly(db, "main"))
		return why_not(why, -EROFS, "'%s' cannot be written to", path);

	/* The file may come from anywhere: what its schema says is not to be trusted with more than
	 * tables, indexes and views. */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	*ret_db = take_ptr(db);
	return 0;
}

int sqlite_run(struct sqlite3 *db, const char *sql)
{
	errno = 0;
	return sqlite_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int sqlite_integer(struct sqlite3 *db, const char *sql, int64_t *ret_value)
{
	_cleanup_(cleanup_statement) struct sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	errno = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_DONE)
		return -ENOENT;
	if (code != SQLITE_ROW)
		return sqlite_errno(code);
	*ret_value = sqlite3_column_int64(statement, 0);
	return 0;
}

void cleanup_sqlite(struct sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

void cleanup_statement(struct sqlite3_stmt **statement)
{
	(void)sqlite3_finalize(*statement);
}

void cleanup_query(struct sqlite3_stmt **statement)
{
	(void)sqlite3_reset(*statement);
}
