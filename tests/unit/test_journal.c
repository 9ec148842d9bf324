/* SPDX-License-Identifier: Apache-2.0 */
#include "core/journal.h"

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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_line(const struct event *event, const char *expected)
{
	struct buf line = BUF_INIT;

	journal_line(event, &line);
	assert_int_equal(buf_error(&line), 0);
	assert_string_equal(line.data, expected);
	buf_release(&line);
}

static struct event an_event(enum event_what what)
{
	return (struct event){
		.seq = 42,
		.time = 30 * SECOND + 5,
		.recorded = 99 * SECOND,
		.grave = 7,
		.name = "web-1",
		.life = 3,
		.what = what,
		.by = {.uid = 1000, .gid = 100, .pid = 4711},
		.text_at = 12345,
	};
}

static void a_line_has_its_columns_in_order(void **state)
{
	static const struct {
		enum event_what what;
		const char *expected;
	} cases[] = {
		{EVENT_BORN, "42 1970-01-01T00:00:30.000000005Z web-1 3 born - 1000 100 4711\n"},
		{EVENT_READY, "42 1970-01-01T00:00:30.000000005Z web-1 3 ready - 1000 100 4711\n"},
		{EVENT_EPITAPH,
		 "42 1970-01-01T00:00:30.000000005Z web-1 3 epitaph - 1000 100 4711\n"},
		{EVENT_DIED, "42 1970-01-01T00:00:30.000000005Z web-1 3 died - 1000 100 4711\n"},
		{EVENT_REMOVED,
		 "42 1970-01-01T00:00:30.000000005Z web-1 3 removed - 1000 100 4711\n"},
		{EVENT_OWNER, "42 1970-01-01T00:00:30.000000005Z web-1 3 owner - 1000 100 4711\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event e = an_event(cases[i].what);

		assert_line(&e, cases[i].expected);
	}
}

static void a_line_has_a_code_where_there_is_one(void **state)
{
	struct event e = an_event(EVENT_DIED);

	(void)state;
	e.time = 0;
	e.has_code = true;
	assert_line(&e, "42 1970-01-01T00:00:00Z web-1 3 died 0 1000 100 4711\n");
	e.code = -1;
	assert_line(&e, "42 1970-01-01T00:00:00Z web-1 3 died -1 1000 100 4711\n");
	e.what = EVENT_EXITCODE;
	e.code = 255;
	assert_line(&e, "42 1970-01-01T00:00:00Z web-1 3 exitcode 255 1000 100 4711\n");
}

static void the_longest_line_is_written_whole(void **state)
{
	struct event e = an_event(EVENT_EXITCODE);
	char expected[512], name[GRAVE_NAME_MAX + 1];

	(void)state;
	memset(name, 'x', GRAVE_NAME_MAX);
	name[GRAVE_NAME_MAX] = '\0';
	strcpy(e.name, name);
	e.seq = e.life = UINT64_MAX;
	e.time = INT64_MIN;
	e.by = (struct writer){UINT32_MAX, UINT32_MAX, INT32_MAX, VIA_WRITE};
	(void)snprintf(expected, sizeof(expected),
		       "18446744073709551615 1677-09-21T00:12:43.145224192Z %s "
		       "18446744073709551615 exitcode - 4294967295 4294967295 2147483647\n",
		       name);
	assert_line(&e, expected);
}

static void nobody_is_a_dash(void **state)
{
	struct event e = {.seq = 1, .what = EVENT_FRESH};

	(void)state;
	assert_line(&e, "1 1970-01-01T00:00:00Z - 0 fresh - 0 0 0\n");
}

static void the_text_before_the_first_event_is_empty(void **state)
{
	struct yard *y = *state;
	uint64_t end = 99, hint = 0;
	struct buf text = BUF_INIT;

	assert_int_equal(journal_text_end(y->store, 1, &end), -ENOENT);
	assert_int_equal(end, 99);
	assert_int_equal(journal_text_end(y->store, 0, &end), 0);
	assert_int_equal(end, 0);
	assert_int_equal(journal_read(y->store, 0, 0, 100, &hint, &text), 0);
	assert_int_equal(journal_read(y->store, 0, 5, 100, &hint, &text), 0);
	assert_int_equal(text.len, 0);
	assert_int_equal(hint, 0);
}

/* ---- reading at any place ---- */

struct whole {
	uint64_t last;
	struct buf text;
	uint64_t ends[32]; /* of the lines, by number */
};

/* Lines of many lengths. */
static void make_events(struct yard *y, struct whole *whole)
{
	yard_tell(y, "a", DEED_STONE, "b10 r20 d30 c3 eend");
	yard_tell(y, "a-much-longer-name-than-the-first-one-had", DEED_BIRTH, NULL);
	yard_tell(y, "a", DEED_STONE, "b1000000000 d1000000001");
	yard_tell(y, "bb", DEED_DEATH, "c255");
	assert_int_equal(graveyard_fresh(y->graveyard, 5), 0);
	yard_commit(y);
	for (int i = 0; i < 4; i++)
		yard_tell(y, i % 2 ? "a" : "ccc", DEED_BIRTH, NULL);
	*whole = (struct whole){.last = graveyard_seq(y->graveyard)};
	assert_in_range(whole->last, 10, 31);
	for (uint64_t seq = 1; seq <= whole->last; seq++) {
		struct event e = yard_event(y, seq);

		journal_line(&e, &whole->text);
		whole->ends[seq] = whole->text.len;
	}
	assert_int_equal(buf_error(&whole->text), 0);
}

/* Reads up to `last` and requires what the whole text has there. Returns the hint. */
static uint64_t check_read(struct yard *y, const struct whole *whole, uint64_t last,
			   uint64_t offset, size_t size, uint64_t hint)
{
	uint64_t end = whole->ends[last], left = offset < end ? end - offset : 0;
	struct buf text = BUF_INIT;

	assert_int_equal(journal_read(y->store, last, offset, size, &hint, &text), 0);
	assert_int_equal(text.len, left < size ? left : size);
	if (text.len > 0) {
		assert_memory_equal(text.data, whole->text.data + offset, text.len);
		/* The hint is the last line of which something was read. */
		assert_in_range(offset + text.len, whole->ends[hint - 1] + 1, whole->ends[hint]);
	}
	buf_release(&text);
	return hint;
}

static void any_part_of_the_text_is_read_whatever_the_hint(void **state)
{
	static const size_t sizes[] = {1, 2, 60, 100, 1000000};
	static const uint64_t hints[] = {0, 1, 5, 999, UINT64_MAX};
	struct yard *y = *state;
	struct whole whole;

	make_events(y, &whole);
	for (uint64_t offset = 0; offset <= whole.text.len + 2; offset++) {
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t j = 0; j < COUNT(hints); j++)
				(void)check_read(y, &whole, whole.last, offset, sizes[i], hints[j]);
		for (uint64_t hint = 0; hint <= whole.last + 1; hint++)
			(void)check_read(y, &whole, whole.last, offset, 80, hint);
	}
	(void)check_read(y, &whole, whole.last, UINT64_MAX, 80, 0);
	(void)check_read(y, &whole, whole.last, UINT64_MAX, SIZE_MAX, whole.last);
	buf_release(&whole.text);
}

static void what_came_after_the_last_number_is_not_read(void **state)
{
	struct yard *y = *state;
	struct whole whole;

	make_events(y, &whole);
	for (uint64_t last = 1; last <= whole.last; last++)
		for (uint64_t offset = 0; offset <= whole.ends[last] + 1; offset += 7)
			for (uint64_t hint = 0; hint <= whole.last; hint += 3)
				(void)check_read(y, &whole, last, offset, 1000, hint);
	buf_release(&whole.text);
}

static void a_reader_that_goes_on_reads_all_of_it(void **state)
{
	static const size_t sizes[] = {1, 7, 61, 4096};
	struct yard *y = *state;
	struct whole whole;

	make_events(y, &whole);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint64_t hint = 0;

		for (uint64_t offset = 0; offset <= whole.text.len; offset += sizes[i])
			hint = check_read(y, &whole, whole.last, offset, sizes[i], hint);
		assert_int_equal(hint, whole.last);
	}
	buf_release(&whole.text);
}

/* Byte by byte, as shells read: a look at the line, and at those beside it. */
static void the_hint_saves_looks(void **state)
{
	struct yard *y = *state;
	struct whole whole;
	uint64_t hint = 0;

	make_events(y, &whole);
	for (uint64_t offset = 0; offset < whole.text.len; offset++) {
		unsigned before = fake_store_calls(y->store, FAKE_EVENT);

		hint = check_read(y, &whole, whole.last, offset, 1, hint);
		if (offset > 0)
			assert_in_range(fake_store_calls(y->store, FAKE_EVENT) - before, 1, 5);
	}
	buf_release(&whole.text);
}

static void a_wrong_hint_costs_few_looks(void **state)
{
	static const uint64_t hints[] = {0, 1, 2, 499, 998, 1000, UINT64_MAX};
	struct yard *y = *state;
	struct buf text = BUF_INIT;

	for (int i = 0; i < 500; i++) {
		yard_tell(y, "a", DEED_BIRTH, NULL);
		yard_tell(y, "a", DEED_DEATH, NULL);
	}
	for (uint64_t seq = 1; seq <= 1000; seq += 37) {
		uint64_t offset = yard_event(y, seq).text_at;

		for (size_t i = 0; i < COUNT(hints); i++) {
			unsigned before = fake_store_calls(y->store, FAKE_EVENT);
			uint64_t hint = hints[i];

			assert_int_equal(journal_read(y->store, 1000, offset, 1, &hint, &text), 0);
			assert_int_equal(hint, seq);
			assert_in_range(fake_store_calls(y->store, FAKE_EVENT) - before, 1, 26);
		}
	}
	buf_release(&text);
}

static void what_the_store_says_is_passed_on(void **state)
{
	struct buf text = BUF_INIT;
	struct yard *y = *state;
	struct whole whole;
	unsigned n = 0;

	make_events(y, &whole);
	do {
		uint64_t hint = 0;
		int r;

		fake_store_fail(y->store, FAKE_EVENT, ++n, -EIO);
		r = journal_read(y->store, whole.last, 0, 200, &hint, &text);
		assert_int_equal(r, fake_store_fails(y->store) ? 0 : -EIO);
	} while (!fake_store_fails(y->store));
	assert_true(n > 4);
	fake_store_fail(y->store, FAKE_EVENT, 0, 0);
	buf_release(&text);
	buf_release(&whole.text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_columns_in_order),
		cmocka_unit_test(a_line_has_a_code_where_there_is_one),
		cmocka_unit_test(the_longest_line_is_written_whole),
		cmocka_unit_test(nobody_is_a_dash),
		TEST(the_text_before_the_first_event_is_empty),
		TEST(any_part_of_the_text_is_read_whatever_the_hint),
		TEST(what_came_after_the_last_number_is_not_read),
		TEST(a_reader_that_goes_on_reads_all_of_it),
		TEST(the_hint_saves_looks),
		TEST(a_wrong_hint_costs_few_looks),
		TEST(what_the_store_says_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
