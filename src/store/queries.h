/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement there is, each prepared once. */
#pragma once

#include "store/sqlite_util.h"

enum query {
	QUERY_BEGIN,
	QUERY_BEGIN_IMMEDIATE,
	QUERY_UPGRADE,
	QUERY_COMMIT,
	QUERY_ROLLBACK,
	QUERY_FIND,
	QUERY_LIFE,
	QUERY_LIFE_UP_TO,
	QUERY_FIRST_LIFE,
	QUERY_INSERT_GRAVE,
	QUERY_UPDATE_GRAVE,
	QUERY_PUT_LIFE,
	QUERY_APPEND,
	QUERY_EVENT,
	QUERY_LAST_EVENT,
	QUERY_SKIP_ON_VIEW,
	QUERY_LIST_ON_VIEW,
	QUERY_LIST_ALIVE,
	QUERY_LIST_EVERY,
	QUERY_COUNT_ON_VIEW,
	QUERY_COUNT_ALIVE,
	QUERY_COUNT_EVERY,
	QUERY_HIDE_GRAVE,
	QUERY_HIDE_LIFE,
	QUERY_PUT_LEASE,
	QUERY_DROP_LEASES,
	QUERY_DROP_ALL_LEASES,
	QUERY_NEXT_LEASE,
	QUERY_BOOT,
	QUERY_PUT_BOOT,
	QUERY_DESCRIBE,
	QUERIES, /* how many there are */
};

/*
 * Prepares all of them. What fails is left NULL; the caller releases the rest (queries_release()).
 * Errors: those of sqlite_errno(); -EIO a table, a column or an index is not there.
 */
int queries_prepare(struct sqlite3 *db, struct sqlite3_stmt *ret_statements[QUERIES]);

void queries_release(struct sqlite3_stmt *statements[QUERIES]);
