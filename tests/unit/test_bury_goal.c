/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/goal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct goal goal;

/* The terms of `goal`, as text. */
static const char *terms(void)
{
	static char all[4096];
	size_t len = 0;

	all[0] = '\0';
	for (unsigned i = 0; i < goal.count; i++) {
		char text[TERM_TEXT_MAX];

		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					i == 0     ? ""
					: goal.all ? "+"
						   : ",",
					term_text(&goal.terms[i], text));
	}
	return all;
}

static void a_condition_is_read(void **state)
{
	static const char *const cases[][2] = {
		{"died:a", "died:a"},
		{"born:a+ready:b", "born:a+ready:b"},
		{"died:a,succeeded:b,died:c", "died:a,succeeded:b,died:c"},
		{"ready:a+listening:5432", "ready:a+listening:5432"},
		{"listening:1,listening:65535", "listening:1,listening:65535"},
		{"listening:0080", "listening:80"},
		{" died:a ,\tdied:b\n", "died:a,died:b"},
		{"died:a+died:a", "died:a+died:a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;

		if (goal_parse(&goal, cases[i][0], &why) != 0)
			fail_msg("'%s' %s", cases[i][0], why);
		assert_string_equal(terms(), cases[i][1]);
	}
}

static void what_is_no_condition_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"a",
		"died:",
		"died:a,",
		",died:a",
		"died:a+",
		"died:a,died:b+died:c",
		"dead:a",
		"died:a b",
		"died:../x",
		"died:.a",
		"Died:a",
		"listening:",
		"listening:0",
		"listening:65536",
		"listening:x",
		"listening:-1",
		"listening:99999999999999999999",
		"died: a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;

		if (goal_parse(&goal, cases[i], &why) != -EINVAL)
			fail_msg("'%s' is one", cases[i]);
		assert_non_null(why);
	}
}

static void a_list_is_one_of_kubexits(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_int_equal(goal_parse_list(&goal, TERM_DIED, false, "a, b ,c", &why), 0);
	assert_string_equal(terms(), "died:a,died:b,died:c");
	assert_int_equal(goal_parse_list(&goal, TERM_READY, true, "a", &why), 0);
	assert_string_equal(terms(), "ready:a");
	assert_int_equal(goal_parse_list(&goal, TERM_READY, true, "a,,b", &why), -EINVAL);
	assert_int_equal(goal_parse_list(&goal, TERM_READY, true, "a,../b", &why), -EINVAL);
	assert_int_equal(goal_parse_list(&goal, TERM_READY, true, "a b", &why), -EINVAL);
}

static void so_many_and_no_more(void **state)
{
	char text[GOAL_MAX * 8 + 16] = "died:a";
	const char *why = NULL;

	(void)state;
	for (int i = 1; i < GOAL_MAX; i++)
		strcat(text, "+died:a");
	assert_int_equal(goal_parse(&goal, text, &why), 0);
	assert_int_equal(goal.count, GOAL_MAX);
	strcat(text, "+died:a");
	assert_int_equal(goal_parse(&goal, text, &why), -EINVAL);
}

#define P TERM_PENDING
#define H TERM_HOLDS
#define X TERM_HOPELESS

static void its_terms_decide(void **state)
{
	static const struct {
		enum term_state a, b, all, any;
	} cases[] = {
		{P, P, P, P}, {P, H, P, H}, {H, P, P, H}, {H, H, H, H}, {X, P, X, P},
		{P, X, X, P}, {X, H, X, H}, {H, X, X, H}, {X, X, X, X},
	};
	const char *why;

	(void)state;
	assert_int_equal(goal_parse(&goal, "ready:a+ready:b", &why), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		goal.terms[0].state = cases[i].a;
		goal.terms[1].state = cases[i].b;
		goal.all = true;
		assert_int_equal(goal_state(&goal), cases[i].all);
		goal.all = false;
		assert_int_equal(goal_state(&goal), cases[i].any);
	}
	assert_ptr_equal(goal_decider(&goal, X), &goal.terms[0]);
	assert_null(goal_decider(&goal, P));
	goal.count = 0;
	assert_int_equal(goal_state(&goal), H);
}

static void it_knows_whom_it_is_about(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(goal_parse(&goal, "died:a+listening:80", &why), 0);
	assert_true(goal_names(&goal, "a"));
	assert_false(goal_names(&goal, "b"));
	assert_false(goal_names(&goal, "80"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_is_read),
		cmocka_unit_test(what_is_no_condition_is_refused),
		cmocka_unit_test(a_list_is_one_of_kubexits),
		cmocka_unit_test(so_many_and_no_more),
		cmocka_unit_test(its_terms_decide),
		cmocka_unit_test(it_knows_whom_it_is_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
