/* SPDX-License-Identifier: Apache-2.0 */
/* What of the port lies in files of its own, for the table of operations in sqlite_store.c. */
#pragma once

#include "core/store.h"

struct connection;

/* Of sqlite_store.c: the database of one of its stores. */
struct connection *sqlite_store_connection(struct store *store);

/* sqlite_leases.c */
int sqlite_put_lease(struct store *store, const struct lease *lease);
int sqlite_drop_leases(struct store *store, int64_t grave, uint64_t life, pid_t pid);
int sqlite_next_lease(struct store *store, const struct lease *after, struct lease *ret_lease);
int sqlite_boot(struct store *store, char ret_id[BOOT_ID_SIZE]);
int sqlite_put_boot(struct store *store, const char *id);

/* sqlite_describe.c */
int sqlite_describe(struct store *store, const struct portrait *portrait, struct buf *text);
