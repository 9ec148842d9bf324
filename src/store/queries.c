/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queries.h"

#include <errno.h>
#include <sqlite3.h>

#include "core/stone.h"
#include "store/rows.h"

/* The latest lives of what is on view and not dead; a join, so that a life which core did not close (no
 * death, not removed, but not the latest) cannot bring its grave back. */
#define ALIVE                                                                             \
	" FROM lives INDEXED BY lives_alive CROSS JOIN graves ON graves.id = lives.grave" \
	" WHERE lives.died IS NULL AND lives.removed_seq IS NULL"                         \
	" AND graves.life = lives.life AND on_view = 1"
#define ON_VIEW " FROM graves INDEXED BY graves_on_view WHERE on_view = 1"

/* INDEXED BY makes a statement that could not use its index fail at once, when it is prepared. */
static const char *const queries[QUERIES] = {
	[QUERY_BEGIN] = "BEGIN",
	[QUERY_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
	/* Changes nothing, but takes the lock for writing. */
	[QUERY_UPGRADE] = "UPDATE graves SET uid = uid WHERE id = 0",
	[QUERY_COMMIT] = "COMMIT",
	[QUERY_ROLLBACK] = "ROLLBACK",
	[QUERY_FIND] = "SELECT " GRAVES_COLUMNS " FROM graves WHERE name = ?1",
	[QUERY_LIFE] = "SELECT " LIVES_COLUMNS " FROM lives WHERE grave = ?1 AND life = ?2",
	[QUERY_LIFE_UP_TO] = "SELECT " LIVES_COLUMNS " FROM lives WHERE grave = ?1 AND life <= ?2"
			     " ORDER BY life DESC LIMIT 1",
	[QUERY_FIRST_LIFE] = "SELECT " LIVES_COLUMNS " FROM lives WHERE grave = ?1 AND life >= ?2"
			     " AND CASE ?3 WHEN 0 THEN born WHEN 1 THEN ready WHEN 2 THEN epitaph"
			     " WHEN 3 THEN died WHEN 4 THEN exit_code END IS NOT NULL"
			     " AND (?4 IS NULL OR exit_code = ?4) ORDER BY life LIMIT 1",
	[QUERY_INSERT_GRAVE] = "INSERT INTO graves (id, name, uid, gid, life, on_view)"
			       " SELECT ?1, ?2, ?3, ?4, ?5, ?6"
			       " WHERE NOT EXISTS (SELECT 1 FROM graves WHERE name = ?2)",
	[QUERY_UPDATE_GRAVE] = "UPDATE graves SET uid = ?3, gid = ?4, life = ?5, on_view = ?6"
			       " WHERE id = ?1 AND name = ?2",
	[QUERY_PUT_LIFE] =
		"INSERT INTO lives (" LIVES_COLUMNS ")"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
		" ON CONFLICT (grave, life) DO UPDATE SET born = ?3, ready = ?4, died = ?5,"
		" exit_code = ?6, epitaph = ?7, born_seq = ?8, ready_seq = ?9, died_seq = ?10,"
		" code_seq = ?11, epitaph_seq = ?12, removed_seq = ?13, history_at = ?14",
	[QUERY_APPEND] = "INSERT INTO events (seq, time, recorded, grave, life, what, exit_code,"
			 " uid, gid, pid, text_at)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[QUERY_EVENT] = "SELECT " EVENTS_COLUMNS ", name"
			" FROM events LEFT JOIN graves ON graves.id = events.grave WHERE seq = ?1",
	[QUERY_LAST_EVENT] = "SELECT " EVENTS_COLUMNS " FROM events ORDER BY seq DESC LIMIT 1",
	[QUERY_LIST_ON_VIEW] = "SELECT " GRAVES_COLUMNS ON_VIEW " AND id > ?1 ORDER BY id LIMIT 1",
	[QUERY_LIST_ALIVE] = "SELECT " GRAVES_COLUMNS ALIVE " AND lives.grave > ?1"
			     " ORDER BY lives.grave LIMIT 1",
	[QUERY_LIST_EVERY] = "SELECT " GRAVES_COLUMNS " FROM graves WHERE id > ?1"
			     " ORDER BY id LIMIT 1",
	[QUERY_SKIP_ON_VIEW] =
		"SELECT " GRAVES_COLUMNS ON_VIEW " AND id > ?1 ORDER BY id LIMIT 1 OFFSET ?2",
	[QUERY_COUNT_ON_VIEW] = "SELECT count(*)" ON_VIEW,
	[QUERY_COUNT_ALIVE] = "SELECT count(*)" ALIVE,
	[QUERY_COUNT_EVERY] = "SELECT max(id) FROM graves", /* none is ever deleted */
	[QUERY_HIDE_GRAVE] = "UPDATE graves SET on_view = 0 WHERE id = ?1",
	[QUERY_HIDE_LIFE] = "UPDATE lives SET removed_seq = ?3 WHERE grave = ?1 AND life = ?2",
	[QUERY_PUT_LEASE] = "INSERT INTO leases (" LEASES_COLUMNS ") VALUES (?1, ?2, ?3, ?4)"
			    " ON CONFLICT (grave, life, pid) DO UPDATE SET start = ?4",
	[QUERY_DROP_LEASES] = "DELETE FROM leases WHERE grave = ?1 AND life = ?2"
			      " AND (?3 = -1 OR pid = ?3)",
	[QUERY_DROP_ALL_LEASES] = "DELETE FROM leases",
	[QUERY_NEXT_LEASE] = "SELECT " LEASES_COLUMNS " FROM leases"
			     " WHERE (grave, life, pid) > (?1, ?2, ?3)"
			     " ORDER BY grave, life, pid LIMIT 1",
	[QUERY_BOOT] = "SELECT id FROM boot WHERE one = 1",
	[QUERY_PUT_BOOT] = "INSERT INTO boot (one, id) VALUES (1, ?1)"
			   " ON CONFLICT (one) DO UPDATE SET id = ?1",
	[QUERY_DESCRIBE] = "SELECT json_object('name', ?1, 'state', ?2, 'life', ?3, 'born', ?4,"
			   " 'ready', ?5, 'died', ?6, 'lasted', round(?7, 3), 'exitCode', ?8,"
			   " 'epitaph', ?9, 'waiting', json_object('born', ?10, 'ready', ?11,"
			   " 'died', ?12, 'exitcode', ?13, 'succeeded', ?14))",
};

_Static_assert(WAIT_BORN == 0 && WAIT_READY == 1 && WAIT_DIED == 2 && WAIT_EXITCODE == 3 &&
		       WAIT_SUCCEEDED == 4 && WAIT_KIND_COUNT == 5,
	       "QUERY_DESCRIBE counts the kinds");
_Static_assert(FACT_BORN == 0 && FACT_READY == 1 && FACT_EPITAPH == 2 && FACT_DIED == 3 &&
		       FACT_CODE == 4,
	       "QUERY_FIRST_LIFE counts the facts");

int queries_prepare(struct sqlite3 *db, struct sqlite3_stmt *ret_statements[QUERIES])
{
	errno = 0;
	for (int query = 0; query < QUERIES; query++) {
		int code = sqlite3_prepare_v3(db, queries[query], -1, SQLITE_PREPARE_PERSISTENT,
					      &ret_statements[query], NULL);

		if (code != SQLITE_OK)
			return sqlite_errno(code);
	}
	return 0;
}

void queries_release(struct sqlite3_stmt *statements[QUERIES])
{
	for (int query = 0; query < QUERIES; query++)
		cleanup_statement(&statements[query]);
}
