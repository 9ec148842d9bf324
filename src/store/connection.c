/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions, and why reads have one too.
 *
 * A SELECT on its own takes and drops a lock: system calls that cost four times as much as the
 * look-up. So a read transaction, the snapshot, is left open from the first read on. Nobody else writes, so
 * it is always the latest state. begin() turns it into a write transaction; commit() ends both, and that
 * is when SQLite checkpoints (it could not with a snapshot open, and the -wal would grow for ever).
 *
 * If somebody wrote by hand after all, the snapshot is old and cannot be turned: begin() drops it and
 * starts from what is there now.
 *
 * Some failures (a full disk, an I/O error) make SQLite roll back on its own. A statement after that
 * would be a transaction of its own, and durable at once: half a batch. Hence every call within a
 * transaction first looks whether that is still there.
 */
#include "store/connection.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

int connection_init(struct connection *c, struct sqlite3 *db, bool read_only)
{
	memset(c, 0, sizeof(*c));
	c->db = db;
	c->read_only = read_only;
	return queries_prepare(db, c->statements);
}

void connection_release(struct connection *c)
{
	queries_release(c->statements);
	cleanup_sqlite(&c->db);
}

/* SQLite's own idea of whether there is a transaction: the snapshot, where in_transaction is false. */
static bool has_transaction(const struct connection *c)
{
	return !sqlite3_get_autocommit(c->db);
}

/* Runs a statement that has no result. Returns SQLite's code. */
static int step(const struct connection *c, enum query query)
{
	errno = 0;
	(void)sqlite3_step(c->statements[query]);
	return sqlite3_reset(c->statements[query]);
}

static int run(const struct connection *c, enum query query)
{
	return sqlite_errno(step(c, query));
}

/* Where ROLLBACK fails, SQLite has rolled back already. */
static void end_transaction(const struct connection *c)
{
	if (has_transaction(c))
		(void)step(c, QUERY_ROLLBACK);
}

/* Is the transaction, where there is one, still whole? */
static int intact(const struct connection *c)
{
	if (c->spoiled)
		return c->spoiled;
	return has_transaction(c) ? 0 : -EIO;
}

static int ready_to_read(struct connection *c)
{
	if (c->in_transaction && !c->read_only)
		return intact(c);
	return has_transaction(c) ? 0 : run(c, QUERY_BEGIN);
}

/*
 * Any SQLITE_BUSY, for an old snapshot or because somebody writes by hand this very moment, means:
 * begin anew. In the second case that waits, which SQLite does not while a snapshot is open (the
 * other might be waiting for its end).
 */
static int begin_write(struct connection *c)
{
	int code, r;

	if (!has_transaction(c))
		return run(c, QUERY_BEGIN_IMMEDIATE);
	code = step(c, QUERY_UPGRADE);
	if (code == SQLITE_OK)
		return 0;
	r = sqlite_errno(code);
	end_transaction(c);
	if (r == -EBUSY)
		r = run(c, QUERY_BEGIN_IMMEDIATE);
	return r < 0 ? r : 1;
}

int connection_begin(struct connection *c)
{
	int r;

	if (c->in_transaction)
		return -EINVAL;
	r = c->read_only ? 0 : begin_write(c);
	if (r < 0)
		return r;
	c->in_transaction = true;
	c->spoiled = 0;
	return r;
}

void connection_rollback(struct connection *c)
{
	if (c->in_transaction)
		end_transaction(c);
	c->in_transaction = false;
}

int connection_commit(struct connection *c)
{
	int r = c->in_transaction ? 0 : -EINVAL;

	if (r == 0 && !c->read_only)
		r = intact(c);
	if (r == 0 && !c->read_only)
		r = run(c, QUERY_COMMIT);
	if (r < 0)
		connection_rollback(c);
	c->in_transaction = false;
	return r;
}

int connection_may_write(struct connection *c)
{
	if (c->read_only)
		return -EROFS;
	return c->in_transaction ? intact(c) : -EINVAL;
}

int connection_spoil(struct connection *c, int r)
{
	if (r < 0 && c->in_transaction && !c->spoiled)
		c->spoiled = r;
	return r;
}

int connection_write(struct connection *c, enum query query, int bound)
{
	return connection_spoil(c, bound < 0 ? bound : run(c, query));
}

int connection_fetch(struct connection *c, enum query query, const int64_t *numbers, int count)
{
	struct sqlite3_stmt *statement = c->statements[query];
	int r = ready_to_read(c), code;

	if (r < 0)
		return r;
	for (int i = 0; i < count; i++)
		(void)sqlite3_bind_int64(statement, i + 1, numbers[i]);
	errno = 0;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return 0;
	if (code == SQLITE_DONE)
		return -ENOENT;
	r = sqlite_errno(code);
	(void)sqlite3_reset(statement);
	if (!c->in_transaction)
		end_transaction(c); /* a snapshot that may be the cause is not kept */
	return r;
}
