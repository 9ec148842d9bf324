/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails: what failed did not happen, what had succeeded did (unless the commit says otherwise),
 * nobody is woken by what did not, and the graveyard goes on. To be linked as scarce.h says.
 */
#include "core/graveyard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/leases.h"
#include "core/vigil.h"
#include "fake_store.h"
#include "scarce.h"
#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the deeds ---- */

static int be_born(struct yard *y)
{
	return yard_stage(y, "z", DEED_BIRTH, NULL);
}

static int tell_a_whole_stone(struct yard *y)
{
	return yard_stage(y, "new", DEED_STONE, "b10 r20 d30 c3 eend");
}

static int be_born_again(struct yard *y)
{
	return yard_stage(y, "dead", DEED_BIRTH, NULL);
}

static int take_in(struct yard *y)
{
	return yard_stage(y, "removed", DEED_EARLY, "b150 d160");
}

static int die(struct yard *y)
{
	return yard_stage(y, "alive", DEED_DEATH, "c3");
}

static int die_holding_a_lease(struct yard *y)
{
	return yard_stage(y, "leased", DEED_DEATH, "c3");
}

static int hold_a_lease(struct yard *y)
{
	return graveyard_lease(y->graveyard, "alive", strlen("alive"), 1, 9, 90);
}

static int give_a_lease_back(struct yard *y)
{
	return graveyard_unlease(y->graveyard, "leased", strlen("leased"), 1, 7);
}

static int remove_one(struct yard *y)
{
	return yard_remove(y, "alive");
}

static int hand_over(struct yard *y)
{
	struct deed deed = deed_of(DEED_STONE, NULL);

	deed.by.uid = 0;
	return graveyard_chown(y->graveyard, "alive", strlen("alive"), 11, 11, &deed);
}

static int take_all_off_view(struct yard *y)
{
	return graveyard_fresh(y->graveyard, NOW * SECOND);
}

typedef int doing(struct yard *y);

static doing *const doings[] = {
	tell_a_whole_stone, be_born_again,     take_in,    die,       die_holding_a_lease,
	hold_a_lease,       give_a_lease_back, remove_one, hand_over, take_all_off_view};

/* ---- a transaction of two deeds ---- */

struct outcome {
	int first, second, commit;
	bool news; /* a lease is none */
};

static void listen(void *arg, const struct event *event)
{
	(void)arg, (void)event;
}

static void begin_scene(struct yard *y)
{
	yard_tell(y, "alive", DEED_STONE, "b10 r20");
	yard_tell(y, "leased", DEED_STONE, "b10");
	assert_int_equal(graveyard_lease(y->graveyard, "leased", strlen("leased"), 1, 7, 70), 0);
	yard_tell(y, "dead", DEED_STONE, "b10 d30");
	yard_tell(y, "removed", DEED_STONE, "b10 d30");
	assert_int_equal(yard_remove(y, "removed"), 0);
	yard_commit(y);
	graveyard_tell(y->graveyard, listen, NULL);
}

static struct outcome act(struct yard *y, doing *second)
{
	struct outcome o;

	o.first = be_born(y);
	o.second = second(y);
	o.news = graveyard_staged_events(y->graveyard) > 0;
	o.commit = graveyard_commit(y->graveyard);
	return o;
}

/* What there should be after `o`: the deeds that succeeded, done where nothing fails. */
static void assert_kept(struct yard *y, doing *second, const struct outcome *o)
{
	void *other = NULL;
	struct yard *expected;

	assert_int_equal(yard_setup(&other), 0);
	expected = other;
	begin_scene(expected);
	if (o->commit == 0 && o->first == 0)
		assert_int_equal(be_born(expected), 0);
	if (o->commit == 0 && o->second == 0)
		assert_int_equal(second(expected), 0);
	yard_commit(expected);
	assert_true(fake_store_same(y->store, expected->store));
	assert_int_equal(graveyard_seq(y->graveyard), graveyard_seq(expected->graveyard));
	assert_false(graveyard_staged(y->graveyard));
	assert_false(fake_store_begun(y->store));
	yard_teardown(&other);
}

static void forbid(void *arg, const struct event *event)
{
	(void)arg, (void)event;
	fail();
}

static bool woken;

static void note(struct vigil *vigil, enum vigil_outcome outcome)
{
	(void)vigil, (void)outcome;
	woken = true;
}

/* One run with the failure that `arm` asks for; false once that is beyond the last call. */
static bool survives(doing *second, unsigned n, int error,
		     void (*arm)(struct yard *, unsigned, int), bool (*to_come)(struct yard *))
{
	struct vigil vigil = {.wake = note, .deadline = INT64_MAX};
	void *state = NULL;
	struct outcome o;
	struct yard *y;
	bool failed;

	assert_int_equal(yard_setup(&state), 0);
	y = state;
	begin_scene(y);
	assert_int_equal(vigil_keep(y->vigils, &vigil), 0);
	woken = false;
	arm(y, n, error);
	o = act(y, second);
	failed = !to_come(y);
	arm(y, 0, 0);
	assert_int_equal(o.first < 0 || o.second < 0 || o.commit < 0, failed);
	if (failed)
		assert_true(o.first == error || o.second == error || o.commit == error);
	if (o.commit < 0)
		graveyard_tell(y->graveyard, forbid, NULL);
	assert_int_equal(woken, o.commit == 0 && o.news);
	assert_kept(y, second, &o);
	/* And on it goes. */
	if (failed && o.commit < 0) {
		o = act(y, second);
		assert_true(o.first == 0 && o.second == 0 && o.commit == 0);
		assert_kept(y, second, &o);
	}
	vigil_cancel(y->vigils, &vigil);
	yard_teardown(&state);
	return failed;
}

static void survive_all(int error, void (*arm)(struct yard *, unsigned, int),
			bool (*to_come)(struct yard *), unsigned at_least)
{
	for (size_t i = 0; i < COUNT(doings); i++) {
		unsigned n = 1;

		while (survives(doings[i], n, error, arm, to_come))
			n++;
		assert_true(n > at_least);
	}
}

/* ---- what fails ---- */

static void arm_store(struct yard *y, unsigned n, int error)
{
	fake_store_fail(y->store, FAKE_ANY, n, error);
}

static bool store_failure_to_come(struct yard *y)
{
	return fake_store_fails(y->store);
}

static void a_store_that_fails_at_any_call_leaves_no_half_deed(void **state)
{
	(void)state;
	survive_all(-EIO, arm_store, store_failure_to_come, 9);
	survive_all(-ENOSPC, arm_store, store_failure_to_come, 9);
}

static void arm_memory(struct yard *y, unsigned n, int error)
{
	(void)y, (void)error;
	scarce_memory(n);
}

static bool memory_failure_to_come(struct yard *y)
{
	(void)y;
	return scarce_memory_to_come();
}

static void memory_that_ends_at_any_time_leaves_no_half_deed(void **state)
{
	(void)state;
	survive_all(-ENOMEM, arm_memory, memory_failure_to_come, 1);
}

static void a_commit_that_fails_wakes_nobody_and_tells_nothing(void **state)
{
	struct vigil_name name = {.name = "a", .len = 1, .life = 1};
	struct vigil vigil = {
		.wake = note,
		.interest = ~0u,
		.deadline = INT64_MAX,
		.names = &name,
		.count = 1,
	};
	struct yard *y = *state;

	woken = false;
	assert_int_equal(vigil_keep(y->vigils, &vigil), 0);
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "b10 d30"), 0);
	assert_false(woken);
	fake_store_fail(y->store, FAKE_COMMIT, 1, -ENOSPC);
	assert_int_equal(graveyard_commit(y->graveyard), -ENOSPC);
	graveyard_tell(y->graveyard, forbid, NULL);
	assert_false(woken);
	assert_int_equal(graveyard_seq(y->graveyard), 0);
	assert_yard_life(y, "a", "");
	assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
	assert_false(woken);
	yard_commit(y);
	assert_true(woken);
	assert_int_equal(vigils_count(y->vigils), 0);
}

/* A deed that failed in the middle may not be followed by others that seem to succeed. */
static void a_transaction_that_lost_a_write_takes_no_more_and_is_not_committed(void **state)
{
	struct yard *y = *state;

	assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
	fake_store_fail(y->store, FAKE_APPEND, 2, -EIO);
	assert_int_equal(yard_stage(y, "b", DEED_STONE, "b10 d30"), -EIO);
	assert_int_equal(yard_stage(y, "c", DEED_BIRTH, NULL), -EIO);
	assert_int_equal(yard_remove(y, "a"), -EIO);
	assert_true(graveyard_staged(y->graveyard));
	assert_true(graveyard_staged_for(y->graveyard, "whoever", 7));
	assert_int_equal(graveyard_commit(y->graveyard), -EIO);
	assert_int_equal(fake_store_calls(y->store, FAKE_COMMIT), 0);
	assert_false(graveyard_staged_for(y->graveyard, "whoever", 7));
	assert_int_equal(graveyard_seq(y->graveyard), 0);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_yard_events(y, 0, "a 1 born@100");
}

static void a_graveyard_that_cannot_be_made_leaves_nothing(void **state)
{
	static const struct graveyard_config config = {.max_names = 9};
	struct graveyard *g = NULL;
	struct vigils *vigils = NULL;
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	for (unsigned n = 1; n <= 2; n++) {
		scarce_memory(n);
		assert_int_equal(graveyard_new(y->store, y->vigils, &config, &g), -ENOMEM);
	}
	for (unsigned n = 1; n <= 3; n++) {
		fake_store_fail(y->store, FAKE_ANY, n, -EIO);
		assert_int_equal(graveyard_new(y->store, y->vigils, &config, &g), -EIO);
	}
	assert_null(g);
	scarce_memory(1);
	assert_int_equal(vigils_new(9, &vigils), -ENOMEM);
	assert_null(vigils);
	graveyard_free(NULL);
	vigils_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_that_fails_at_any_call_leaves_no_half_deed),
		cmocka_unit_test(memory_that_ends_at_any_time_leaves_no_half_deed),
		TEST(a_commit_that_fails_wakes_nobody_and_tells_nothing),
		TEST(a_transaction_that_lost_a_write_takes_no_more_and_is_not_committed),
		TEST(a_graveyard_that_cannot_be_made_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
