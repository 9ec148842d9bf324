/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_that_containers_have_are_valid(void **state)
{
	static const char *const names[] = {
		"a",      "0",   "_", "web", "web-1", "istio-proxy",
		"my_app", "a.b", "A", "a.",  "a-",    "x..y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!name_valid(names[i], strlen(names[i])))
			fail_msg("'%s' is refused", names[i]);
	}
}

static void a_dot_or_a_dash_in_front_is_not(void **state)
{
	static const char *const names[] = {".", "..", ".died", "...", "-", "--help", "-a"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name_valid(names[i], strlen(names[i])))
			fail_msg("'%s' is accepted", names[i]);
	}
}

static void each_byte_within_a_name_is_allowed_or_not(void **state)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	(void)state;
	for (int c = 0; c < 256; c++) {
		char name[] = {'a', (char)c, 'b'};

		assert_int_equal(name_valid(name, sizeof(name)),
				 c != 0 && strchr(allowed, c) != NULL);
	}
}

static void a_name_has_1_to_253_characters(void **state)
{
	char name[GRAVE_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_false(name_valid("", 0));
	assert_true(name_valid(name, 1));
	assert_true(name_valid(name, 253));
	assert_false(name_valid(name, 254));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_containers_have_are_valid),
		cmocka_unit_test(a_dot_or_a_dash_in_front_is_not),
		cmocka_unit_test(each_byte_within_a_name_is_allowed_or_not),
		cmocka_unit_test(a_name_has_1_to_253_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
