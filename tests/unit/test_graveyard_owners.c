/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a name is, and what is left when it is taken off view. */
#include "core/graveyard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/vigil.h"
#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int stage_as(struct yard *y, const char *name, enum deed_kind kind, uid_t uid)
{
	struct deed deed = deed_of(kind, NULL);

	deed.by.uid = deed.by.gid = uid;
	return graveyard_stage(y->graveyard, name, strlen(name), &deed);
}

/* ---- owners ---- */

static void only_the_first_writer_and_root_may_write(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(stage_as(y, "a", DEED_DEATH, 11), -EACCES);
	assert_int_equal(graveyard_may_write(y->graveyard, "a", 1, 11), -EACCES);
	assert_int_equal(graveyard_may_write(y->graveyard, "a", 1, SOMEBODY), 0);
	assert_int_equal(graveyard_may_write(y->graveyard, "a", 1, 0), 0);
	assert_int_equal(graveyard_may_write(y->graveyard, "b", 1, 11), 0);
	assert_false(graveyard_staged(y->graveyard));
	assert_int_equal(stage_as(y, "a", DEED_DEATH, 0), 0);
	assert_int_equal(stage_as(y, "a", DEED_BIRTH, 0), 0);
	yard_commit(y);
	assert_int_equal(yard_grave(y, "a").uid, SOMEBODY); /* root's birth takes nothing from it */
	assert_int_equal(yard_event(y, 3).by.uid, 0);
}

static void a_writer_judged_at_its_open_stays_one(void **state)
{
	struct deed deed = deed_of(DEED_DEATH, NULL);
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	deed.by.uid = 11;
	deed.judged = true;
	assert_int_equal(graveyard_stage(y->graveyard, "a", 1, &deed), 0);
	yard_commit(y);
	assert_int_equal(yard_event(y, 2).by.uid, 11);
}

static void only_the_owner_and_root_may_remove(void **state)
{
	struct deed deed = deed_of(DEED_STONE, NULL);
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	deed.by.uid = 11;
	assert_int_equal(graveyard_remove(y->graveyard, "a", 1, &deed), -EACCES);
	assert_int_equal(graveyard_remove(y->graveyard, "b", 1, &deed), -ENOENT);
	assert_false(graveyard_staged(y->graveyard));
	deed.by.uid = 0;
	assert_int_equal(graveyard_remove(y->graveyard, "a", 1, &deed), 0);
	yard_commit(y);
}

static void who_comes_after_a_removal_is_the_owner(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	assert_int_equal(graveyard_may_write(y->graveyard, "a", 1, 11), 0);
	assert_int_equal(stage_as(y, "a", DEED_BIRTH, 11), 0);
	yard_commit(y);
	assert_int_equal(yard_grave(y, "a").uid, 11);
	assert_int_equal(yard_grave(y, "a").gid, 11);
	assert_int_equal(graveyard_may_write(y->graveyard, "a", 1, SOMEBODY), -EACCES);
}

static void root_hands_a_name_over(void **state)
{
	struct yard *y = *state;
	struct event e;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(yard_chown(y, "b", 11, 0), -ENOENT);
	assert_int_equal(yard_chown(y, "a", 11, SOMEBODY), -EPERM);
	assert_int_equal(yard_chown(y, "a", SOMEBODY, SOMEBODY), 0); /* no news */
	assert_false(graveyard_staged(y->graveyard));
	assert_int_equal(yard_chown(y, "a", 11, 0), 0);
	yard_commit(y);
	e = yard_event(y, 2);
	assert_int_equal(e.what, EVENT_OWNER);
	assert_int_equal(e.life, 0);
	assert_int_equal(e.by.uid, 11);
	assert_int_equal(e.by.gid, 11);
	assert_int_equal(e.by.pid, 7);
	assert_int_equal(stage_as(y, "a", DEED_DEATH, SOMEBODY), -EACCES);
	assert_int_equal(stage_as(y, "a", DEED_DEATH, 11), 0);
	yard_commit(y);
}

/* ---- removal ---- */

static void a_removed_name_is_not_found_and_its_next_life_is_new(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10");
	assert_false(graveyard_removed_since(y->graveyard, 1));
	assert_int_equal(yard_remove(y, "a"), 0);
	assert_yard_life(y, "a", "");
	yard_commit(y);
	assert_yard_life(y, "a", "");
	assert_int_equal(yard_remove(y, "a"), -ENOENT);
	assert_true(graveyard_removed_since(y->graveyard, 1));
	assert_false(graveyard_removed_since(y->graveyard, 2));
	assert_int_equal(yard_life(y, "a", 1).removed, 2);
	yard_tell(y, "a", DEED_DEATH, "c3");
	assert_yard_life(y, "a", "2 b100 d100 c3");
	assert_int_equal(yard_life(y, "a", 1).stone.facts, FACT_BIT(FACT_BORN));
}

/* It is where it was on the list, of which nobody who looked between the two can be told by counting. */
static void a_name_that_comes_back_changes_the_list(void **state)
{
	struct yard *y = *state;
	struct life life;
	struct grave a;

	yard_tell(y, "a", DEED_STONE, "b10");
	yard_tell(y, "b", DEED_STONE, "b10");
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	assert_false(graveyard_removed_since(y->graveyard, 3));
	yard_tell(y, "b", DEED_DEATH, "c3");
	yard_tell(y, "c", DEED_BIRTH, NULL);
	assert_false(graveyard_removed_since(y->graveyard, 3));
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_true(graveyard_removed_since(y->graveyard, 3));
	assert_int_equal(y->store->ops->list(y->store, STORE_LIST_ON_VIEW, 0, &a), 0);
	assert_string_equal(a.name, "a");
	assert_int_equal(graveyard_grave_at(y->graveyard, &a, 2, &life), 0);
	assert_int_equal(life.number, 1);
	assert_int_equal(graveyard_grave_at(y->graveyard, &a, 3, &life), -ENOENT);
	assert_int_equal(graveyard_grave_at(y->graveyard, &a, graveyard_seq(y->graveyard), &life),
			 0);
	assert_int_equal(life.number, 2);
	assert_int_equal(graveyard_grave_at(y->graveyard, &a, 0, &life), -ENOENT);
}

static bool woken;

static void note(struct vigil *vigil, enum vigil_outcome outcome)
{
	(void)vigil, (void)outcome;
	woken = true;
}

static void a_removal_wakes_none_of_those_who_wait_for_the_name(void **state)
{
	struct vigil_name name = {.name = "a", .len = 1, .life = 1};
	struct vigil vigil = {
		.wake = note,
		.interest = 1u << EVENT_BORN | 1u << EVENT_READY | 1u << EVENT_DIED,
		.deadline = INT64_MAX,
		.names = &name,
		.count = 1,
	};
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	woken = false;
	assert_int_equal(vigil_keep(y->vigils, &vigil), 0);
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	assert_false(woken);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_true(woken);
}

static void after_a_restart_something_may_have_been_removed(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	yard_tell(y, "b", DEED_BIRTH, NULL);
	yard_restart(y, NULL);
	assert_true(graveyard_removed_since(y->graveyard, 1));
	assert_false(graveyard_removed_since(y->graveyard, 2));
}

static void a_fresh_start_takes_everybody_off_view(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10 d30");
	yard_tell(y, "b", DEED_STONE, "b10");
	assert_int_equal(graveyard_fresh(y->graveyard, 40 * SECOND), 0);
	yard_commit(y);
	assert_yard_life(y, "a", "");
	assert_yard_life(y, "b", "");
	assert_true(graveyard_removed_since(y->graveyard, 3));
	assert_int_equal(yard_life(y, "b", 1).removed, 4);
	yard_tell(y, "b", DEED_DEATH, "c0");
	assert_yard_life(y, "b", "2 b100 d100 c0");
	assert_yard_events(y, 3, "- 0 fresh@40, b 2 born@100, b 2 died@100=0");
}

/* What lies underneath is told again and again, and taken once. The removals happen at NOW. */
struct early {
	const char *was, *early, *expected;
};

static void check_early(struct yard *y, const struct early *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "a%zu", i);
		yard_tell(y, name, DEED_STONE, cases[i].was);
		assert_int_equal(yard_remove(y, name), 0);
		yard_commit(y);
		for (int again = 0; again < 2; again++) {
			yard_tell(y, name, DEED_EARLY, cases[i].early);
			assert_yard_life(y, name, cases[i].expected);
		}
	}
}

static void an_early_stone_of_a_life_that_was_removed_is_nothing(void **state)
{
	static const struct early cases[] = {
		{"b10 d30 c3", "b10 d30 c3", ""},
		{"b10 d30 c3", "b10", ""},
		{"b10 d30", "b5 d7", ""},
		{"b10", "b10", ""},
		{"b10", "b5", ""},
		{"b10", "b10 d30", ""},
	};

	check_early(*state, cases, COUNT(cases));
}

static void an_early_stone_newer_than_the_removal_of_the_dead_is_a_new_life(void **state)
{
	static const struct early cases[] = {
		{"b10 d30 c3", "b150", "2 b150"},
		{"b10 d30", "b150 d160 c3", "2 b150 d160 c3"},
	};

	check_early(*state, cases, COUNT(cases));
}

static void an_early_stone_newer_than_the_removal_of_the_living_is_a_new_life(void **state)
{
	static const struct early cases[] = {
		{"b10", "b150", "2 b150"},
		{"b10 r20", "b150 d160 c3", "2 b150 d160 c3"},
	};

	check_early(*state, cases, COUNT(cases));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(only_the_first_writer_and_root_may_write),
		TEST(a_writer_judged_at_its_open_stays_one),
		TEST(only_the_owner_and_root_may_remove),
		TEST(who_comes_after_a_removal_is_the_owner),
		TEST(root_hands_a_name_over),
		TEST(a_removed_name_is_not_found_and_its_next_life_is_new),
		TEST(a_name_that_comes_back_changes_the_list),
		TEST(a_removal_wakes_none_of_those_who_wait_for_the_name),
		TEST(after_a_restart_something_may_have_been_removed),
		TEST(a_fresh_start_takes_everybody_off_view),
		TEST(an_early_stone_of_a_life_that_was_removed_is_nothing),
		TEST(an_early_stone_newer_than_the_removal_of_the_dead_is_a_new_life),
		TEST(an_early_stone_newer_than_the_removal_of_the_living_is_a_new_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
