/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port of core/store.h, answered by tables in memory. A transaction is a copy of them. What core may not
 * ask of a store (a write outside of a transaction, a gap in the journal …) fails the test.
 */
#pragma once

#include "core/store.h"

#define FAKE_GRAVES 128
#define FAKE_LIVES 1024
#define FAKE_EVENTS 2048

/* The operations that can be made to fail, in the order of struct store_ops. */
enum fake_op {
	FAKE_BEGIN,
	FAKE_COMMIT,
	FAKE_FIND,
	FAKE_LIFE,
	FAKE_LIFE_AT,
	FAKE_FIRST_LIFE,
	FAKE_PUT_GRAVE,
	FAKE_PUT_LIFE,
	FAKE_APPEND,
	FAKE_EVENT,
	FAKE_LAST_EVENT,
	FAKE_LIST,
	FAKE_COUNT,
	FAKE_CLEAR_VIEW,
	FAKE_PUT_LEASE,
	FAKE_DROP_LEASES,
	FAKE_NEXT_LEASE,
	FAKE_BOOT,
	FAKE_PUT_BOOT,
	FAKE_OPS,
	FAKE_ANY = FAKE_OPS, /* whichever it is */
};

/* Empty. NULL: no memory. */
struct store *fake_store_new(void);

/*
 * From now on the n-th call (from 1) of `op` fails with `error` (-errno) and does nothing; a commit that
 * fails ends its transaction. It happens once. n 0: none fails.
 */
void fake_store_fail(struct store *store, enum fake_op op, unsigned n, int error);

/* Is the failure asked for still to come? */
bool fake_store_fails(const struct store *store);

/* Is a transaction open? */
bool fake_store_begun(const struct store *store);

/* Calls of `op` so far. */
unsigned fake_store_calls(const struct store *store, enum fake_op op);

/* Do both hold the same? */
bool fake_store_same(const struct store *a, const struct store *b);

/* Makes `to` hold what `from` does (committed or not). */
void fake_store_copy(struct store *to, const struct store *from);
