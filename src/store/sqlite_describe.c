/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_parts.h"

#include <errno.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/rfc3339.h"
#include "core/life.h"
#include "store/connection.h"

/* As QUERY_DESCRIBE numbers them. */
enum member { NAME = 1, STATE, LIFE, BORN, READY, DIED, LASTED, CODE, EPITAPH, WAITING };

/* All SQLite's results are flags to nobody: OK is 0, so that several may be OR-ed and looked at once. */
static int bind_time(struct sqlite3_stmt *row, enum member member, int64_t ns)
{
	char time[RFC3339_SIZE];
	size_t len = rfc3339_format(ns, time);

	return sqlite3_bind_text(row, member, time, (int)len, SQLITE_TRANSIENT);
}

/* What is not known is null: nothing is bound. */
static int bind_life(struct sqlite3_stmt *row, const struct life *life)
{
	const struct stone *stone = &life->stone;
	int codes = sqlite3_bind_int64(row, LIFE, (sqlite3_int64)life->number);

	if (stone_has(stone, FACT_BORN))
		codes |= bind_time(row, BORN, stone->born);
	if (stone_has(stone, FACT_READY))
		codes |= bind_time(row, READY, stone->ready);
	if (stone_has(stone, FACT_DIED))
		codes |= bind_time(row, DIED, stone->died);
	if (stone_has(stone, FACT_DIED) && stone_has(stone, FACT_BORN))
		codes |= sqlite3_bind_double(row, LASTED,
					     ((double)stone->died - (double)stone->born) / 1e9);
	if (stone_has(stone, FACT_CODE))
		codes |= sqlite3_bind_int(row, CODE, stone->code);
	if (stone_has(stone, FACT_EPITAPH))
		codes |= sqlite3_bind_text(row, EPITAPH, stone->epitaph, -1, SQLITE_STATIC);
	return codes;
}

static int bind_portrait(struct sqlite3_stmt *row, const struct portrait *portrait)
{
	const char *state = portrait_state(portrait);
	int codes = sqlite3_clear_bindings(row);

	codes |= sqlite3_bind_text(row, NAME, portrait->name, -1, SQLITE_STATIC);
	codes |= sqlite3_bind_text(row, STATE, state, -1, SQLITE_STATIC);
	if (portrait->life)
		codes |= bind_life(row, portrait->life);
	for (int kind = 0; kind < WAIT_KIND_COUNT; kind++)
		codes |= sqlite3_bind_int64(row, WAITING + kind, portrait->waiting[kind]);
	return codes ? -ENOMEM : 0;
}

int sqlite_describe(struct store *store, const struct portrait *portrait, struct buf *text)
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[QUERY_DESCRIBE];
	const char *object;
	int r = bind_portrait(row, portrait);

	if (r == 0)
		r = connection_fetch(c, QUERY_DESCRIBE, NULL, 0);
	if (r < 0)
		return r;
	object = (const char *)sqlite3_column_text(row, 0);
	if (!object)
		return -ENOMEM;
	buf_add(text, object, (size_t)sqlite3_column_bytes(row, 0));
	return buf_error(text);
}
