/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "given.h"
#include "store_contract.h"

static void the_contract_is_kept(void **state)
{
	(void)state;
	for (const struct contract *it = store_contract; it->name; it++) {
		struct store *store = fake_store_new();

		print_message("  %s\n", it->name);
		assert_non_null(store);
		it->test(store);
		store->ops->free(store);
	}
}

static void the_call_asked_for_fails_and_no_other(void **state)
{
	struct store *store = fake_store_new();
	struct event event;

	(void)state;
	fake_store_fail(store, FAKE_LAST_EVENT, 2, -EIO);
	assert_int_equal(store->ops->last_event(store, &event), 0);
	assert_int_equal(store->ops->event(store, 1, &event), -ENOENT);
	assert_true(fake_store_fails(store));
	assert_int_equal(store->ops->last_event(store, &event), -EIO);
	assert_false(fake_store_fails(store));
	assert_int_equal(store->ops->last_event(store, &event), 0);
	assert_int_equal(fake_store_calls(store, FAKE_LAST_EVENT), 3);
	assert_int_equal(fake_store_calls(store, FAKE_ANY), 4);
	fake_store_fail(store, FAKE_ANY, 1, -ENOSPC);
	assert_int_equal(store->ops->begin(store), -ENOSPC);
	assert_false(fake_store_begun(store));
	store->ops->free(store);
}

static void a_commit_that_fails_undoes_all_of_it(void **state)
{
	struct store *store = fake_store_new(), *before = fake_store_new();

	(void)state;
	commit_birth(store, "a");
	fake_store_copy(before, store);
	assert_int_equal(store->ops->begin(store), 0);
	die(store, "a", 3);
	be_born(store, "b");
	assert_false(fake_store_same(store, before));
	fake_store_fail(store, FAKE_COMMIT, 1, -ENOSPC);
	assert_int_equal(store->ops->commit(store), -ENOSPC);
	assert_false(fake_store_begun(store));
	assert_true(fake_store_same(store, before));
	commit_death(store, "a", 3);
	assert_int_equal(last_seq(store), 2);
	store->ops->free(store);
	before->ops->free(before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contract_is_kept),
		cmocka_unit_test(the_call_asked_for_fails_and_no_other),
		cmocka_unit_test(a_commit_that_fails_undoes_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
