/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int out[2], stderr_before;
static char line[2 * RECORD_MAX];

static int take_stderr(void **state)
{
	(void)state;
	stderr_before = dup(STDERR_FILENO);
	return pipe2(out, O_NONBLOCK) < 0 || dup2(out[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int give_stderr(void **state)
{
	(void)state;
	if (dup2(stderr_before, STDERR_FILENO) < 0)
		return -1;
	close(stderr_before);
	close(out[0]);
	close(out[1]);
	return 0;
}

static const char *said(void)
{
	ssize_t n = read(out[0], line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void say(const char *value)
{
	struct record r;

	record_begin(&r, RECORD_INFO, "tried");
	record_text(&r, "value", value);
	record_number(&r, "number", -3);
	record_end(&r);
}

static void keys_have_values(void **state)
{
	static const char *const cases[][3] = {
		{"a", "a", "a"},
		{"", "\"\"", ""},
		{"a b", "\"a b\"", "a b"},
		{"a=b", "\"a=b\"", "a=b"},
		{"\"\\", "\"\\\"\\\\\"", "\\\"\\\\"},
		{"\n\x1b\x7f", "\"\\u000a\\u001b\\u007f\"", "\\u000a\\u001b\\u007f"},
		{"\xc2\x9b", "\"\\u009b\"", "\\u009b"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
		 "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		/* No UTF-8: a byte alone, overlong, a surrogate, too large, cut off. */
		{"\x80", "\"\\ufffd\"", "\\ufffd"},
		{"\xc0\x80", "\"\\ufffd\\ufffd\"", "\\ufffd\\ufffd"},
		{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "\\ufffd\\ufffd\\ufffd"},
		{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"",
		 "\\ufffd\\ufffd\\ufffd\\ufffd"},
		{"\xe2\x82", "\"\\ufffd\\ufffd\"", "\\ufffd\\ufffd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[512];

		record_setup(false, false, "app");
		say(cases[i][0]);
		snprintf(want, sizeof(want), "level=info event=tried name=app value=%s number=-3\n",
			 cases[i][1]);
		assert_string_equal(said(), want);
		record_setup(true, false, NULL);
		say(cases[i][0]);
		snprintf(
			want, sizeof(want),
			"{\"level\":\"info\",\"event\":\"tried\",\"value\":\"%s\",\"number\":-3}\n",
			cases[i][2]);
		assert_string_equal(said(), want);
	}
}

static void what_is_too_long_is_cut(void **state)
{
	static const char *const units[] = {"a", "\x01", "\xe2\x82\xac", "\"", "\x80", "=", " "};
	char value[3 * RECORD_MAX + 1];

	(void)state;
	for (int json = 0; json < 2; json++) {
		record_setup(json, false, NULL);
		for (size_t i = 0; i < 7 * 8; i++) {
			size_t pad = i / 7, unit = strlen(units[i % 7]), len = pad;

			memset(value, 'x', pad);
			for (; len + unit < sizeof(value); len += unit)
				memcpy(value + len, units[i % 7], unit);
			value[len] = '\0';
			say(value);
			(void)said();
			assert_in_range(strlen(line), RECORD_MAX - 16, RECORD_MAX);
			assert_string_equal(line + strlen(line) - (json ? 3 : 2),
					    json ? "\"}\n" : "\"\n");
		}
	}
}

static void quiet_is_quiet_but_for_errors(void **state)
{
	(void)state;
	record_setup(false, true, NULL);
	record_event(RECORD_INFO, "a", "b", "c");
	record_event(RECORD_WARNING, "a", "b", "c");
	assert_string_equal(said(), "");
	assert_int_equal(record_failure(0, "a", "b", "c"), 0);
	assert_string_equal(said(), "");
	assert_int_equal(record_failure(-ENOENT, "a", "b", "c"), -ENOENT);
	assert_string_equal(said(),
			    "level=error event=a b=c error=\"No such file or directory\"\n");
}

static void a_full_pipe_or_one_without_a_reader_is_no_trouble(void **state)
{
	static const char block[65536];

	(void)state;
	record_setup(false, false, NULL);
	while (write(out[1], block, sizeof(block)) > 0)
		;
	errno = E2BIG;
	record_event(RECORD_ERROR, "a", "b", "c");
	assert_int_equal(errno, E2BIG);
	close(out[0]);
	record_event(RECORD_ERROR, "a", "b", "c"); /* no SIGPIPE */
	out[0] = -1;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_have_values, take_stderr, give_stderr),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, take_stderr, give_stderr),
		cmocka_unit_test_setup_teardown(quiet_is_quiet_but_for_errors, take_stderr,
						give_stderr),
		cmocka_unit_test_setup_teardown(a_full_pipe_or_one_without_a_reader_is_no_trouble,
						take_stderr, give_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
