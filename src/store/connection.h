/* SPDX-License-Identifier: Apache-2.0 */
/* An open graveyard: the database, its statements, and the transaction it is in. */
#pragma once

#include "store/queries.h"

struct connection {
	struct sqlite3 *db; /* owned, as are the statements */
	struct sqlite3_stmt *statements[QUERIES];
	bool read_only;      /* writes answer -EROFS */
	bool in_transaction; /* between begin and commit or rollback; private */
	int spoiled;         /* what a write of this transaction failed with; private */
};

/* Takes over `db` whatever the outcome. Errors as queries_prepare(). */
int connection_init(struct connection *c, struct sqlite3 *db, bool read_only);

/* All zero is a connection, too. */
void connection_release(struct connection *c);

/* 0: begun. 1: begun, and somebody else may have written since the last read. Errors: -EBUSY, -EINVAL
 * there is one already, those of sqlite_errno(). */
int connection_begin(struct connection *c);

/* Whatever the outcome, the transaction is over. */
int connection_commit(struct connection *c);

void connection_rollback(struct connection *c);

/* 0: a write may be tried. -EROFS; -EINVAL not in a transaction; what spoiled this one. */
int connection_may_write(struct connection *c);

/*
 * Runs a write, its parameters bound; `bound` is what binding them gave. A failure spoils the
 * transaction.
 */
int connection_write(struct connection *c, enum query query, int bound);

/* Makes a failure noticed by the caller spoil the transaction; returns `r`, and does nothing for 0. */
int connection_spoil(struct connection *c, int r);

/*
 * Binds ?1 ... to `numbers` and steps to the one row there may be, which the caller reads from
 * statements[query], and resets (cleanup_query()) whatever the outcome. -ENOENT: there is none.
 */
int connection_fetch(struct connection *c, enum query query, const int64_t *numbers, int count);
