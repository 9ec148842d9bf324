/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_parts.h"

#include "base/cleanup.h"
#include "store/connection.h"
#include "store/rows.h"

int sqlite_put_lease(struct store *store, const struct lease *lease)
{
	struct connection *c = sqlite_store_connection(store);
	int r = connection_may_write(c);

	if (r < 0)
		return r;
	return connection_write(c, QUERY_PUT_LEASE,
				lease_bind(c->statements[QUERY_PUT_LEASE], lease));
}

int sqlite_drop_leases(struct store *store, int64_t grave, uint64_t life, pid_t pid)
{
	const struct lease lease = {.grave = grave, .life = life, .pid = pid};
	struct connection *c = sqlite_store_connection(store);
	int r = connection_may_write(c);

	if (r < 0)
		return r;
	if (grave == 0)
		return connection_write(c, QUERY_DROP_ALL_LEASES, 0);
	return connection_write(c, QUERY_DROP_LEASES,
				lease_key_bind(c->statements[QUERY_DROP_LEASES], &lease));
}

int sqlite_next_lease(struct store *store, const struct lease *after, struct lease *ret_lease)
{
	const struct lease first = {.grave = 0};
	const struct lease *key = after ? after : &first;
	const int64_t numbers[] = {key->grave, row_number(key->life), key->pid};
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[QUERY_NEXT_LEASE];
	int r = connection_fetch(c, QUERY_NEXT_LEASE, numbers, 3);

	if (r == 0)
		lease_read(row, ret_lease);
	return r;
}

int sqlite_boot(struct store *store, char ret_id[BOOT_ID_SIZE])
{
	struct connection *c = sqlite_store_connection(store);
	_cleanup_(cleanup_query) struct sqlite3_stmt *row = c->statements[QUERY_BOOT];
	int r = connection_fetch(c, QUERY_BOOT, NULL, 0);

	return r < 0 ? r : boot_read(row, ret_id);
}

int sqlite_put_boot(struct store *store, const char *id)
{
	struct connection *c = sqlite_store_connection(store);
	int r = connection_may_write(c);

	if (r < 0)
		return r;
	return connection_write(c, QUERY_PUT_BOOT, boot_bind(c->statements[QUERY_PUT_BOOT], id));
}
