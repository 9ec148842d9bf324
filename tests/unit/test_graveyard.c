/* SPDX-License-Identifier: Apache-2.0 */
#include "core/graveyard.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/journal.h"
#include "core/life.h"
#include "core/vigil.h"
#include "fake_store.h"
#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- names ---- */

static void only_names_on_the_list_exist(void **state)
{
	static const struct {
		const char *name;
		int r;
	} cases[] = {
		{"a", 0},          {"web-1", 0},        {"last", 0},
		{"b", -ENOENT},    {"we", -ENOENT},     {"web", -ENOENT},
		{"eb-1", -ENOENT}, {"web-1.", -ENOENT}, {"a,web-1", -EINVAL},
		{"", -EINVAL},     {".a", -EINVAL},     {"A", -ENOENT},
	};
	static const struct graveyard_config config = {.names = "a,web-1,last", .max_names = 9};
	struct yard *y = *state;

	yard_restart(y, &config);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].name;

		assert_int_equal(graveyard_admits(y->graveyard, name, strlen(name)), cases[i].r);
		assert_int_equal(yard_stage(y, name, DEED_BIRTH, NULL), cases[i].r);
	}
	yard_commit(y);
	assert_yard_events(y, 0, "a 1 born@100, web-1 1 born@100, last 1 born@100");
}

static void any_valid_name_exists_where_there_is_no_list(void **state)
{
	struct yard *y = *state;

	assert_int_equal(graveyard_admits(y->graveyard, "a/b", 1), 0);
	assert_int_equal(graveyard_admits(y->graveyard, "a/b", 3), -EINVAL);
	assert_int_equal(graveyard_admits(y->graveyard, "-a", 2), -EINVAL);
}

static void one_name_too_many_is_refused_until_there_is_room(void **state)
{
	static const struct graveyard_config config = {.max_names = 2};
	struct yard *y = *state;

	yard_restart(y, &config);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(yard_stage(y, "b", DEED_BIRTH, NULL), 0);
	assert_int_equal(yard_stage(y, "c", DEED_BIRTH, NULL), -ENOSPC); /* what is staged counts */
	assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	graveyard_rollback(y->graveyard);
	assert_int_equal(yard_stage(y, "c", DEED_BIRTH, NULL), 0);
	yard_commit(y);
	/* Whoever was heard of once may come again, removed or not. */
	assert_int_equal(yard_remove(y, "a"), 0);
	assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
	yard_commit(y);
	assert_yard_events(y, 0, "a 1 born@100, c 1 born@100, a 1 removed@100, a 2 born@100");
}

/* ---- what is found underneath ---- */

static void find(struct yard *y, const char *text)
{
	struct stone stone = stone_of(text);
	struct deed deed = deed_of(DEED_EARLY, &stone);

	deed.found = true;
	assert_int_equal(graveyard_stage(y->graveyard, "a", 1, &deed), 0);
	yard_commit(y);
}

static void what_is_found_again_is_of_its_life_also_where_the_clock_was_set_back(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	find(y, "b150 d160 c3");
	find(y, "d160 c3");
	find(y, "b170");
	find(y, "d180");
	assert_yard_life(y, "a", "2 b170 d180");
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_yard_life(y, "a", "3 b100");
	find(y, "b170");
	find(y, "d180");
	find(y, "d160 c3");
	assert_yard_life(y, "a", "3 b100");
	find(y, "d190 c4");
	assert_yard_life(y, "a", "3 b100 d190 c4");
}

static void a_life_that_went_on_while_the_clock_was_set_back_ends_no_later_one(void **state)
{
	struct yard *y = *state;

	find(y, "b90 d160 c3");
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_yard_life(y, "a", "2 b100");
	find(y, "b90 d160 c3");
	assert_yard_life(y, "a", "2 b100");
	find(y, "b90 d190 c7");
	assert_yard_life(y, "a", "2 b100 d190 c7");
}

static void nor_does_it_come_back_after_a_removal(void **state)
{
	struct yard *y = *state;

	find(y, "b150 d160 c3");
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	find(y, "b150 d160 c3");
	find(y, "d160 c3");
	assert_yard_life(y, "a", "");
}

static void what_was_found_before_a_removal_does_not_come_back(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10 d20");
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	find(y, "b10 d20");
	find(y, "d30");
	find(y, "b100");
	assert_yard_life(y, "a", "");
	find(y, "b101");
	assert_yard_life(y, "a", "2 b101");
}

/* ---- events ---- */

static void an_event_tells_who_did_what_when(void **state)
{
	struct stone stone = stone_of("b10 d30 c3");
	struct deed deed = deed_of(DEED_STONE, &stone);
	struct yard *y = *state;
	struct event e;

	deed.by = (struct writer){1, 2, 3, VIA_WRITE};
	assert_int_equal(graveyard_stage(y->graveyard, "a", 1, &deed), 0);
	yard_commit(y);
	e = yard_event(y, 2);
	assert_int_equal(e.grave, 1);
	assert_string_equal(e.name, "a");
	assert_int_equal(e.life, 1);
	assert_int_equal(e.what, EVENT_DIED);
	assert_true(e.has_code && e.code == 3);
	assert_true(e.time == 30 * SECOND && e.recorded == NOW * SECOND);
	assert_true(e.by.uid == 1 && e.by.gid == 2 && e.by.pid == 3);
	assert_false(yard_event(y, 1).has_code);
}

static void what_one_write_told_is_known_with_its_last_number(void **state)
{
	struct yard *y = *state;
	struct life life;

	assert_int_equal(yard_stage(y, "z", DEED_BIRTH, NULL), 0);
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "b10 r20 d30 c3 eend"), 0);
	assert_int_equal(yard_stage(y, "z", DEED_DEATH, NULL), 0);
	yard_commit(y);
	assert_yard_events(y, 0,
			   "z 1 born@100, a 1 born@10, a 1 ready@20, a 1 epitaph@100, "
			   "a 1 died@30=3, z 1 died@100");
	life = yard_life(y, "a", 1);
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		assert_int_equal(life.seq[fact], 5);
	assert_int_equal(yard_life(y, "z", 1).seq[FACT_DIED], 6);
}

static void a_life_is_found_as_it_was_at_any_number(void **state)
{
	static const char *const expected[] = {
		NULL, "b10", "b10 r20", "b10 r20 d30", "b10 r20 d30 c3", "b40", NULL, "b60"};
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10");
	yard_tell(y, "a", DEED_STONE, "r20");
	yard_tell(y, "a", DEED_STONE, "d30");
	yard_tell(y, "a", DEED_STONE, "c3");
	yard_tell(y, "a", DEED_STONE, "b40");
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_tell(y, "a", DEED_STONE, "b60");
	for (uint64_t seq = 0; seq < COUNT(expected); seq++) {
		char words[STONE_WORDS];
		struct life life;
		int r = graveyard_find_at(y->graveyard, "a", 1, seq, &life);

		assert_int_equal(r, expected[seq] ? 0 : -ENOENT);
		if (r < 0)
			continue;
		stone_words(&life.stone, words);
		assert_string_equal(words, expected[seq]);
	}
	assert_int_equal(graveyard_find_at(y->graveyard, "b", 1, 7, &(struct life){0}), -ENOENT);
}

/* Some of everything, one write a commit. */
static void make_history(struct yard *y)
{
	yard_tell(y, "a", DEED_STONE, "b10 r20 d30 c3 eend");
	yard_tell(y, "web-1", DEED_BIRTH, NULL);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	yard_tell(y, "a", DEED_READY, NULL);
	yard_tell(y, "a", DEED_DEATH, "c-1");
	assert_int_equal(yard_chown(y, "web-1", 11, 0), 0);
	yard_tell(y, "a", DEED_STONE, "b200 elonger.than.before");
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_tell(y, "a", DEED_STONE, "c255");
	yard_commit(y);
	assert_int_equal(graveyard_fresh(y->graveyard, NOW * SECOND), 0);
	yard_commit(y);
	yard_tell(y, "a", DEED_BIRTH, NULL);
}

static void each_event_knows_how_long_the_text_before_it_is(void **state)
{
	struct yard *y = *state;
	struct buf text = BUF_INIT;
	uint64_t last, end;

	make_history(y);
	yard_restart(y, NULL); /* which goes on where the text ends */
	yard_tell(y, "b", DEED_BIRTH, NULL);
	last = graveyard_seq(y->graveyard);
	assert_true(last > 12);
	for (uint64_t seq = 1; seq <= last; seq++) {
		struct event e = yard_event(y, seq);

		assert_int_equal(e.text_at, text.len);
		journal_line(&e, &text);
		assert_int_equal(journal_text_end(y->store, seq, &end), 0);
		assert_int_equal(end, text.len);
	}
	buf_release(&text);
}

static void each_life_knows_how_long_the_history_before_it_is(void **state)
{
	struct yard *y = *state;
	struct buf text = BUF_INIT;
	uint64_t count;

	make_history(y);
	count = yard_grave(y, "a").life;
	assert_int_equal(count, 5);
	for (uint64_t number = 1; number <= count; number++) {
		struct life life = yard_life(y, "a", number);

		assert_int_equal(life.history_at, text.len);
		life_history_text(&life, &text);
	}
	assert_int_equal(buf_error(&text), 0);
	buf_release(&text);
}

static void what_is_no_news_stages_nothing(void **state)
{
	struct yard *y = *state;
	unsigned begun;

	yard_tell(y, "a", DEED_STONE, "b10 r20");
	begun = fake_store_calls(y->store, FAKE_BEGIN);
	assert_int_equal(yard_stage(y, "a", DEED_BIRTH, NULL), 0);
	assert_int_equal(yard_stage(y, "a", DEED_READY, NULL), 0);
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "b10 r20"), 0);
	assert_int_equal(yard_stage(y, "b", DEED_STONE, NULL), 0);
	assert_int_equal(fake_store_calls(y->store, FAKE_BEGIN), begun);
	assert_false(graveyard_staged(y->graveyard));
	assert_int_equal(graveyard_commit(y->graveyard), 0);
	assert_int_equal(fake_store_calls(y->store, FAKE_COMMIT), 1);
}

static void what_is_refused_leaves_what_was_staged_before(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10 d30 c3");
	assert_int_equal(yard_stage(y, "b", DEED_BIRTH, NULL), 0);
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "eend c4"), -EPERM);
	assert_int_equal(yard_stage(y, "a", DEED_READY, NULL), -EPERM);
	yard_commit(y);
	assert_yard_life(y, "a", "1 b10 d30 c3");
	assert_yard_events(y, 2, "b 1 born@100");
}

/* ---- batches ---- */

static void what_is_staged_is_known_by_its_name_and_has_not_happened(void **state)
{
	struct yard *y = *state;

	assert_false(graveyard_staged_for(y->graveyard, "a", 1));
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "b10 d30"), 0);
	assert_int_equal(yard_stage(y, "web", DEED_BIRTH, NULL), 0);
	assert_int_equal(graveyard_staged_events(y->graveyard), 3);
	assert_int_equal(graveyard_seq(y->graveyard), 0);
	assert_true(graveyard_end(y->graveyard)->recorded == 0);
	assert_int_equal(graveyard_end(y->graveyard)->text, 0);
	assert_true(graveyard_staged_for(y->graveyard, "a", 1));
	assert_true(graveyard_staged_for(y->graveyard, "web-1", 3));
	assert_false(graveyard_staged_for(y->graveyard, "web-1", 5));
	assert_false(graveyard_staged_for(y->graveyard, "we", 2));
	yard_commit(y);
	assert_false(graveyard_staged_for(y->graveyard, "a", 1));
	assert_int_equal(graveyard_staged_events(y->graveyard), 0);
	assert_int_equal(graveyard_seq(y->graveyard), 3);
}

static void a_restart_knows_where_the_journal_ended(void **state)
{
	struct yard *y = *state;
	uint64_t end;

	yard_tell(y, "a", DEED_STONE, "b10 d30");
	for (int again = 0; again < 2; again++) {
		assert_int_equal(graveyard_seq(y->graveyard), 2);
		assert_true(graveyard_end(y->graveyard)->recorded == NOW * SECOND);
		assert_int_equal(journal_text_end(y->store, 2, &end), 0);
		assert_int_equal(graveyard_end(y->graveyard)->text, end);
		yard_restart(y, NULL);
	}
}

static void there_is_room_for_a_batch_of_the_largest_deeds(void **state)
{
	struct yard *y = *state;

	for (int i = 0; i < GRAVEYARD_BATCH; i++) {
		char stone[64];

		assert_true(graveyard_has_room(y->graveyard));
		(void)snprintf(stone, sizeof(stone), "b%d r%d d%d c3 eend", 10 * i + 1, 10 * i + 2,
			       10 * i + 3);
		assert_int_equal(yard_stage(y, "a", DEED_STONE, stone), 0);
	}
	assert_false(graveyard_has_room(y->graveyard));
	assert_int_equal(yard_stage(y, "b", DEED_BIRTH, NULL), -ENOBUFS);
	assert_int_equal(yard_remove(y, "a"), -ENOBUFS);
	assert_int_equal(yard_chown(y, "a", 11, 0), -ENOBUFS);
	yard_commit(y);
	assert_true(graveyard_has_room(y->graveyard));
	assert_int_equal(graveyard_seq(y->graveyard), 4 * GRAVEYARD_BATCH);
}

static void count_told(void *arg, const struct event *event)
{
	uint64_t *last = arg;

	assert_int_equal(event->seq, *last + 1);
	*last = event->seq;
}

static void each_event_is_told_once_after_its_commit(void **state)
{
	struct yard *y = *state;
	uint64_t last = 0;

	assert_int_equal(yard_stage(y, "a", DEED_STONE, "b10 d30"), 0);
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(last, 0);
	yard_commit(y);
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(last, 2);
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(yard_stage(y, "a", DEED_STONE, "c3"), 0);
	graveyard_rollback(y->graveyard);
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(last, 2);
	yard_tell(y, "a", DEED_STONE, "c3");
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(last, 3);
}

static void what_was_not_told_after_one_commit_is_after_the_next(void **state)
{
	struct yard *y = *state;
	uint64_t last = 0;

	yard_tell(y, "a", DEED_STONE, "b10 d30");
	yard_tell(y, "b", DEED_STONE, "b10");
	assert_int_equal(yard_stage(y, "c", DEED_BIRTH, NULL), 0);
	graveyard_rollback(y->graveyard);
	yard_tell(y, "c", DEED_STONE, "b10 d30");
	graveyard_tell(y->graveyard, count_told, &last);
	assert_int_equal(last, 5);
	yard_restart(y, NULL);
	graveyard_tell(y->graveyard, count_told, &last); /* what was before the start is not */
	assert_int_equal(last, 5);
}

static void what_is_rolled_back_never_was(void **state)
{
	struct store *before = fake_store_new();
	struct yard *y = *state;

	yard_tell(y, "a", DEED_STONE, "b10");
	fake_store_copy(before, y->store);
	assert_int_equal(yard_stage(y, "a", DEED_DEATH, NULL), 0);
	assert_int_equal(yard_remove(y, "a"), 0);
	assert_int_equal(graveyard_staged_events(y->graveyard), 2);
	graveyard_rollback(y->graveyard);
	assert_true(fake_store_same(y->store, before));
	assert_int_equal(graveyard_seq(y->graveyard), 1);
	assert_int_equal(graveyard_staged_events(y->graveyard), 0);
	assert_false(graveyard_staged(y->graveyard));
	graveyard_rollback(y->graveyard); /* harmless */
	assert_yard_life(y, "a", "1 b10");
	before->ops->free(before);
}

/* ---- what is kept at hand ---- */

static void assert_at_hand(struct yard *y, const char *name)
{
	struct store *store = y->store;
	char expected[STONE_WORDS + 24] = "", words[STONE_WORDS];
	struct grave grave;
	struct life life;

	if (store->ops->find(store, name, strlen(name), &grave) == 0 && grave.on_view) {
		assert_int_equal(store->ops->life(store, grave.id, grave.life, &life), 0);
		stone_words(&life.stone, words);
		(void)snprintf(expected, sizeof(expected), "%" PRIu64 " %s", life.number, words);
	}
	assert_yard_life(y, name, expected);
}

static void do_something(struct yard *y, uint64_t *seed, const char *name)
{
	switch (dice(seed, 8)) {
	case 0:
		(void)yard_remove(y, name);
		break;
	case 1:
		(void)graveyard_commit(y->graveyard);
		break;
	case 2:
		graveyard_rollback(y->graveyard);
		break;
	case 3:
		fake_store_fail(y->store, FAKE_ANY, 1 + dice(seed, 9), -EIO);
		break;
	case 4:
		if (dice(seed, 20) == 0)
			(void)graveyard_fresh(y->graveyard, NOW * SECOND);
		break;
	default:
		(void)yard_stage(y, name, dice(seed, 2) ? DEED_BIRTH : DEED_DEATH, NULL);
	}
}

/* More names than there are places for what is at hand: they drive each other out. */
static void what_is_at_hand_is_what_the_store_says(void **state)
{
	struct yard *y = *state;
	uint64_t seed = 5;

	for (int i = 0; i < 3000; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "n%u", dice(&seed, 60));
		do_something(y, &seed, name);
		if (!graveyard_has_room(y->graveyard))
			(void)graveyard_commit(y->graveyard);
		if (fake_store_fails(y->store) || dice(&seed, 2))
			continue;
		(void)snprintf(name, sizeof(name), "n%u", dice(&seed, 60));
		assert_at_hand(y, name);
	}
	fake_store_fail(y->store, FAKE_ANY, 0, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(only_names_on_the_list_exist),
		TEST(any_valid_name_exists_where_there_is_no_list),
		TEST(one_name_too_many_is_refused_until_there_is_room),
		TEST(what_is_found_again_is_of_its_life_also_where_the_clock_was_set_back),
		TEST(a_life_that_went_on_while_the_clock_was_set_back_ends_no_later_one),
		TEST(nor_does_it_come_back_after_a_removal),
		TEST(what_was_found_before_a_removal_does_not_come_back),
		TEST(an_event_tells_who_did_what_when),
		TEST(what_one_write_told_is_known_with_its_last_number),
		TEST(a_life_is_found_as_it_was_at_any_number),
		TEST(each_event_knows_how_long_the_text_before_it_is),
		TEST(each_life_knows_how_long_the_history_before_it_is),
		TEST(what_is_no_news_stages_nothing),
		TEST(what_is_refused_leaves_what_was_staged_before),
		TEST(what_is_staged_is_known_by_its_name_and_has_not_happened),
		TEST(a_restart_knows_where_the_journal_ended),
		TEST(there_is_room_for_a_batch_of_the_largest_deeds),
		TEST(each_event_is_told_once_after_its_commit),
		TEST(what_was_not_told_after_one_commit_is_after_the_next),
		TEST(what_is_rolled_back_never_was),
		TEST(what_is_at_hand_is_what_the_store_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
