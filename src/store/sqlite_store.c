/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/connection.h"
#include "store/database.h"
#include "store/place.h"
#include "store/rows.h"
#include "store/sqlite_parts.h"

struct sqlite_store {
	struct store store;
	struct connection connection;
	int lock_fd;     /* -1 for a private copy */
	bool last_known; /* `last` is the last event, what is staged counted */
	struct event last;
};

static struct sqlite_store *self(struct store *store)
{
	return (struct sqlite_store *)store;
}

struct connection *sqlite_store_connection(struct store *store)
{
	return &self(store)->connection;
}

static int store_begin(struct store *store)
{
	int r = connection_begin(sqlite_store_connection(store));

	if (r > 0)
		self(store)->last_known = false;
	return r < 0 ? r : 0;
}

static void store_rollback(struct store *store)
{
	self(store)->last_known = false;
	connection_rollback(sqlite_store_connection(store));
}

static int store_commit(struct store *store)
{
	int r = connection_commit(sqlite_store_connection(store));

	if (r < 0)
		self(store)->last_known = false;
	return r;
}

static int store_find(struct store *store, const char *name, size_t len, struct grave *ret_grave)
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[QUERY_FIND];
	int r;

	if (len > GRAVE_NAME_MAX)
		return -ENOENT;
	if (sqlite3_bind_text(row, 1, name, (int)len, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	r = connection_fetch(c, QUERY_FIND, NULL, 0);
	return r < 0 ? r : grave_read(row, ret_grave);
}

static int fetch_life(struct store *store, enum query query, const int64_t *numbers, int count,
		      struct life *ret_life)
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[query];
	int r = connection_fetch(c, query, numbers, count);

	return r < 0 ? r : life_read(row, ret_life);
}

static int store_life(struct store *store, int64_t grave, uint64_t number, struct life *ret_life)
{
	const int64_t numbers[] = {grave, row_number(number)};

	return fetch_life(store, QUERY_LIFE, numbers, 2, ret_life);
}

/* The latest life numbered `number` or less. */
static int life_up_to(struct store *store, int64_t grave, uint64_t number, struct life *ret_life)
{
	const int64_t numbers[] = {grave, row_number(number)};

	return fetch_life(store, QUERY_LIFE_UP_TO, numbers, 2, ret_life);
}

/*
 * Among the lives before number `high`, the latest born by `seq`. Halves rather than steps: a container
 * that is restarted for months has many lives, and they are born in the order of their numbers.
 */
static int search_life(struct store *store, int64_t grave, uint64_t high, uint64_t seq,
		       struct life *ret_life)
{
	uint64_t low = 0; /* the lives up to here were born by then; from `high` on, later */

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		struct life life;
		int r = life_up_to(store, grave, middle, &life);

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT || life.seq[FACT_BORN] <= seq)
			low = middle;
		else
			high = life.number;
	}
	return life_up_to(store, grave, low, ret_life);
}

static int store_life_at(struct store *store, int64_t grave, uint64_t seq, struct life *ret_life)
{
	struct life latest;
	int r = life_up_to(store, grave, INT64_MAX, &latest);

	if (r < 0)
		return r;
	if (latest.seq[FACT_BORN] > seq)
		return search_life(store, grave, latest.number, seq, ret_life);
	*ret_life = latest;
	return 0;
}

static int store_first_life(struct store *store, int64_t grave, uint64_t from, enum fact fact,
			    int code, struct life *ret_life)
{
	const int64_t numbers[] = {grave, row_number(from), fact, code};
	bool any = fact != FACT_CODE || code == INT_MIN;

	(void)sqlite3_bind_null(sqlite_store_connection(store)->statements[QUERY_FIRST_LIFE], 4);
	return fetch_life(store, QUERY_FIRST_LIFE, numbers, any ? 3 : 4, ret_life);
}

static int insert_grave(struct connection *c, struct grave *grave)
{
	struct sqlite3_stmt *statement = c->statements[QUERY_INSERT_GRAVE];
	int r = connection_write(c, QUERY_INSERT_GRAVE, grave_bind(statement, grave));

	if (r == 0 && sqlite3_changes(c->db) == 0)
		return connection_spoil(c, -EINVAL); /* there is one of this name */
	if (r == 0)
		grave->id = sqlite3_last_insert_rowid(c->db);
	return r;
}

static int update_grave(struct connection *c, const struct grave *grave)
{
	struct sqlite3_stmt *statement = c->statements[QUERY_UPDATE_GRAVE];
	int r = connection_write(c, QUERY_UPDATE_GRAVE, grave_bind(statement, grave));

	if (r == 0 && sqlite3_changes(c->db) == 0)
		return connection_spoil(c, -EINVAL); /* there is no such grave */
	return r;
}

static int store_put_grave(struct store *store, struct grave *grave)
{
	struct connection *c = sqlite_store_connection(store);
	int r = connection_may_write(c);

	if (r < 0)
		return r;
	return grave->id == 0 ? insert_grave(c, grave) : update_grave(c, grave);
}

static int store_put_life(struct store *store, const struct life *life)
{
	struct connection *c = sqlite_store_connection(store);
	int r = connection_may_write(c);

	if (r < 0)
		return r;
	return connection_write(c, QUERY_PUT_LIFE, life_bind(c->statements[QUERY_PUT_LIFE], life));
}

static int fetch_event(struct store *store, enum query query, const int64_t *numbers, int count,
		       struct event *ret_event)
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[query];
	int r = connection_fetch(c, query, numbers, count);

	return r < 0 ? r : event_read(row, ret_event);
}

static int store_event(struct store *store, uint64_t seq, struct event *ret_event)
{
	const int64_t numbers[] = {row_number(seq)};

	return fetch_event(store, QUERY_EVENT, numbers, 1, ret_event);
}

/* Sees to it that `last` is known. */
static int know_last(struct sqlite_store *s)
{
	int r = 0;

	if (!s->last_known)
		r = fetch_event(&s->store, QUERY_LAST_EVENT, NULL, 0, &s->last);
	if (r == -ENOENT) {
		memset(&s->last, 0, sizeof(s->last));
		r = 0;
	}
	s->last_known = r == 0;
	return r;
}

static int store_last_event(struct store *store, struct event *ret_event)
{
	int r = know_last(self(store));

	if (r == 0)
		*ret_event = self(store)->last;
	return r;
}

static int store_append(struct store *store, const struct event *event)
{
	struct sqlite_store *s = self(store);
	struct connection *c = &s->connection;
	int r = connection_may_write(c);

	if (r == 0)
		r = know_last(s);
	if (r == 0 && event->seq != s->last.seq + 1)
		r = -EINVAL;
	if (r < 0)
		return connection_spoil(c, r);
	r = connection_write(c, QUERY_APPEND, event_bind(c->statements[QUERY_APPEND], event));
	if (r < 0)
		return r;
	s->last = *event;
	s->last.name[0] = '\0';
	return 0;
}

static int store_list(struct store *store, enum store_list which, int64_t after,
		      struct grave *ret_grave)
{
	static const enum query lists[] = {
		[STORE_LIST_ON_VIEW] = QUERY_LIST_ON_VIEW,
		[STORE_LIST_ALIVE] = QUERY_LIST_ALIVE,
		[STORE_LIST_EVERY] = QUERY_LIST_EVERY,
	};
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[lists[which]];
	int r = connection_fetch(c, lists[which], &after, 1);

	return r < 0 ? r : grave_read(row, ret_grave);
}

static int store_skip_on_view(struct store *store, int64_t after, uint64_t skip,
			      struct grave *ret_grave)
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[QUERY_SKIP_ON_VIEW];
	const int64_t numbers[] = {after, row_number(skip)};
	int r = connection_fetch(c, QUERY_SKIP_ON_VIEW, numbers, 2);

	return r < 0 ? r : grave_read(row, ret_grave);
}

static int store_count(struct store *store, enum store_list which, uint64_t *ret_count)
{
	static const enum query counts[] = {
		[STORE_LIST_ON_VIEW] = QUERY_COUNT_ON_VIEW,
		[STORE_LIST_ALIVE] = QUERY_COUNT_ALIVE,
		[STORE_LIST_EVERY] = QUERY_COUNT_EVERY,
	};
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[counts[which]];
	int r = connection_fetch(c, counts[which], NULL, 0);

	if (r < 0)
		return r;
	*ret_count = (uint64_t)sqlite3_column_int64(row, 0);
	return 0;
}

static int hide(struct connection *c, const struct grave *grave, uint64_t seq)
{
	struct sqlite3_stmt *statement = c->statements[QUERY_HIDE_LIFE];
	int r;

	(void)sqlite3_bind_int64(statement, 1, grave->id);
	(void)sqlite3_bind_int64(statement, 2, row_number(grave->life));
	(void)sqlite3_bind_int64(statement, 3, row_number(seq));
	r = connection_write(c, QUERY_HIDE_LIFE, 0);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(c->statements[QUERY_HIDE_GRAVE], 1, grave->id);
	return connection_write(c, QUERY_HIDE_GRAVE, 0);
}

/* One by one: a single UPDATE of an index it walks along would first collect all of it in memory. */
static int store_clear_view(struct store *store, uint64_t seq)
{
	struct connection *c = sqlite_store_connection(store);
	struct grave grave = {.id = 0};
	int r = connection_may_write(c);

	while (r == 0) {
		r = store_list(store, STORE_LIST_ON_VIEW, grave.id, &grave);
		if (r == -ENOENT)
			return 0;
		if (r == 0)
			r = hide(c, &grave, seq);
	}
	return connection_spoil(c, r);
}

static int store_info(struct store *store, struct store_info *ret_info)
{
	return database_info(sqlite_store_connection(store)->db, ret_info);
}

static void store_free(struct store *store)
{
	struct sqlite_store *s = self(store);

	if (!s)
		return;
	connection_release(&s->connection);
	cleanup_close(&s->lock_fd); /* last: the next daemon finds a database at rest */
	free(s);
}

static const struct store_ops sqlite_store_ops = {
	.begin = store_begin,
	.commit = store_commit,
	.rollback = store_rollback,
	.find = store_find,
	.life = store_life,
	.life_at = store_life_at,
	.first_life = store_first_life,
	.put_grave = store_put_grave,
	.put_life = store_put_life,
	.append = store_append,
	.event = store_event,
	.last_event = store_last_event,
	.list = store_list,
	.skip_on_view = store_skip_on_view,
	.count = store_count,
	.clear_view = store_clear_view,
	.put_lease = sqlite_put_lease,
	.drop_leases = sqlite_drop_leases,
	.next_lease = sqlite_next_lease,
	.boot = sqlite_boot,
	.put_boot = sqlite_put_boot,
	.describe = sqlite_describe,
	.info = store_info,
	.free = store_free,
};

/* Takes over `db` whatever the outcome, the lock only if it succeeds. */
static int store_new(struct sqlite3 *db, bool read_only, int lock_fd, const char *path,
		     const struct why *why, struct store **ret_store)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		cleanup_sqlite(&db);
		return why_not(why, -ENOMEM, "no memory to open '%s'", path);
	}
	s->store.ops = &sqlite_store_ops;
	s->lock_fd = -1;
	r = connection_init(&s->connection, db, read_only);
	if (r < 0) {
		(void)why_not_sqlite(why, db, "use", path);
		store_free(&s->store);
		return r;
	}
	s->lock_fd = lock_fd;
	*ret_store = &s->store;
	return 0;
}

/* `lock_fd` is the store's if this succeeds. */
static int open_file(const char *file, enum store_durability durability, int lock_fd,
		     struct store **ret_store, const struct why *why)
{
	struct sqlite3 *db = NULL;
	int r = database_open(file, durability, why, &db);

	return r < 0 ? r : store_new(db, false, lock_fd, file, why, ret_store);
}

static struct why say_why(char *text, size_t size)
{
	if (size > 0)
		text[0] = '\0';
	return (struct why){text, size};
}

int sqlite_store_lock(const char *path, int *ret_fd, char *why_text, size_t why_size)
{
	const struct why why = say_why(why_text, why_size);
	_cleanup_(cleanup_free) char *file = NULL;
	int r = place_prepare(path, &why, &file);

	return r < 0 ? r : place_lock(file, &why, ret_fd);
}

int sqlite_store_open_locked(const char *path, enum store_durability durability,
			     struct store **ret_store, char *why_text, size_t why_size)
{
	const struct why why = say_why(why_text, why_size);
	_cleanup_(cleanup_free) char *file = NULL;
	int r = place_prepare(path, &why, &file);

	return r < 0 ? r : open_file(file, durability, -1, ret_store, &why);
}

int sqlite_store_open(const char *path, enum store_durability durability, struct store **ret_store,
		      char *why_text, size_t why_size)
{
	const struct why why = say_why(why_text, why_size);
	_cleanup_(cleanup_free) char *file = NULL;
	_cleanup_(cleanup_close) int lock_fd = -1;
	int r = place_prepare(path, &why, &file);

	if (r == 0)
		r = place_lock(file, &why, &lock_fd);
	if (r == 0)
		r = open_file(file, durability, lock_fd, ret_store, &why);
	if (r == 0)
		lock_fd = -1;
	return r;
}

int sqlite_store_open_copy(const char *path, struct store **ret_store, char *why_text,
			   size_t why_size)
{
	const struct why why = say_why(why_text, why_size);
	struct sqlite3 *db = NULL;
	int r = database_open_copy(path, &why, &db);

	return r < 0 ? r : store_new(db, true, -1, path, &why, ret_store);
}
