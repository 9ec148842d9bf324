/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a database is made and changed without ever being half of anything.
 *
 * A new one is built as PATH-new and renamed. Built in place, a kill in the middle would leave a file
 * that is neither empty nor a graveyard, and the next start would have to guess whose it is. So the header
 * of the main file is a graveyard's from its first moment, whatever is in the -wal, and that is what
 * migrate_inspect() relies on when it reads that header alone.
 *
 * An older one is not copied and renamed but changed in place, by one transaction for all steps that are
 * missing. In SQLite CREATE, ALTER and user_version are part of a transaction as much as rows are, so a
 * kill, a full disk or a failing step leaves the old version: its -wal then has no commit frame of ours, and
 * is ignored from there on. A copy would be less safe here: renamed over a database that has a -wal, it
 * would have the old one's frames replayed into it by the next open (they are found by name). It would
 * also take twice the room.
 */
#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/place.h"

/* SQLite's file format: what the first bytes say. */
#define HEADER_SIZE 100
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68

/* The tables a graveyard has, in every version there has been. */
#define TABLES_QUERY                                              \
	"SELECT count(*) FROM sqlite_schema WHERE type = 'table'" \
	" AND name IN ('graves', 'lives', 'events', 'event_words')"
#define TABLES_COUNT 4

static int check_numbers(int64_t application_id, int64_t version, const char *path,
			 const struct ladder *ladder, const struct why *why)
{
	if (application_id != GRAVEYARD_APPLICATION_ID)
		return why_not(why, -EINVAL, "'%s' is a SQLite database, but not a graveyard's",
			       path);
	if (version > ladder->count)
		return why_not(
			why, -ENOTSUP,
			"'%s' was written by a newer graveyardfs: its schema has version %lld, "
			"this program knows up to %d",
			path, (long long)version, ladder->count);
	if (version < 1)
		return why_not(why, -EIO, "'%s' is damaged: it has no schema version", path);
	return 0;
}

/* Reads all of the schema, which is three pages in a graveyard, and little else. */
static int check_tables(struct sqlite3 *db, const char *path, const struct why *why)
{
	int64_t tables = 0;

	if (sqlite_integer(db, TABLES_QUERY, &tables) < 0)
		return why_not_sqlite(why, db, "read", path);
	if (tables != TABLES_COUNT)
		return why_not(why, -EIO, "'%s' is damaged: tables are missing", path);
	return 0;
}

static uint32_t big_endian(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static int check_header(const unsigned char *header, ssize_t len, const char *path,
			const struct ladder *ladder, const struct why *why)
{
	if (len < HEADER_SIZE || memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0)
		return why_not(why, -EINVAL, "'%s' is not a database, or its beginning is damaged",
			       path);
	return check_numbers(big_endian(header + HEADER_APPLICATION_ID),
			     big_endian(header + HEADER_USER_VERSION), path, ladder, why);
}

/* What lies beside an absent or empty database is the rest of one, and SQLite would delete it. */
static int check_absent(const char *path, const struct why *why)
{
	static const char *const beside[] = {"-wal", "-journal"};

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (place_size(path, beside[i]) != 0)
			return why_not(why, -EINVAL,
				       "'%s' is absent or empty, but '%s%s' is not: bring the "
				       "database back, or move the rest of it away",
				       path, path, beside[i]);
	}
	return -ENOENT;
}

static int check_file(const char *path, const struct ladder *ladder, const struct why *why)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char header[HEADER_SIZE];
	struct stat st;
	ssize_t len;

	if (fd < 0 && errno == ENOENT)
		return check_absent(path, why);
	if (fd < 0 || fstat(fd, &st) < 0)
		return why_not(why, -errno, "unable to open '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return why_not(why, -EINVAL, "'%s' is not a regular file", path);
	if (st.st_size == 0)
		return check_absent(path, why);
	len = pread(fd, header, sizeof(header), 0);
	if (len < 0)
		return why_not(why, -errno, "unable to read '%s': %s", path, strerror(errno));
	return check_header(header, len, path, ladder, why);
}

int migrate_inspect(const char *path, const struct ladder *ladder, const struct why *why)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	int r = check_file(path, ladder, why);

	if (r < 0)
		return r;
	/* The rest of a file that something is still to be added to need not make sense; SQLite
	 * proper puts it together, and migrate_climb() looks again. */
	if (place_size(path, "-wal") != 0 || place_size(path, "-journal") != 0)
		return 0;
	r = sqlite_open(path, SQLITE_MODE_LOOK, why, &db);
	return r < 0 ? r : check_tables(db, path, why);
}

static int run_step(struct sqlite3 *db, const struct migration *step)
{
	char version[64];
	int r = sqlite_run(db, step->sql);

	(void)snprintf(version, sizeof(version), "PRAGMA user_version = %d", step->number);
	return r < 0 ? r : sqlite_run(db, version);
}

/* The steps after `version`, in a transaction of their own. */
static int run_steps(struct sqlite3 *db, int version, const char *path, const struct ladder *ladder,
		     const struct why *why)
{
	char doing[128] = "migrate";
	int r = sqlite_run(db, "BEGIN IMMEDIATE");

	for (int i = version; r == 0 && i < ladder->count; i++) {
		(void)snprintf(doing, sizeof(doing), "run the migration %s on",
			       ladder->steps[i].name);
		r = run_step(db, &ladder->steps[i]);
	}
	if (r == 0)
		r = sqlite_run(db, "COMMIT");
	if (r < 0) {
		r = why_not_sqlite(why, db, doing, path);
		(void)sqlite_run(db, "ROLLBACK"); /* fails where SQLite has done it already */
	}
	return r;
}

int migrate_climb(struct sqlite3 *db, const char *path, const struct ladder *ladder,
		  const struct why *why)
{
	int64_t application_id = 0, version = 0;
	int r;

	if (sqlite_integer(db, "PRAGMA application_id", &application_id) < 0 ||
	    sqlite_integer(db, "PRAGMA user_version", &version) < 0)
		return why_not_sqlite(why, db, "read", path);
	r = check_numbers(application_id, version, path, ladder, why);
	if (r == 0)
		r = check_tables(db, path, why);
	if (r < 0 || version == ladder->count)
		return r;
	r = run_steps(db, (int)version, path, ladder, why);
	/* Into the main file, so that its header says what it is to whoever looks at that alone. It may
	 * fail (a reader, a full disk) and happen later: whoever looks closer sees the -wal. */
	if (r == 0)
		(void)sqlite_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	return r;
}

/* No journal: whatever a crash leaves of this file is removed before the next try. WAL is switched on at
 * the end, and then is part of the header. */
static int build(const char *path, const struct ladder *ladder, const struct why *why)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	char prepare[160];
	int r = sqlite_open(path, SQLITE_MODE_CREATE, why, &db);

	if (r < 0)
		return r;
	(void)snprintf(prepare, sizeof(prepare),
		       "PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY;"
		       "PRAGMA synchronous = FULL; PRAGMA application_id = %d",
		       GRAVEYARD_APPLICATION_ID);
	if (sqlite_run(db, prepare) < 0)
		return why_not_sqlite(why, db, "create", path);
	r = run_steps(db, 0, path, ladder, why);
	if (r < 0)
		return r;
	if (sqlite_run(db, "PRAGMA journal_mode = WAL") < 0)
		return why_not_sqlite(why, db, "create", path);
	return 0;
}

int migrate_create(const char *path, const struct ladder *ladder, const struct why *why)
{
	_cleanup_(cleanup_free) char *new = place_beside(path, "-new");
	int r;

	if (!new)
		return why_not(why, -ENOMEM, "no memory for the path '%s'", path);
	place_remove(new);
	r = build(new, ladder, why);
	if (r == 0 && (rename(new, path) < 0 || place_sync_directory(path) < 0))
		r = why_not(why, -errno, "unable to create '%s': %s", path, strerror(errno));
	if (r < 0)
		place_remove(new);
	return r;
}
