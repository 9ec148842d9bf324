/* SPDX-License-Identifier: Apache-2.0 */
#include "base/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
		{"<b>", "\"\\u003cb\\u003e\"", "\\u003cb\\u003e"},
		{"\x80", "\"\\ufffd\"", "\\ufffd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[512];

		record_setup(RECORD_INFO, false, "app");
		say(cases[i][0]);
		snprintf(want, sizeof(want), "level=info event=tried name=app value=%s number=-3\n",
			 cases[i][1]);
		assert_string_equal(said(), want);
		record_setup(RECORD_INFO, true, NULL);
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
		record_setup(RECORD_INFO, json, NULL);
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

static void those_above_the_level_are_not_written(void **state)
{
	(void)state;
	record_setup(RECORD_ERROR, false, NULL);
	record_event(RECORD_INFO, "a", "b", "c");
	record_event(RECORD_WARNING, "a", "b", "c");
	assert_string_equal(said(), "");
	assert_int_equal(record_failure(0, "a", "b", "c"), 0);
	assert_string_equal(said(), "");
	assert_int_equal(record_failure(-ENOENT, "a", "b", "c"), -ENOENT);
	assert_string_equal(said(),
			    "level=error event=a b=c error=\"No such file or directory\"\n");
}

static void levels_have_names(void **state)
{
	static const char *const wrong[] = {"", "Error", "warn", "errors", "0", "trace", "event"};
	enum record_level level;

	(void)state;
	assert_int_equal(record_level_parse("error", &level), 0);
	assert_int_equal(level, RECORD_ERROR);
	assert_int_equal(record_level_parse("warning", &level), 0);
	assert_int_equal(level, RECORD_WARNING);
	assert_int_equal(record_level_parse("info", &level), 0);
	assert_int_equal(level, RECORD_INFO);
	assert_int_equal(record_level_parse("debug", &level), 0);
	assert_int_equal(level, RECORD_DEBUG);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(record_level_parse(wrong[i], &level), -EINVAL);
	assert_int_equal(level, RECORD_DEBUG);
}

static void a_full_pipe_or_one_without_a_reader_is_no_trouble(void **state)
{
	static const char block[65536];

	(void)state;
	record_setup(RECORD_INFO, false, NULL);
	while (write(out[1], block, sizeof(block)) > 0)
		;
	errno = E2BIG;
	record_event(RECORD_ERROR, "a", "b", "c");
	assert_int_equal(errno, E2BIG);
	close(out[0]);
	record_event(RECORD_ERROR, "a", "b", "c"); /* no SIGPIPE */
	out[0] = -1;
}

/* A terminal takes a part of a line, and has its writer wait for the rest. */
static void a_terminal_that_nobody_reads_is_no_trouble(void **state)
{
	int master, slave, before = dup(STDERR_FILENO);
	char *said_all = calloc(1, 1 << 20), *end, *lost;
	char value[700];
	size_t len = 0;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(dup2(slave, STDERR_FILENO), STDERR_FILENO);
	record_setup(RECORD_INFO, false, NULL);
	for (int i = 0; i < 1000; i++)
		say(value);
	/* Read again, it has whole lines, and is told how many are missing. */
	assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	do {
		ssize_t n = read(master, said_all + len, (1 << 20) - 1 - len);

		if (n > 0)
			len += (size_t)n;
		else
			say("again");
	} while (!strstr(said_all, "value=again"));
	dup2(before, STDERR_FILENO);
	record_setup(RECORD_INFO, false, NULL);
	lost = strstr(said_all, "level=warning msg=\"messages lost");
	assert_non_null(lost);
	for (char *at = said_all; at < lost; at = end + 2) {
		end = strstr(at, "\r\n");
		assert_non_null(end);
		assert_memory_equal(at, "level=info ", 11);
		assert_memory_equal(end - 10, " number=-3", 10);
	}
	free(said_all);
	close(master);
	close(slave);
	close(before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_have_values, take_stderr, give_stderr),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, take_stderr, give_stderr),
		cmocka_unit_test_setup_teardown(those_above_the_level_are_not_written, take_stderr,
						give_stderr),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test_setup_teardown(a_full_pipe_or_one_without_a_reader_is_no_trouble,
						take_stderr, give_stderr),
		cmocka_unit_test(a_terminal_that_nobody_reads_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
