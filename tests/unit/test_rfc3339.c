/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rfc3339.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define UNTOUCHED INT64_C(-42)

struct parse_case {
	const char *text;
	int error;
	int64_t ns;
};

static void check(const struct parse_case *c)
{
	int64_t ns = UNTOUCHED;
	int r = rfc3339_parse(c->text, strlen(c->text), &ns);

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

static void times_of_many_shapes_are_read(void **state)
{
	static const struct parse_case cases[] = {
		{"1970-01-01T00:00:00Z", 0, 0},
		{"1970-01-01t00:00:00z", 0, 0},
		{"1970-01-01 00:00:00Z", 0, 0},
		{"1970-01-02T00:00:00Z", 0, DAY},
		{"1969-12-31T23:59:59Z", 0, -SECOND},
		{"1969-12-31T23:59:59.75Z", 0, -SECOND / 4},
		{"2020-05-14T19:09:12.123Z", 0, 1589483352123 * (SECOND / 1000)},
		{"2026-11-21T03:00:00.123456789Z", 0, 1795230000 * SECOND + 123456789},
		{"2000-02-29T00:00:00Z", 0, 951782400 * SECOND},
		{"2000-03-01T00:00:00Z", 0, 951868800 * SECOND},
		{"1900-03-01T00:00:00Z", 0, -2203891200 * SECOND},
		{"2100-02-28T23:59:59Z", 0, 4107542399 * SECOND},
	};

	CHECK_ALL(cases);
}

static void offsets_are_taken_off(void **state)
{
	static const struct parse_case cases[] = {
		{"1970-01-01T01:00:00+01:00", 0, 0},
		{"1969-12-31T18:30:00-05:30", 0, 0},
		{"1970-01-01T00:00:00+00:00", 0, 0},
		{"1970-01-01T00:00:00-00:00", 0, 0},
		{"1970-01-01T23:59:00+23:59", 0, 0},
		{"1970-01-01T00:00:00+1:00", -EINVAL, 0},
		{"1970-01-01T00:00:00+0100", -EINVAL, 0},
		{"1970-01-01T00:00:00+01", -EINVAL, 0},
		{"1970-01-01T00:00:00+24:00", -EINVAL, 0},
		{"1970-01-01T00:00:00+00:60", -EINVAL, 0},
		{"1970-01-01T00:00:00", -EINVAL, 0},
		{"1970-01-01T00:00:00 Z", -EINVAL, 0},
		{"1970-01-01T00:00:00 +01:00", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void fractions_have_any_number_of_digits(void **state)
{
	static const struct parse_case cases[] = {
		{"1970-01-01T00:00:00.5Z", 0, SECOND / 2},
		{"1970-01-01T00:00:00.000000001Z", 0, 1},
		{"1970-01-01T00:00:00.0000000019Z", 0, 1},
		{"1970-01-01T00:00:00.999999999999999999999Z", 0, SECOND - 1},
		{"1970-01-01T00:00:00.000Z", 0, 0},
		{"1970-01-01T00:00:00.Z", -EINVAL, 0},
		{"1970-01-01T00:00:00,5Z", -EINVAL, 0},
		{"1970-01-01T00:00:00.-5Z", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void a_leap_second_is_the_one_after(void **state)
{
	static const struct parse_case cases[] = {
		{"2016-12-31T23:59:60Z", 0, 1483228800 * SECOND},
		{"2016-12-31T23:59:60.5Z", 0, 1483228800 * SECOND + SECOND / 2},
		{"2017-01-01T00:59:60+01:00", 0, 1483228800 * SECOND},
		{"2016-12-31T23:59:61Z", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void what_is_not_a_time_is_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"", -EINVAL, 0},
		{"now", -EINVAL, 0},
		{"1589483352", -EINVAL, 0},
		{"1970-01-01", -EINVAL, 0},
		{"1970-01-01T00:00Z", -EINVAL, 0},
		{"1970-00-01T00:00:00Z", -EINVAL, 0},
		{"1970-13-01T00:00:00Z", -EINVAL, 0},
		{"1970-01-00T00:00:00Z", -EINVAL, 0},
		{"1970-04-31T00:00:00Z", -EINVAL, 0},
		{"1970-02-29T00:00:00Z", -EINVAL, 0},
		{"1900-02-29T00:00:00Z", -EINVAL, 0},
		{"1970-01-01T24:00:00Z", -EINVAL, 0},
		{"1970-01-01T00:60:00Z", -EINVAL, 0},
		{"1970-1-1T00:00:00Z", -EINVAL, 0},
		{"70-01-01T00:00:00Z", -EINVAL, 0},
		{"+1970-01-01T00:00:00Z", -EINVAL, 0},
		{"12026-01-01T00:00:00Z", -EINVAL, 0},
		{" 1970-01-01T00:00:00Z", -EINVAL, 0},
		{"1970-01-01T00:00:00Z ", -EINVAL, 0},
		{"1970-01-01T00:00:00ZZ", -EINVAL, 0},
		{"1970-01-01_00:00:00Z", -EINVAL, 0},
		{"1970/01/01T00:00:00Z", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void the_range_is_that_of_64_bits_of_nanoseconds(void **state)
{
	static const struct parse_case cases[] = {
		{"1677-09-21T00:12:43.145224192Z", 0, INT64_MIN},
		{"1677-09-21T00:12:43.145224191Z", -ERANGE, 0},
		{"1677-09-21T00:12:42.999999999Z", -ERANGE, 0},
		{"1677-09-21T01:12:43.145224192+01:00", 0, INT64_MIN},
		{"2262-04-11T23:47:16.854775807Z", 0, INT64_MAX},
		{"2262-04-11T23:47:16.854775808Z", -ERANGE, 0},
		{"2262-04-11T23:47:17Z", -ERANGE, 0},
		{"0001-01-01T00:00:00Z", -ERANGE, 0},
		{"0000-01-01T00:00:00+23:59", -ERANGE, 0},
		{"9999-12-31T23:59:60-23:59", -ERANGE, 0},
		{"9999-12-32T23:59:59Z", -EINVAL, 0},
	};

	CHECK_ALL(cases);
}

static void nothing_is_read_beyond_the_length(void **state)
{
	static const char text[] = "1970-01-01T00:00:00.5Z";
	int64_t ns;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(rfc3339_parse(text, len, &ns), -EINVAL);
}

static void times_are_written_in_utc_without_trailing_zeros(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{-DAY, "1969-12-31T00:00:00Z"},
		{-DAY - 1, "1969-12-30T23:59:59.999999999Z"},
		{SECOND / 2, "1970-01-01T00:00:00.5Z"},
		{1589483352123 * (SECOND / 1000), "2020-05-14T19:09:12.123Z"},
		{951782400 * SECOND, "2000-02-29T00:00:00Z"},
		{951868799 * SECOND, "2000-02-29T23:59:59Z"},
		{4107542400 * SECOND, "2100-03-01T00:00:00Z"},
		{1795230000 * SECOND + 123456780, "2026-11-21T03:00:00.12345678Z"},
		{INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
		{INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[RFC3339_SIZE];
		size_t len = rfc3339_format(cases[i].ns, text);

		assert_string_equal(text, cases[i].text);
		assert_int_equal(len, strlen(text));
	}
}

static void every_day_that_can_be_written_is_read_back(void **state)
{
	char text[RFC3339_SIZE], last[RFC3339_SIZE] = "";
	int64_t ns, back;

	(void)state;
	for (ns = INT64_MIN; ns < INT64_MAX - DAY; ns += DAY) {
		size_t len = rfc3339_format(ns, text);

		assert_int_equal(rfc3339_parse(text, len, &back), 0);
		assert_true(back == ns);
		assert_true(strcmp(last, text) < 0);
		memcpy(last, text, len + 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_many_shapes_are_read),
		cmocka_unit_test(offsets_are_taken_off),
		cmocka_unit_test(fractions_have_any_number_of_digits),
		cmocka_unit_test(a_leap_second_is_the_one_after),
		cmocka_unit_test(what_is_not_a_time_is_refused),
		cmocka_unit_test(the_range_is_that_of_64_bits_of_nanoseconds),
		cmocka_unit_test(nothing_is_read_beyond_the_length),
		cmocka_unit_test(times_are_written_in_utc_without_trailing_zeros),
		cmocka_unit_test(every_day_that_can_be_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
