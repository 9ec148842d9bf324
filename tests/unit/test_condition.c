/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A history is a few writes with `|` between them, one commit each: `NAME STONE` (see yard.h), `-NAME` takes NAME off
 * view, `*` all. A condition is about what is current after so many of them, is asked after each from then on, and
 * after a restart; what has held goes on to hold.
 */
#include "core/condition.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NEVER UINT_MAX

static struct condition parsed(const char *text)
{
	struct condition c;
	const char *why;

	if (condition_parse(text, strlen(text), &c, &why) < 0)
		fail_msg("'%s' %s", text, why);
	return c;
}

/* ---- reading ---- */

static void parts_are_words_and_names(void **state)
{
	static const struct {
		const char *text, *parts;
		bool all;
	} cases[] = {
		{"died:a", "2 a ", false},
		{"born:a,ready:b,died:c,succeeded:d", "0 a 1 b 2 c 4 d ", false},
		{"succeeded:web-1+died:a", "4 web-1 2 a ", true},
		{"died:a+died:a", "2 a 2 a ", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct condition c = parsed(cases[i].text);
		struct condition_part part = {0};
		char text[64] = "";
		unsigned count = 0;

		while (condition_next_part(&c, &part)) {
			size_t len = strlen(text);

			(void)snprintf(text + len, sizeof(text) - len, "%d %.*s ", part.kind,
				       (int)part.name.len, part.name.name);
			count++;
		}
		assert_string_equal(text, cases[i].parts);
		assert_int_equal(c.all, cases[i].all);
		assert_int_equal(c.count, count);
	}
}

static void only_what_was_given_is_read(void **state)
{
	static const char text[] = "died:ab+born:c";
	struct condition c;
	struct condition_part part = {0};
	const char *why;

	(void)state;
	assert_int_equal(condition_parse(text, strlen("died:a"), &c, &why), 0);
	assert_true(condition_next_part(&c, &part));
	assert_int_equal(part.name.len, 1);
	assert_false(condition_next_part(&c, &part));
}

static void what_is_no_condition_is_refused_with_a_reason(void **state)
{
	static const char word[] =
		"has a part that begins with none of born:, ready:, died:, succeeded:";
	static const char name[] = "has a part with what is no name";
	static const char mixed[] = "mixes + (all) and , (any)";
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", word},
		{",", word},
		{"a", word},
		{"died", word},
		{"exitcode:a", word},
		{"Died:a", word},
		{" died:a", word},
		{"died:a,", word},
		{",died:a", word},
		{"died:a,,died:b", word},
		{"died:a+b", word},
		{"died:a+", word},
		{"died:", name},
		{"died:+born:a", name},
		{"died:a:b", name},
		{"died:.a", name},
		{"died:a@next", name},
		{"died:a b", name},
		{"died:a,born:b+died:c", mixed},
		{"+,", mixed},
	};
	struct condition c = {.count = 42};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = "nothing";

		if (condition_parse(cases[i].text, strlen(cases[i].text), &c, &why) != -EINVAL)
			fail_msg("'%s' is accepted", cases[i].text);
		assert_string_equal(why, cases[i].why);
	}
	assert_int_equal(c.count, 42);
}

/* ---- looking ---- */

struct given {
	const char *condition;
	unsigned opened; /* after so many writes */
	const char *history;
	unsigned holds; /* from that write on */
};

static bool write_next(struct yard *y, const char **history)
{
	size_t len = strcspn(*history, "|");
	char step[64], name[32] = "";
	int at = 0;

	if (**history == '\0')
		return false;
	(void)snprintf(step, sizeof(step), "%.*s", (int)len, *history);
	*history += len + ((*history)[len] == '|');
	if (step[0] == '*') {
		assert_int_equal(graveyard_fresh(y->graveyard, NOW * SECOND), 0);
	} else if (step[0] == '-') {
		assert_int_equal(yard_remove(y, step + 1), 0);
	} else {
		assert_int_equal(sscanf(step, "%31s %n", name, &at), 1);
		assert_int_equal(yard_stage(y, name, DEED_STONE, step + at), 0);
	}
	yard_commit(y);
	return true;
}

static void check(const struct given *given)
{
	struct condition c = parsed(given->condition);
	const char *history = given->history;
	void *state = NULL;
	uint64_t opened = 0;
	struct yard *y;
	unsigned step = 0;

	assert_int_equal(yard_setup(&state), 0);
	y = state;
	do {
		if (step == given->opened)
			opened = graveyard_seq(y->graveyard);
		if (step >= given->opened &&
		    condition_look(y->graveyard, &c, opened) != (step >= given->holds))
			fail_msg("%s, opened after %u of '%s': wrong after %u", given->condition,
				 given->opened, given->history, step);
		step++;
	} while (write_next(y, &history));
	assert_true(given->opened < step && (given->holds < step || given->holds == NEVER));
	yard_restart(y, NULL);
	assert_int_equal(condition_look(y->graveyard, &c, opened), given->holds != NEVER);
	yard_teardown(&state);
}

static void check_all(const struct given *given, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&given[i]);
}

static void one_holds_once_it_has_happened(void **state)
{
	static const struct given cases[] = {
		{"born:a", 0, "b b10|a b10|a d20|-a", 2},
		{"died:a", 0, "a b10|a d20|a b30|-a", 2},
		{"ready:a", 0, "a b10|a r20|a d30|a b40", 2},
		{"succeeded:a", 0, "a d10 c1|a b20|a d30 c0|a b40", 3},
		{"succeeded:a", 0, "a d10|a c0", 2},
		{"succeeded:a", 0, "a d10|a b20", NEVER},
		/* of another life than the first, too */
		{"ready:a", 0, "a b10|a d20|a b30|a r40|a d50", 4},
		{"ready:a", 0, "a b10|-a|a b30|a r40", 4},
		{"ready:a", 0, "a r10 d20|a b30", 1},
		{"died:a", 0, "a b10|-a|a b30|a d40", 4},
		{"died:a", 0, "b d10", NEVER},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void what_is_so_at_the_start_holds(void **state)
{
	static const struct given cases[] = {
		{"born:a", 1, "a b10|a d20", 1},
		{"died:a", 1, "a b10 d20|a b30", 1},
		{"ready:a", 1, "a b10 r20|a d30", 1},
		{"succeeded:a", 1, "a d10 c0|a b20", 1},
		/* but not what was so before */
		{"born:a", 2, "a b10|-a|a b20", 3},
		{"died:a", 2, "a d10|a b20|a d30", 3},
		{"died:a", 2, "a d10|*|a b20|a d30", 4},
		{"ready:a", 1, "a b10 r20 d30|a b40|a r50", 3},
		{"succeeded:a", 2, "a d10 c0|a b20|a d30 c1|a b40", NEVER},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void all_hold_though_at_different_times(void **state)
{
	static const struct given cases[] = {
		{"died:a+died:b", 0, "a d10|a b20|b d30|a d40", 3},
		{"died:a+born:b+ready:a", 0, "a b10|a r20|a d30|a b40|b b50", 5},
		{"died:a+died:b", 0, "a d10|b b20", NEVER},
		{"died:a+died:a", 0, "a d10", 1},
		{"born:a+died:b", 1, "a b10 d20|a b30|b d10", 3},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void any_holds_with_the_first(void **state)
{
	static const struct given cases[] = {
		{"died:a,died:b", 0, "b b10|b d20|a d30", 2},
		{"ready:a,died:a", 0, "a b10|a d20", 2},
		{"died:a,succeeded:b", 0, "a b10|b d20 c1", NEVER},
		{"died:b,born:a", 1, "a b10|b d20", 1},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_words_and_names),
		cmocka_unit_test(only_what_was_given_is_read),
		cmocka_unit_test(what_is_no_condition_is_refused_with_a_reason),
		cmocka_unit_test(one_holds_once_it_has_happened),
		cmocka_unit_test(what_is_so_at_the_start_holds),
		cmocka_unit_test(all_hold_though_at_different_times),
		cmocka_unit_test(any_holds_with_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
