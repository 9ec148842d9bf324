/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a mount: another boot, and the leases that the mount before left. */
#include "core/leases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fake_store.h"
#include "yard.h"

#define MANY (GRAVEYARD_BATCH + 10)

static void hold(struct yard *y, const char *name, uint64_t life, pid_t pid)
{
	assert_int_equal(graveyard_lease(y->graveyard, name, strlen(name), life, pid, 10 * pid), 0);
	yard_commit(y);
}

static void hold_new(struct yard *y, const char *name, pid_t pid)
{
	yard_tell(y, name, DEED_STONE, "b10");
	hold(y, name, 1, pid);
}

static void assert_boot(struct yard *y, const char *expected)
{
	char id[BOOT_ID_SIZE];

	assert_int_equal(y->store->ops->boot(y->store, id), 0);
	assert_string_equal(id, expected);
}

static int boot(struct yard *y, const char *id)
{
	int r = graveyard_boot(y->graveyard, id, NOW * SECOND);

	assert_false(graveyard_staged(y->graveyard));
	assert_false(fake_store_begun(y->store));
	return r;
}

/* Whoever has an odd pid is alive. */
static bool is_odd(void *arg, const struct lease *lease)
{
	(void)arg;
	assert_true(lease->pid > 0);
	assert_int_equal(lease->start, 10 * lease->pid);
	return lease->pid % 2;
}

static void note(void *arg, const char *name, const struct lease *lease)
{
	buf_addf(arg, "%s %d, ", name, (int)lease->pid);
}

static int judge(struct yard *y, struct buf *going_on)
{
	int r = graveyard_judge_leases(y->graveyard, is_odd, note, going_on, NOW * SECOND);

	assert_false(graveyard_staged(y->graveyard));
	assert_false(fake_store_begun(y->store));
	return r;
}

static void assert_judged(struct yard *y, const char *going_on)
{
	struct buf text = BUF_INIT;

	assert_int_equal(judge(y, &text), 0);
	assert_int_equal(buf_error(&text), 0);
	assert_string_equal(text.len ? text.data : "", going_on);
	buf_release(&text);
}

/* ---- boots ---- */

static void the_first_boot_is_kept_and_ends_nobody(void **state)
{
	struct yard *y = *state;

	hold_new(y, "a", 7);
	assert_int_equal(boot(y, "one"), 0);
	assert_boot(y, "one");
	assert_yard_events(y, 0, "a 1 born@10");
	assert_yard_leases(y, "a 1 7@70");
}

static void the_same_boot_changes_nothing(void **state)
{
	struct yard *y = *state;
	unsigned begun;

	hold_new(y, "a", 7);
	assert_int_equal(boot(y, "one"), 0);
	begun = fake_store_calls(y->store, FAKE_BEGIN);
	assert_int_equal(boot(y, "one"), 0);
	assert_int_equal(fake_store_calls(y->store, FAKE_BEGIN), begun);
	assert_yard_life(y, "a", "1 b10");
	assert_yard_leases(y, "a 1 7@70");
}

static void in_another_boot_everybody_alive_is_dead(void **state)
{
	static const struct graveyard_config others = {.names = "x", .max_names = 1};
	struct yard *y = *state;
	struct event e;

	assert_int_equal(boot(y, "one"), 0);
	hold_new(y, "a", 7);
	yard_tell(y, "b", DEED_STONE, "b10 r20 ebye");
	yard_tell(y, "dead", DEED_STONE, "b10 d30 c3");
	hold_new(y, "gone", 7);
	assert_int_equal(yard_remove(y, "gone"), 0);
	yard_commit(y);
	yard_restart(y, &others); /* a list of names hides nobody from death */
	assert_int_equal(boot(y, "two"), 0);
	assert_yard_events(y, 8, "a 1 epitaph@100, a 1 died@100, b 1 died@100");
	assert_string_equal(yard_life(y, "a", 1).stone.epitaph, "lost in a reboot");
	assert_string_equal(yard_life(y, "b", 1).stone.epitaph, "bye");
	assert_int_equal(yard_life(y, "gone", 1).seq[FACT_DIED], 0);
	assert_yard_leases(y, "");
	assert_boot(y, "two");
	e = yard_event(y, 10);
	assert_false(e.has_code);
	assert_true(e.by.uid == 0 && e.by.gid == 0 && e.by.pid == 0);
}

/* ---- leases ---- */

static void a_life_goes_on_while_one_of_its_holders_does(void **state)
{
	struct yard *y = *state;

	hold_new(y, "a", 7);
	hold_new(y, "b", 8);
	hold(y, "b", 1, 9);
	hold(y, "b", 1, 0);
	hold(y, "b", 1, 11);
	hold(y, "b", 1, 12);
	yard_tell(y, "free", DEED_STONE, "b10");
	assert_judged(y, "a 7, b 9, b 11, ");
	assert_yard_leases(y, "a 1 7@70, b 1 9@90, b 1 11@110");
	assert_yard_events(y, 3, "");
	assert_judged(y, "a 7, b 9, b 11, ");
}

static void a_life_without_a_holder_alive_is_over(void **state)
{
	struct yard *y = *state;
	struct event e;

	hold_new(y, "a", 8);
	hold(y, "a", 1, 10);
	hold_new(y, "b", 0);
	yard_tell(y, "c", DEED_STONE, "b10 ebye");
	hold(y, "c", 1, 8);
	yard_tell(y, "free", DEED_STONE, "b10");
	assert_judged(y, "");
	assert_yard_events(y, 5,
			   "a 1 epitaph@100, a 1 died@100, b 1 epitaph@100, b 1 died@100, "
			   "c 1 died@100");
	assert_string_equal(yard_life(y, "a", 1).stone.epitaph, "lease lost with its mount");
	assert_string_equal(yard_life(y, "c", 1).stone.epitaph, "bye");
	assert_yard_life(y, "free", "1 b10");
	assert_yard_leases(y, "");
	e = yard_event(y, 7);
	assert_false(e.has_code);
	assert_true(e.by.uid == 0 && e.by.gid == 0 && e.by.pid == 0);
	assert_judged(y, "");
	assert_int_equal(graveyard_seq(y->graveyard), 10);
}

static void a_lease_ends_no_life_but_its_own(void **state)
{
	const struct lease stray = {1, 3, 11, 110}; /* of a life that never was */
	struct yard *y = *state;

	hold_new(y, "again", 7);
	assert_int_equal(yard_remove(y, "again"), 0);
	yard_commit(y);
	yard_tell(y, "again", DEED_BIRTH, NULL);
	hold(y, "again", 2, 9);
	hold_new(y, "gone", 8);
	assert_int_equal(yard_remove(y, "gone"), 0);
	yard_commit(y);
	assert_int_equal(y->store->ops->begin(y->store), 0);
	assert_int_equal(y->store->ops->put_lease(y->store, &stray), 0);
	assert_int_equal(y->store->ops->commit(y->store), 0);
	assert_yard_leases(y, "again 1 7@70, again 2 9@90, again 3 11@110, gone 1 8@80");
	assert_judged(y, "again 9, ");
	assert_yard_leases(y, "again 2 9@90");
	assert_yard_events(y, 5, "");
}

/* ---- many, and what fails ---- */

static void hold_many(struct yard *y)
{
	assert_int_equal(boot(y, "one"), 0);
	for (int i = 0; i < MANY; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%d", i);
		hold_new(y, name, i % 3 ? 8 : 9);
	}
}

static int boot_again(struct yard *y)
{
	return boot(y, "two");
}

static int judge_all(struct yard *y)
{
	struct buf text = BUF_INIT;
	int r = judge(y, &text);

	buf_release(&text);
	return r;
}

static void count_deaths(void *arg, const struct event *event)
{
	unsigned *deaths = arg;

	*deaths += event->what == EVENT_DIED;
}

static void assert_ended(struct yard *y, int (*start)(struct yard *), unsigned commits,
			 unsigned expected)
{
	unsigned before = fake_store_calls(y->store, FAKE_COMMIT), deaths = 0;

	assert_int_equal(start(y), 0);
	assert_int_equal(fake_store_calls(y->store, FAKE_COMMIT) - before, commits);
	graveyard_tell(y->graveyard, count_deaths, &deaths);
	assert_int_equal(deaths, expected);
}

static void a_reboot_ends_many_a_batch_at_a_time_and_all_are_told(void **state)
{
	struct yard *y = *state;

	hold_many(y);
	assert_ended(y, boot_again, 2, MANY);
}

/* To strike off a holder and to end a life are a deed each. */
static void many_leases_are_judged_a_batch_at_a_time_and_all_are_told(void **state)
{
	struct yard *y = *state;

	hold_many(y);
	assert_ended(y, judge_all, 2, MANY - (MANY + 2) / 3);
	assert_ended(y, boot_again, 1, (MANY + 2) / 3);
}

/* One run in which the n-th call fails, then another; false if there were less calls. */
static bool ends_the_same(int (*start)(struct yard *), unsigned n, const struct store *expected)
{
	void *state = NULL;
	struct yard *y;
	bool failed;

	assert_int_equal(yard_setup(&state), 0);
	y = state;
	hold_many(y);
	fake_store_fail(y->store, FAKE_ANY, n, -EIO);
	failed = start(y) < 0;
	assert_int_equal(failed, !fake_store_fails(y->store));
	fake_store_fail(y->store, FAKE_ANY, 0, 0);
	yard_restart(y, NULL);
	assert_int_equal(start(y), 0);
	assert_true(fake_store_same(y->store, expected));
	yard_teardown(&state);
	return failed;
}

static void begun_again_after_any_failure_it_ends_the_same(void **state)
{
	static int (*const starts[])(struct yard *) = {boot_again, judge_all};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		void *other = NULL;
		struct yard *y;
		unsigned n = 1;

		assert_int_equal(yard_setup(&other), 0);
		y = other;
		hold_many(y);
		assert_int_equal(starts[i](y), 0);
		while (ends_the_same(starts[i], n, y->store))
			n++;
		assert_true(n > MANY);
		yard_teardown(&other);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_boot_is_kept_and_ends_nobody),
		TEST(the_same_boot_changes_nothing),
		TEST(in_another_boot_everybody_alive_is_dead),
		TEST(a_life_goes_on_while_one_of_its_holders_does),
		TEST(a_life_without_a_holder_alive_is_over),
		TEST(a_lease_ends_no_life_but_its_own),
		TEST(a_reboot_ends_many_a_batch_at_a_time_and_all_are_told),
		TEST(many_leases_are_judged_a_batch_at_a_time_and_all_are_told),
		cmocka_unit_test(begun_again_after_any_failure_it_ends_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
