/* SPDX-License-Identifier: Apache-2.0 */
#include "store/database.h"

#include <errno.h>
#include <sqlite3.h>

#include "base/cleanup.h"
#include "store/migrate.h"
#include "store/private_copy.h"

static struct ladder ladder(void)
{
	return (struct ladder){schema_migrations, (int)schema_migration_count};
}

/*
 * The -wal is begun over after a thousand pages or so; the limit is for what an unusual transaction, or
 * somebody who read for long, made of it. Temporary files are out of reach of the sandboxed worker.
 * 12 MiB of cache hold the inner pages of a million names' indexes and some of the leaves: SQLite's 2 MiB do not.
 */
static int configure(struct sqlite3 *db, enum store_durability durability, const char *path,
		     const struct why *why)
{
	int64_t wal = 0;

	if (sqlite_run(db, durability == STORE_POWER ? "PRAGMA synchronous = FULL"
						     : "PRAGMA synchronous = NORMAL") < 0 ||
	    sqlite_run(db, "PRAGMA journal_size_limit = 8388608; PRAGMA temp_store = MEMORY;"
			   "PRAGMA cache_size = -12288; PRAGMA journal_mode = WAL") < 0 ||
	    sqlite_integer(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &wal) < 0)
		return why_not_sqlite(why, db, "set up", path);
	if (!wal)
		return why_not(why, -EIO, "'%s' lies where SQLite cannot have a write-ahead log",
			       path);
	return 0;
}

/* An existing database, under its lock. Until it is known to be in order, it is not even checkpointed
 * by closing it. */
static int open_existing(const char *path, enum store_durability durability, const struct why *why,
			 struct sqlite3 **ret_db)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	const struct ladder all = ladder();
	int r = sqlite_open(path, SQLITE_MODE_WRITE, why, &db);

	if (r < 0)
		return r;
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = migrate_climb(db, path, &all, why);
	if (r == 0)
		r = configure(db, durability, path, why);
	if (r < 0)
		return r;
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	*ret_db = take_ptr(db);
	return 0;
}

int database_open(const char *path, enum store_durability durability, const struct why *why,
		  struct sqlite3 **ret_db)
{
	const struct ladder all = ladder();
	int r = migrate_inspect(path, &all, why);

	if (r == -ENOENT)
		r = migrate_create(path, &all, why);
	return r < 0 ? r : open_existing(path, durability, why, ret_db);
}

int database_open_copy(const char *path, const struct why *why, struct sqlite3 **ret_db)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	const struct ladder all = ladder();
	int r = migrate_inspect(path, &all, why);

	if (r == -ENOENT)
		return why_not(why, r, "there is no database '%s'", path);
	if (r == 0)
		r = private_copy_open(path, why, &db);
	if (r == 0)
		r = migrate_climb(db, path, &all, why);
	if (r == 0)
		*ret_db = take_ptr(db);
	return r;
}

/* Of a file that SQLite has open; one that it has not is empty. */
static int size_of(struct sqlite3 *db, int which, uint64_t *ret_size)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	int code = sqlite3_file_control(db, "main", which, &file);

	if (code == SQLITE_OK && file && file->pMethods)
		code = file->pMethods->xFileSize(file, &size);
	*ret_size = (uint64_t)size;
	return sqlite_errno(code);
}

int database_info(struct sqlite3 *db, struct store_info *ret_info)
{
	struct store_info info = {.engine = "sqlite", .version = sqlite3_libversion()};
	int r;

	errno = 0;
	r = size_of(db, SQLITE_FCNTL_FILE_POINTER, &info.bytes);
	if (r == 0)
		r = size_of(db, SQLITE_FCNTL_JOURNAL_POINTER, &info.log_bytes);
	if (r == 0)
		*ret_info = info;
	return r;
}
