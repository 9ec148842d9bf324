/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds leases while a graveyard is served, and what it costs. */
#include "core/leases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_store.h"
#include "yard.h"

static int hold(struct yard *y, const char *name, uint64_t life, pid_t pid)
{
	return graveyard_lease(y->graveyard, name, strlen(name), life, pid, 10 * pid);
}

static int give_back(struct yard *y, const char *name, uint64_t life, pid_t pid)
{
	return graveyard_unlease(y->graveyard, name, strlen(name), life, pid);
}

static void a_lease_is_kept_and_is_no_event(void **state)
{
	struct yard *y = *state;

	assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	assert_int_equal(hold(y, "a", 1, 8), 0);
	assert_true(graveyard_staged(y->graveyard));
	assert_int_equal(graveyard_staged_events(y->graveyard), 0);
	assert_false(graveyard_staged_for(y->graveyard, "a", 1));
	yard_commit(y);
	assert_int_equal(hold(y, "a", 1, 7), 0); /* again */
	assert_int_equal(hold(y, "a", 1, 0), 0);
	yard_commit(y);
	assert_yard_leases(y, "a 1 0@0, a 1 7@70, a 1 8@80");
	assert_yard_events(y, 0, "a 1 born@100");
	assert_int_equal(graveyard_seq(y->graveyard), 1);
}

static void a_lease_that_is_given_back_is_forgotten(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(give_back(y, "a", 1, 7), 0);
	assert_false(graveyard_staged(y->graveyard));
	assert_int_equal(hold(y, "a", 1, 7), 0);
	assert_int_equal(hold(y, "a", 1, 8), 0);
	assert_int_equal(give_back(y, "a", 1, 7), 0);
	assert_int_equal(give_back(y, "a", 2, 8), 0);
	yard_commit(y);
	assert_yard_leases(y, "a 1 8@80");
	assert_int_equal(give_back(y, "nobody", 1, 8), -ENOENT);
	assert_int_equal(give_back(y, "a", 1, 8), 0);
	yard_commit(y);
	assert_yard_leases(y, "");
	assert_yard_life(y, "a", "1 b100");
}

static void only_a_life_that_goes_on_is_leased(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "dead", DEED_STONE, "b10 d30");
	yard_tell(y, "removed", DEED_STONE, "b10");
	assert_int_equal(yard_remove(y, "removed"), 0);
	yard_tell(y, "again", DEED_STONE, "b10 d30");
	yard_tell(y, "again", DEED_BIRTH, NULL);
	assert_int_equal(hold(y, "dead", 1, 7), 0);
	assert_int_equal(hold(y, "removed", 1, 7), 0);
	assert_int_equal(hold(y, "again", 1, 7), 0);
	assert_int_equal(hold(y, "again", 3, 7), 0);
	assert_false(graveyard_staged(y->graveyard));
	assert_int_equal(hold(y, "nobody", 1, 7), -ENOENT);
	assert_int_equal(hold(y, "again", 2, 7), 0);
	yard_commit(y);
	assert_yard_leases(y, "again 2 7@70");
}

static void a_death_strikes_off_the_holders_of_its_life_alone(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	yard_tell(y, "b", DEED_BIRTH, NULL);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	assert_int_equal(hold(y, "a", 1, 8), 0);
	assert_int_equal(hold(y, "b", 1, 7), 0);
	yard_commit(y);
	assert_int_equal(yard_remove(y, "b"), 0); /* no death */
	yard_tell(y, "b", DEED_BIRTH, NULL);
	yard_tell(y, "a", DEED_READY, NULL);
	assert_yard_leases(y, "a 1 7@70, a 1 8@80, b 1 7@70");
	yard_tell(y, "b", DEED_DEATH, "c3"); /* of life 2 */
	assert_yard_leases(y, "a 1 7@70, a 1 8@80, b 1 7@70");
	yard_tell(y, "a", DEED_STONE, "c3");
	assert_yard_leases(y, "b 1 7@70");
}

static void what_is_rolled_back_leaves_the_leases_as_they_were(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	graveyard_rollback(y->graveyard);
	assert_yard_leases(y, "a 1 7@70");
	assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	fake_store_fail(y->store, FAKE_COMMIT, 1, -ENOSPC);
	assert_int_equal(graveyard_commit(y->graveyard), -ENOSPC);
	assert_yard_leases(y, "a 1 7@70");
	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_yard_leases(y, "");
}

static void a_restart_knows_that_there_are_leases(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	yard_restart(y, NULL);
	assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	graveyard_rollback(y->graveyard);
	assert_yard_leases(y, "a 1 7@70");
	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_yard_leases(y, "");
}

static void a_lease_that_cannot_be_kept_takes_its_transaction_along(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(yard_stage(y, "b", DEED_BIRTH, NULL), 0);
	fake_store_fail(y->store, FAKE_PUT_LEASE, 1, -ENOSPC);
	assert_int_equal(hold(y, "a", 1, 7), -ENOSPC);
	assert_int_equal(hold(y, "a", 1, 8), -ENOSPC);
	assert_int_equal(graveyard_commit(y->graveyard), -ENOSPC);
	assert_yard_leases(y, "");
	assert_yard_life(y, "b", "");
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	assert_yard_leases(y, "a 1 7@70");
}

static unsigned calls_for_leases(struct yard *y)
{
	return fake_store_calls(y->store, FAKE_DROP_LEASES) +
	       fake_store_calls(y->store, FAKE_NEXT_LEASE);
}

/* The life and death of another, which asks the store about leases, or does not. */
static void assert_death_costs_nothing(struct yard *y)
{
	unsigned calls = calls_for_leases(y);

	yard_tell(y, "z", DEED_BIRTH, NULL);
	yard_tell(y, "z", DEED_DEATH, "c3");
	assert_int_equal(calls_for_leases(y), calls);
}

static void a_death_costs_nothing_while_there_are_no_leases(void **state)
{
	struct yard *y = *state;
	unsigned calls;

	assert_death_costs_nothing(y);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	graveyard_rollback(y->graveyard);
	assert_death_costs_nothing(y);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	fake_store_fail(y->store, FAKE_COMMIT, 1, -ENOSPC);
	assert_int_equal(graveyard_commit(y->graveyard), -ENOSPC);
	assert_death_costs_nothing(y);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	calls = calls_for_leases(y);
	yard_tell(y, "z", DEED_BIRTH, NULL);
	yard_tell(y, "z", DEED_DEATH, NULL);
	assert_true(calls_for_leases(y) > calls); /* or the above would prove nothing */
	assert_int_equal(give_back(y, "a", 1, 7), 0);
	yard_commit(y);
	assert_death_costs_nothing(y);
	assert_int_equal(hold(y, "a", 1, 7), 0);
	yard_commit(y);
	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_death_costs_nothing(y);
	yard_restart(y, NULL);
	assert_death_costs_nothing(y);
}

static void a_lease_is_not_refused_for_want_of_room(void **state)
{
	struct yard *y = *state;

	for (int i = 0; i < GRAVEYARD_BATCH / 2; i++) {
		assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
		assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	}
	assert_false(graveyard_has_room(y->graveyard));
	yard_commit(y);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	for (pid_t pid = 1; pid <= GRAVEYARD_BATCH + 1; pid++)
		assert_int_equal(hold(y, "a", GRAVEYARD_BATCH / 2 + 1, pid), 0);
	assert_false(graveyard_has_room(y->graveyard)); /* but counts */
	assert_int_equal(give_back(y, "a", GRAVEYARD_BATCH / 2 + 1, 1), 0);
	yard_commit(y);
	assert_true(graveyard_has_room(y->graveyard));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_lease_is_kept_and_is_no_event),
		TEST(a_lease_that_is_given_back_is_forgotten),
		TEST(only_a_life_that_goes_on_is_leased),
		TEST(a_death_strikes_off_the_holders_of_its_life_alone),
		TEST(what_is_rolled_back_leaves_the_leases_as_they_were),
		TEST(a_restart_knows_that_there_are_leases),
		TEST(a_lease_that_cannot_be_kept_takes_its_transaction_along),
		TEST(a_death_costs_nothing_while_there_are_no_leases),
		TEST(a_lease_is_not_refused_for_want_of_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
