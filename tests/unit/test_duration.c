/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UNTOUCHED INT64_C(-42)

struct parse_case {
	const char *text;
	int error;
	int64_t ns;
};

static void check(const struct parse_case *c)
{
	int64_t ns = UNTOUCHED;
	int r = duration_parse(c->text, strlen(c->text), &ns);

	if (r != c->error)
		fail_msg("'%s': %d, not %d", c->text, r, c->error);
	if (ns != (r == 0 ? c->ns : UNTOUCHED))
		fail_msg("'%s': %lld", c->text, (long long)ns);
}

#define CHECK_ALL(cases)                                                        \
	do {                                                                    \
		(void)state;                                                    \
		for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++) \
			check(&(cases)[i]);                                     \
	} while (0)

static void each_unit_has_its_length(void **state)
{
	static const struct parse_case cases[] = {
		{"7ns", 0, 7},
		{"7us", 0, 7000},
		{"7ms", 0, 7 * NSEC_PER_MSEC},
		{"7s", 0, 7 * NSEC_PER_SEC},
		{"7m", 0, 420 * NSEC_PER_SEC},
		{"7h", 0, 25200 * NSEC_PER_SEC},
		{"0", 0, 0},
		{"0s", 0, 0},
		{"007s", 0, 7 * NSEC_PER_SEC},
	};

	CHECK_ALL(cases);
}

static void parts_add_up_in_any_order(void **state)
{
	static const struct parse_case cases[] = {
		{"1m30s", 0, 90 * NSEC_PER_SEC},
		{"30s1m", 0, 90 * NSEC_PER_SEC},
		{"1h1m1s1ms1us1ns", 0, 3661 * NSEC_PER_SEC + 1001001},
		{"1s1s", 0, 2 * NSEC_PER_SEC},
		{"1m1ms", 0, 60 * NSEC_PER_SEC + NSEC_PER_MSEC},
	};

	CHECK_ALL(cases);
}

static void fractions_are_exact_to_the_nanosecond(void **state)
{
	static const struct parse_case cases[] = {
		{"1.5h", 0, 5400 * NSEC_PER_SEC},
		{"0.1s", 0, 100 * NSEC_PER_MSEC},
		{".5s", 0, 500 * NSEC_PER_MSEC},
		{"5.s", 0, 5 * NSEC_PER_SEC},
		{"1.5ns", 0, 1},
		{"0.999999999s", 0, 999999999},
		{"0.9999999999s", 0, 999999999},
		{"0.3333333333333333333333333h", 0, 1199999999999},
		{"1.5m1.5s", 0, 91500 * NSEC_PER_MSEC},
	};

	CHECK_ALL(cases);
}

static void what_is_not_a_duration_is_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"", -EINVAL, 0},
		{"30", -EINVAL, 0},
		{"00", -EINVAL, 0},
		{"0.0", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"+1s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{" 1s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1d", -EINVAL, 0},
		{"1sec", -EINVAL, 0},
		{"1s30", -EINVAL, 0},
		{"1.2.3s", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
		{"1,5s", -EINVAL, 0},
		{"99999999999999999999", -EINVAL, 0},
		{"99999999999999999999h1", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void what_64_bits_do_not_hold_is_out_of_range(void **state)
{
	static const struct parse_case cases[] = {
		{"9223372036854775807ns", 0, INT64_MAX},
		{"9223372036854775808ns", -ERANGE, 0},
		{"9223372036854775807.9ns", 0, INT64_MAX},
		{"9223372036s854775807ns", 0, INT64_MAX},
		{"9223372036.854775807s", 0, INT64_MAX},
		{"9223372036.854775808s", -ERANGE, 0},
		{"9223372036s854775808ns", -ERANGE, 0},
		{"2562047h", 0, INT64_C(2562047) * 3600 * NSEC_PER_SEC},
		{"2562048h", -ERANGE, 0},
		{"99999999999999999999ns", -ERANGE, 0},
		/* Overflows to something small. */
		{"18446744073709551617ns", -ERANGE, 0},
		{"5124096h", -ERANGE, 0},
	};

	CHECK_ALL(cases);
}

static void nothing_is_read_beyond_the_length(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(duration_parse("1m30s", 2, &ns), 0);
	assert_true(ns == 60 * NSEC_PER_SEC);
	assert_int_equal(duration_parse("1m30s", 4, &ns), -EINVAL);
	assert_int_equal(duration_parse("5ms", 2, &ns), 0);
	assert_true(ns == 300 * NSEC_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_unit_has_its_length),
		cmocka_unit_test(parts_add_up_in_any_order),
		cmocka_unit_test(fractions_are_exact_to_the_nanosecond),
		cmocka_unit_test(what_is_not_a_duration_is_refused),
		cmocka_unit_test(what_64_bits_do_not_hold_is_out_of_range),
		cmocka_unit_test(nothing_is_read_beyond_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
