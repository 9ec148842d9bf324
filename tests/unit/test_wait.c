/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A history is a few writes with `|` between them, one commit each: `NAME STONE` (see yard.h), `-NAME` takes
 * NAME off view, `*` all. A wait is opened after so many of them, and asked for after each from then on: it
 * has to come with the one that is expected, and to give the same answer ever after.
 */
#include "core/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/who.h"
#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NEVER UINT_MAX

struct wait {
	const char *who;
	unsigned opened; /* after so many writes */
	const char *history;
	unsigned comes; /* with that write, or with the open; or fails */
	/* `b10 d30`, or `a: b10; b: d30` where there are several names; numbers: `3`, or `a 3; b 4`. */
	const char *text; /* NULL: fails with -ESRCH */
};

static void write_one(struct yard *y, const char *step)
{
	char name[32] = "";
	int len = 0;

	if (step[0] == '*') {
		assert_int_equal(graveyard_fresh(y->graveyard, NOW * SECOND), 0);
	} else if (step[0] == '-') {
		assert_int_equal(yard_remove(y, step + 1), 0);
	} else {
		assert_int_equal(sscanf(step, "%31s %n", name, &len), 1);
		assert_int_equal(yard_stage(y, name, DEED_STONE, step + len), 0);
	}
	yard_commit(y);
}

/* Writes the next of a history; false after the last. */
static bool write_next(struct yard *y, const char **history)
{
	size_t len = strcspn(*history, "|");
	char step[64];

	if (**history == '\0')
		return false;
	assert_true(len < sizeof(step));
	memcpy(step, *history, len);
	step[len] = '\0';
	*history += len + ((*history)[len] == '|');
	write_one(y, step);
	return true;
}

static void expect_stone(const char *text, size_t len, struct buf *expected)
{
	const char *colon = memchr(text, ':', len);
	char words[64];
	struct stone stone;

	if (colon) {
		buf_addf(expected, "Name: %.*s\n", (int)(colon - text), text);
		len -= (size_t)(colon + 2 - text);
		text = colon + 2;
	}
	(void)snprintf(words, sizeof(words), "%.*s", (int)len, text);
	stone = stone_of(words);
	stone_format(&stone, expected);
}

static void expect_text(enum wait_kind kind, const char *text, struct buf *expected)
{
	for (size_t len; *text; text += len + 2 * (text[len] == ';')) {
		len = strcspn(text, ";");
		if (kind == WAIT_EXITCODE)
			buf_addf(expected, "%.*s\n", (int)len, text);
		else
			expect_stone(text, len, expected);
	}
	assert_int_equal(buf_error(expected), 0);
}

static void check_text(struct yard *y, enum wait_kind kind, const struct wait *wait,
		       const struct who *who, uint64_t opened, uint64_t at)
{
	struct buf text = BUF_INIT, expected = BUF_INIT;

	expect_text(kind, wait->text, &expected);
	assert_int_equal(wait_text(y->graveyard, kind, who, opened, at, &text), 0);
	if (text.len != expected.len || memcmp(text.data, expected.data, text.len) != 0)
		fail_msg("%s of '%s': '%s'", wait->who, wait->history, text.data);
	buf_release(&text);
	buf_release(&expected);
}

/* Asks for a wait that was opened at number `opened`; `*at` is when it came, 0 at first. */
static void ask(struct yard *y, enum wait_kind kind, const struct wait *wait, uint64_t opened,
		bool due, uint64_t *at)
{
	uint64_t now = UINT64_MAX;
	struct who who;
	int r, expected = !due ? 0 : wait->text ? 1 : -ESRCH;

	assert_int_equal(who_parse(wait->who, strlen(wait->who), &who), 0);
	r = wait_look(y->graveyard, kind, &who, opened, &now);
	if (r != expected)
		fail_msg("%s of '%s' at %" PRIu64 ": %d", wait->who, wait->history,
			 graveyard_seq(y->graveyard), r);
	if (r <= 0) {
		assert_true(now == UINT64_MAX);
		return;
	}
	if (*at == 0)
		*at = graveyard_seq(y->graveyard);
	assert_int_equal(now, *at);
	check_text(y, kind, wait, &who, opened, now);
}

static void check_wait(enum wait_kind kind, const struct wait *wait)
{
	const char *history = wait->history;
	void *state = NULL;
	struct yard *y;
	uint64_t opened = 0, at = 0;
	unsigned step = 0;

	assert_int_equal(yard_setup(&state), 0);
	y = state;
	for (;; step++) {
		if (step == wait->opened)
			opened = graveyard_seq(y->graveyard);
		if (step >= wait->opened)
			ask(y, kind, wait, opened, step >= wait->comes, &at);
		if (!write_next(y, &history))
			break;
	}
	assert_true(step >= wait->opened && (wait->comes == NEVER || step >= wait->comes));
	yard_restart(y, NULL);
	ask(y, kind, wait, opened, step >= wait->comes, &at);
	yard_teardown(&state);
}

#define ALL(kind, cases)                                  \
	do {                                              \
		(void)state;                              \
		for (size_t i = 0; i < COUNT(cases); i++) \
			check_wait((kind), &(cases)[i]);  \
	} while (0)

static void born_waits_for_the_next_birth_unless_somebody_is_there(void **state)
{
	static const struct wait cases[] = {
		{"a", 0, "", NEVER, NULL},
		{"a", 0, "b b10", NEVER, NULL},
		{"a", 0, "a b10|a r20|a d30|a b40", 1, "b10"},
		{"a", 1, "a b10|a r20", 1, "b10"},
		{"a", 2, "a b10|a r20", 2, "b10 r20"},
		{"a", 2, "a b10|a d30|a b40", 2, "b10 d30"},
		{"a", 2, "a b10|-a", NEVER, NULL},
		{"a", 2, "a b10|-a|a b40 d50", 3, "b40 d50"},
		{"a", 1, "a b10|-a|a b40", 1, "b10"},
		{"a", 2, "a b10 d20|*|a b40", 3, "b40"},
	};

	ALL(WAIT_BORN, cases);
}

static void ready_waits_within_one_life_and_fails_with_its_end(void **state)
{
	static const struct wait cases[] = {
		{"a", 0, "a b10|a r20|a d30|a b40", 2, "b10 r20"},
		{"a", 1, "a b10 r20|a d30", 1, "b10 r20"},
		{"a", 0, "a b10|a d30|a b40|a r50", 2, NULL},
		{"a", 1, "a b10|a d30|a b40|a r50", 2, NULL},
		{"a", 1, "a b10 r20 d30|a b40|a r50", 1, NULL}, /* dead: fails at once */
		{"a", 0, "a b10 r20 d30 c0", 1, "b10 r20 d30 c0"},
		{"a", 2, "a b10|-a|a b40|a r50", 4, "b40 r50"},
		{"a", 2, "a b10 d30|a b40|a r50", 3, "b40 r50"},
		{"a", 1, "a b10 d30", 1, NULL},
	};

	ALL(WAIT_READY, cases);
}

static void died_waits_for_the_end_of_the_life_that_is_current(void **state)
{
	static const struct wait cases[] = {
		{"a", 0, "a b10|a d30|a c3", 2, "b10 d30"},
		{"a", 1, "a b10|a d30 c3 eend|a b40", 2, "b10 d30 c3 eend"},
		{"a", 1, "a b10 d30|a c3|a b40", 1, "b10 d30"},
		{"a", 2, "a b10 d30|a c3|a b40", 2, "b10 d30 c3"},
		{"a", 2, "a b10 d30|a b40|a d50", 3, "b40 d50"},
		{"a", 0, "a c3", 1, "b100 d100 c3"},
		{"a", 1, "a b10|-a|a b40|a d50", 4, "b40 d50"},
		{"a", 2, "a b10 d30|-a|a b40|a d50", 4, "b40 d50"},
		{"a", 1, "a b10 d30|-a|a b40|a d50", 1, "b10 d30"},
		{"a", 1, "a b10|*|a b40 d50", 3, "b40 d50"},
	};

	ALL(WAIT_DIED, cases);
}

static void exitcode_is_a_number_as_a_shell_takes_it(void **state)
{
	static const struct wait cases[] = {
		{"a", 0, "a b10|a d30 c3|a b40 d50 c4", 2, "3"},
		{"a", 1, "a d30 c0|a b40", 1, "0"},
		{"a", 1, "a d30 c-1", 1, "255"},
		{"a", 0, "a d30 c255", 1, "255"},
		{"a", 2, "a d30|a c7", 2, "7"},
		{"a+b", 0, "a c3|b c4", 2, "a 3; b 4"},
		{"a,b", 0, "b c4|a c3", 1, "b 4"},
	};

	ALL(WAIT_EXITCODE, cases);
}

/* Until there is one: the code of a process comes after its death, with the reaping. */
static void an_exitcode_that_nobody_knows_is_no_data(void **state)
{
	struct yard *y = *state;
	struct buf text = BUF_INIT;
	uint64_t at, opened;
	struct who who;

	assert_int_equal(who_parse("a", 1, &who), 0);
	yard_tell(y, "a", DEED_STONE, "b10");
	opened = graveyard_seq(y->graveyard);
	yard_tell(y, "a", DEED_STONE, "d30");
	assert_int_equal(wait_look(y->graveyard, WAIT_EXITCODE, &who, opened, &at), 1);
	assert_int_equal(at, 2);
	assert_int_equal(wait_text(y->graveyard, WAIT_EXITCODE, &who, opened, at, &text), -ENODATA);
	assert_int_equal(text.len, 0);
	yard_tell(y, "a", DEED_STONE, "c3");
	assert_int_equal(wait_look(y->graveyard, WAIT_EXITCODE, &who, opened, &at), 1);
	assert_int_equal(at, 3);
	assert_int_equal(wait_text(y->graveyard, WAIT_EXITCODE, &who, opened, at, &text), 0);
	assert_string_equal(text.data, "3\n");
	buf_release(&text);
}

static void succeeded_waits_through_failures(void **state)
{
	static const struct wait cases[] = {
		{"a", 0, "a b10|a d30 c1|a b40|a d50 c0|a b60", 4, "b40 d50 c0"},
		{"a", 1, "a b10 d30 c1|a b40|a d50 c0", 3, "b40 d50 c0"},
		{"a", 1, "a b10 d30 c0|a b40", 1, "b10 d30 c0"},
		{"a", 2, "a b10 d30 c0|a b40|a d50 c0", 3, "b40 d50 c0"},
		{"a", 0, "a b10|a d30|a c0", 3, "b10 d30 c0"},
		{"a", 1, "a b10 d30|a b40|a c1", NEVER, NULL},
		{"a", 1, "a b10|-a|a c0", 3, "b100 d100 c0"},
	};

	ALL(WAIT_SUCCEEDED, cases);
}

static void next_is_not_what_is_so_already(void **state)
{
	static const struct wait born[] = {
		{"a@next", 0, "a b10", 1, "b10"},
		{"a@next", 1, "a b10|a d30|a b40", 3, "b40"},
		{"a@next", 2, "a b10|a d30|a b40", 3, "b40"},
		{"a@next", 2, "a b10|-a|a b40", 3, "b40"},
	};
	static const struct wait ready[] = {
		{"a@next", 1, "a b10|a r20", 2, "b10 r20"},
		{"a@next", 1, "a b10 r20|a d30|a b40|a r50", 4, "b40 r50"},
		{"a@next", 2, "a b10|a d30|a b40|a r50", 4, "b40 r50"},
		{"a@next", 1, "a b10|a d30|a b40|a r50", 2, NULL},
	};
	static const struct wait died[] = {
		{"a@next", 1, "a b10|a d30", 2, "b10 d30"},
		{"a@next", 1, "a b10 d30|a b40|a d50", 3, "b40 d50"},
		{"a+b@next", 1, "a b10 d30|b d20|a b40 d50", 3, "a: b40 d50; b: b20 d20"},
	};
	static const struct wait exitcode[] = {
		{"a@next", 1, "a d30 c3|a b40|a d50 c4", 3, "4"},
	};

	ALL(WAIT_BORN, born);
	ALL(WAIT_READY, ready);
	ALL(WAIT_DIED, died);
	ALL(WAIT_EXITCODE, exitcode);
}

static void the_next_success_may_be_of_one_who_is_dead_already(void **state)
{
	static const struct wait cases[] = {
		{"a@next", 1, "a b10|a d30 c0", 2, "b10 d30 c0"},
		{"a@next", 1, "a b10 d30 c0|a b40|a d50 c0", 3, "b40 d50 c0"},
		{"a@next", 1, "a b10 d30 c1|a b40|a d50 c0", 3, "b40 d50 c0"},
		{"a@next", 1, "a b10 d30|a c0", 2, "b10 d30 c0"}, /* it was no success yet */
		{"a@next", 1, "a b10 d30|a b40|a c0", 3, "b40 d100 c0"},
	};

	ALL(WAIT_SUCCEEDED, cases);
}

static void any_comes_with_the_first_and_all_with_the_last(void **state)
{
	static const struct wait died[] = {
		{"a,b", 0, "a b10|b b10|b d30|a d40", 3, "b: b10 d30"},
		{"a+b", 0, "a b10|b b10|b d30|b c3|a d40", 5, "a: b10 d40; b: b10 d30"},
		{"b+a", 0, "a d10|b d20", 2, "b: b20 d20; a: b10 d10"},
		{"a,b", 2, "a d10|b d20|a c3", 2, "a: b10 d10; b: b20 d20"},
		{"a+b", 1, "a d10|b d20|a b30", 2, "a: b10 d10; b: b20 d20"},
		{"a+a", 0, "a d10", 1, "a: b10 d10; a: b10 d10"},
		{"a,b,c", 0, "a b10|c b10", NEVER, NULL},
		{"a+b+c", 0, "a d10|c d10", NEVER, NULL},
	};
	static const struct wait ready[] = {
		{"a,b", 0, "a d10|b b10|b r20", 3, "b: b10 r20"},
		{"a,b", 0, "a d10|b d20|a b30 r40", 2, NULL}, /* each is dead */
		{"a,b", 0, "b r20|a d30", 1, "b: b20 r20"},
		{"a+b", 0, "a r10|b r20|a d30", 2, "a: b10 r10; b: b20 r20"},
		{"a+b", 0, "a d10|b r20", 1, NULL}, /* one is dead */
		{"a+b", 0, "b r20|a d10|a b30 r40", 2, NULL},
		{"a,b", 1, "a d10|b b5", NEVER, NULL},
	};

	ALL(WAIT_DIED, died);
	ALL(WAIT_READY, ready);
}

static void events_that_end_a_wait_are_those_of_interest(void **state)
{
	const unsigned died = 1u << EVENT_DIED;

	(void)state;
	assert_int_equal(wait_interest(WAIT_BORN), 1u << EVENT_BORN);
	assert_int_equal(wait_interest(WAIT_READY), 1u << EVENT_READY | died);
	assert_int_equal(wait_interest(WAIT_DIED), died);
	assert_int_equal(wait_interest(WAIT_EXITCODE), died | 1u << EVENT_EXITCODE);
	assert_int_equal(wait_interest(WAIT_SUCCEEDED), died | 1u << EVENT_EXITCODE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, yard_setup, yard_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(born_waits_for_the_next_birth_unless_somebody_is_there),
		TEST(ready_waits_within_one_life_and_fails_with_its_end),
		TEST(died_waits_for_the_end_of_the_life_that_is_current),
		TEST(exitcode_is_a_number_as_a_shell_takes_it),
		TEST(an_exitcode_that_nobody_knows_is_no_data),
		TEST(succeeded_waits_through_failures),
		TEST(next_is_not_what_is_so_already),
		TEST(the_next_success_may_be_of_one_who_is_dead_already),
		TEST(any_comes_with_the_first_and_all_with_the_last),
		TEST(events_that_end_a_wait_are_those_of_interest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
