/* SPDX-License-Identifier: Apache-2.0 */
#include "lease_contract.h"

#include "given.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* "grave.life.pid@start" of all, in order, with a space behind each. */
static void assert_leases(struct store *store, const char *expected)
{
	char text[256] = "";
	struct lease lease;
	size_t len = 0;
	int r = store->ops->next_lease(store, NULL, &lease);

	for (; r == 0; r = store->ops->next_lease(store, &lease, &lease)) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%" PRId64 ".%" PRIu64 ".%d@%" PRId64 " ", lease.grave,
					lease.life, (int)lease.pid, lease.start);
		assert_true(len < sizeof(text));
	}
	assert_int_equal(r, -ENOENT);
	assert_string_equal(text, expected);
}

static void put_lease(struct store *store, int64_t grave, uint64_t life, pid_t pid, int64_t start)
{
	const struct lease lease = {grave, life, pid, start};

	assert_int_equal(store->ops->put_lease(store, &lease), 0);
}

/* Of two graves, three lives, out of order. */
static void put_some_leases(struct store *store)
{
	put_lease(store, 2, 1, 8, 80);
	put_lease(store, 1, 2, 7, 70);
	put_lease(store, 1, 2, 0, 0);
	put_lease(store, 1, 10, 6, INT64_MAX);
	put_lease(store, 1, 2, 4194304, 1);
}

#define SOME_LEASES "1.2.0@0 1.2.7@70 1.2.4194304@1 1.10.6@9223372036854775807 2.1.8@80 "

void leases_are_kept_one_a_holder_in_order(struct store *store)
{
	struct lease last = {2, 1, 8, 80}, none = {.grave = 77};

	commit_birth(store, "a");
	commit_birth(store, "b");
	assert_leases(store, "");
	assert_int_equal(store->ops->begin(store), 0);
	put_some_leases(store);
	assert_leases(store, SOME_LEASES);
	assert_int_equal(store->ops->commit(store), 0);
	assert_leases(store, SOME_LEASES);
	assert_int_equal(store->ops->next_lease(store, &last, &none), -ENOENT);
	assert_int_equal(none.grave, 77);

	assert_int_equal(store->ops->begin(store), 0);
	put_lease(store, 1, 2, 7, 71); /* the number is somebody else's now */
	assert_int_equal(store->ops->commit(store), 0);
	assert_leases(store, "1.2.0@0 1.2.7@71 1.2.4194304@1 1.10.6@9223372036854775807 2.1.8@80 ");
}

void leases_are_dropped_by_holder_by_life_and_all(struct store *store)
{
	static const struct {
		int64_t grave;
		uint64_t life;
		pid_t pid;
		const char *left;
	} cases[] = {
		{1, 2, 9, SOME_LEASES},
		{1, 1, -1, SOME_LEASES},
		{2, 2, -1, SOME_LEASES},
		{3, 2, 7, SOME_LEASES},
		{1, 2, 7, "1.2.0@0 1.2.4194304@1 1.10.6@9223372036854775807 2.1.8@80 "},
		{1, 2, 0, "1.2.7@70 1.2.4194304@1 1.10.6@9223372036854775807 2.1.8@80 "},
		{1, 2, -1, "1.10.6@9223372036854775807 2.1.8@80 "},
		{2, 1, -1, "1.2.0@0 1.2.7@70 1.2.4194304@1 1.10.6@9223372036854775807 "},
		{0, 0, -1, ""},
	};

	commit_birth(store, "a");
	commit_birth(store, "b");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(store->ops->begin(store), 0);
		put_some_leases(store);
		assert_int_equal(
			store->ops->drop_leases(store, cases[i].grave, cases[i].life, cases[i].pid),
			0);
		assert_int_equal(store->ops->commit(store), 0);
		assert_leases(store, cases[i].left);
	}
}

void the_last_boot_is_kept(struct store *store)
{
	static const char first[] = "7a1c0d3e-0000-4f6e-9b7a-0123456789ab";
	char id[BOOT_ID_SIZE] = "untouched";

	assert_int_equal(store->ops->boot(store, id), -ENOENT);
	assert_string_equal(id, "untouched");
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_boot(store, first), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->boot(store, id), 0);
	assert_string_equal(id, first);
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_boot(store, "b"), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->boot(store, id), 0);
	assert_string_equal(id, "b");
}

void a_rollback_undoes_leases_and_boots(struct store *store)
{
	char id[BOOT_ID_SIZE];

	commit_birth(store, "a");
	commit_birth(store, "b");
	assert_int_equal(store->ops->begin(store), 0);
	put_lease(store, 1, 1, 7, 70);
	assert_int_equal(store->ops->put_boot(store, "a"), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->begin(store), 0);
	put_some_leases(store);
	assert_int_equal(store->ops->put_boot(store, "b"), 0);
	store->ops->rollback(store);
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->drop_leases(store, 1, 1, -1), 0);
	store->ops->rollback(store);
	assert_leases(store, "1.1.7@70 ");
	assert_int_equal(store->ops->boot(store, id), 0);
	assert_string_equal(id, "a");
}
