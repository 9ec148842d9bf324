/* SPDX-License-Identifier: Apache-2.0 */
#include "base/without.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void what_is_named_is_done_without(void **state)
{
	(void)state;
	assert_true(without("resend"));
	assert_true(without("pidfd-info"));
	assert_true(without("last"));
}

static void parts_of_names_are_not_names(void **state)
{
	(void)state;
	assert_false(without("pidfd"));
	assert_false(without("info"));
	assert_false(without("resend-more"));
	assert_false(without("resend,pidfd-info"));
}

static void the_environment_is_looked_at_once(void **state)
{
	(void)state;
	assert_int_equal(setenv("GRAVEYARDFS_WITHOUT", "late", 1), 0);
	assert_false(without("late"));
	assert_true(without("resend"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_is_done_without),
		cmocka_unit_test(parts_of_names_are_not_names),
		cmocka_unit_test(the_environment_is_looked_at_once),
	};

	if (setenv("GRAVEYARDFS_WITHOUT", ",resend,pidfd-info,,last", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
