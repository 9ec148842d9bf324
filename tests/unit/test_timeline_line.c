/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/journal.h"
#include "core/store.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_read_back(const struct event *event)
{
	struct event got = {.seq = 4711};
	struct buf text = BUF_INIT;
	char why[LINE_WHY_SIZE];

	journal_line(event, &text);
	assert_int_equal(buf_error(&text), 0);
	assert_true(text.len <= LINE_MAX_LEN);
	assert_int_equal(line_parse(text.data, text.len - 1, &got, why), LINE_EVENT);
	assert_true(got.seq == event->seq && got.time == event->time && got.life == event->life);
	assert_int_equal(got.what, event->what);
	assert_int_equal(got.has_code, event->has_code);
	assert_int_equal(got.code, event->code);
	assert_string_equal(got.name, event->name);
	assert_int_equal(got.by.uid, event->by.uid);
	assert_int_equal(got.by.gid, event->by.gid);
	assert_int_equal(got.by.pid, event->by.pid);
	buf_release(&text);
}

static void what_the_journal_writes_is_read_back(void **state)
{
	struct event longest = {.seq = UINT64_MAX,
				.time = INT64_MIN,
				.life = UINT64_MAX,
				.what = EVENT_EXITCODE,
				.has_code = true,
				.code = -1,
				.by = {.uid = UINT32_MAX, .gid = UINT32_MAX, .pid = INT32_MAX}};

	(void)state;
	memset(longest.name, 'n', GRAVE_NAME_MAX);
	assert_read_back(&longest);
	for (enum event_what what = EVENT_BORN; what <= EVENT_FRESH; what++) {
		struct event event = {
			.seq = what, .time = 1, .what = what, .by = {.uid = 0, .gid = 1, .pid = 2}};

		event.life = what == EVENT_OWNER || what == EVENT_FRESH ? 0 : 7;
		if (what != EVENT_FRESH)
			event.name[0] = 'a';
		event.has_code = what == EVENT_EXITCODE;
		assert_read_back(&event);
	}
	for (int code = -1; code <= 255; code++)
		assert_read_back(&(struct event){.seq = 1,
						 .name = "a.b_c-d",
						 .life = 1,
						 .what = EVENT_DIED,
						 .has_code = true,
						 .code = code});
}

static int parse(const char *text, struct event *event, char why[LINE_WHY_SIZE])
{
	return line_parse(text, strlen(text), event, why);
}

static void further_columns_are_not_looked_at(void **state)
{
	struct event event;
	char why[LINE_WHY_SIZE];

	(void)state;
	assert_int_equal(
		parse("1 2026-11-21T03:00:00Z a 1 born - 0 0 7 later \x1b[31m", &event, why),
		LINE_EVENT);
	assert_int_equal(event.by.pid, 7);
}

static void the_log_of_the_daemon_will_do(void **state)
{
	static const char *const lines[] = {
		"level=info event=died name=a life=2 code=3 via=write uid=1 gid=5 pid=7 seq=4"
		" time=2026-11-21T03:00:00Z",
		"{\"level\":\"info\",\"event\":\"died\",\"name\":\"a\",\"life\":2,\"code\":3,"
		"\"uid\":1,"
		"\"gid\":5,\"pid\":7,\"seq\":4,\"time\":\"2026-11-21T03:00:00Z\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct event event;
		char why[LINE_WHY_SIZE];

		assert_int_equal(parse(lines[i], &event, why), LINE_EVENT);
		assert_int_equal(event.what, EVENT_DIED);
		assert_string_equal(event.name, "a");
		assert_true(event.seq == 4 && event.life == 2 && event.code == 3);
		assert_true(event.by.uid == 1 && event.by.gid == 5 && event.by.pid == 7);
	}
}

/* What is not told of an event is as `.log` has it. */
static void what_nobody_told_is_nobodys(void **state)
{
	struct event event;
	char why[LINE_WHY_SIZE];

	(void)state;
	assert_int_equal(
		parse("level=info event=fresh seq=9 time=2026-11-21T03:00:00Z", &event, why),
		LINE_EVENT);
	assert_true(event.what == EVENT_FRESH && event.life == 0 && !event.has_code);
	assert_string_equal(event.name, "");
	assert_int_equal(event.by.pid, 0);
}

static void the_rest_of_the_daemons_log_is_no_event(void **state)
{
	static const char *const lines[] = {
		"level=info event=serving mountpoint=/g",
		"level=warning event=restarted process=worker signal=KILL restarts=1",
		"level=warning msg=\"refused: ' seq=1 \\\" seq=2 time=x'\"",
		"{\"level\":\"warning\",\"msg\":\"\\\"seq\\\":1,}\"}",
		"level=error msg=\"\"",
	};
	static const char *const broken[] = {
		"level=info event=died msg=\"seq=1",
		"level=info seq",
		"level=info seq=4\"",
		"level=info  seq=4",
		"{\"level\":\"info\"",
		"{\"level\":\"info\",",
		"{\"level\":\"info\"} ",
		"{\"level\":\"info\\",
		"level=info event=died name=a life=1 seq=4",
	};
	struct event event = {.seq = 42};
	char why[LINE_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(parse(lines[i], &event, why), LINE_OTHER);
	for (size_t i = 0; i < COUNT(broken); i++)
		assert_int_equal(parse(broken[i], &event, why), -EINVAL);
	assert_int_equal(event.seq, 42);
}

static void what_is_wrong_is_told(void **state)
{
	static const char columns[] =
		"has not the columns SEQ TIME NAME LIFE WHAT CODE UID GID PID";
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"", columns},
		{"nonsense", columns},
		{"1 2026-11-21T03:00:00Z a 1 born - 0 0", columns},
		{"1 2026-11-21T03:00:00Z a 1 bo", columns},
		{"0 2026-11-21T03:00:00Z a 1 born - 0 0 0", "SEQ '0' is not a number from 1 on"},
		{"01 2026-11-21T03:00:00Z a 1 born - 0 0 0", "SEQ '01' is not a number from 1 on"},
		{" 1 2026-11-21T03:00:00Z a 1 born - 0 0", "SEQ '' is not a number from 1 on"},
		{"18446744073709551616 2026-11-21T03:00:00Z a 1 born - 0 0 0",
		 "SEQ '18446744073709551616' is not a number from 1 on"},
		{"1 yesterday a 1 born - 0 0 0", "TIME 'yesterday' is not a time"},
		{"1 2026-13-21T03:00:00Z a 1 born - 0 0 0",
		 "TIME '2026-13-21T03:00:00Z' is not a time"},
		{"1 9999-11-21T03:00:00Z a 1 born - 0 0 0",
		 "TIME '9999-11-21T03:00:00Z' is not a time"},
		{"1 2026-11-21T03:00:00Z - 1 born - 0 0 0", "NAME '-' is not a name"},
		{"1 2026-11-21T03:00:00Z .a 1 born - 0 0 0", "NAME '.a' is not a name"},
		{"1 2026-11-21T03:00:00Z a 0 fresh - 0 0 0", "NAME 'a' is not a name"},
		{"1 2026-11-21T03:00:00Z a 0 born - 0 0 0", "LIFE '0' is not the number of a life"},
		{"1 2026-11-21T03:00:00Z a 1 owner - 0 0 0",
		 "LIFE '1' is not the number of a life"},
		{"1 2026-11-21T03:00:00Z a 1 slept - 0 0 0", "WHAT 'slept' is no event"},
		{"1 2026-11-21T03:00:00Z a 1 born 3 0 0 0",
		 "CODE '3' is not an exit code of that event"},
		{"1 2026-11-21T03:00:00Z a 1 died 256 0 0 0",
		 "CODE '256' is not an exit code of that event"},
		{"1 2026-11-21T03:00:00Z a 1 died -2 0 0 0",
		 "CODE '-2' is not an exit code of that event"},
		{"1 2026-11-21T03:00:00Z a 1 exitcode - 0 0 0",
		 "CODE '-' is not an exit code of that event"},
		{"1 2026-11-21T03:00:00Z a 1 died 3 root 0 0",
		 "UID 'root' and what follows are not UID GID PID"},
		{"1 2026-11-21T03:00:00Z a 1 died 3 0 0 7\r",
		 "UID '0' and what follows are not UID GID PID"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event event = {.seq = 42};
		char why[LINE_WHY_SIZE];

		if (parse(cases[i].line, &event, why) != -EINVAL)
			fail_msg("'%s' is accepted", cases[i].line);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(event.seq, 42);
	}
}

static void a_reason_is_harmless_whatever_the_line_is(void **state)
{
	struct event event;
	char why[LINE_WHY_SIZE];
	char line[600] = "1 2026-11-21T03:00:00Z ";
	size_t len = strlen(line);

	(void)state;
	assert_int_equal(
		parse("1 2026-11-21T03:00:00Z \x1b[31m\xff\x9b 1 born - 0 0 0", &event, why),
		-EINVAL);
	assert_string_equal(why, "NAME '\\x1b[31m\\xff\\x9b' is not a name");
	memset(line + len, 1, 500);
	(void)sprintf(line + len + 500, " 1 born - 0 0 0");
	assert_int_equal(parse(line, &event, why), -EINVAL);
	for (const char *s = why; *s; s++)
		assert_true(*s >= ' ' && *s <= '~');
	assert_non_null(strstr(why, "is not a name"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_journal_writes_is_read_back),
		cmocka_unit_test(further_columns_are_not_looked_at),
		cmocka_unit_test(the_log_of_the_daemon_will_do),
		cmocka_unit_test(what_nobody_told_is_nobodys),
		cmocka_unit_test(the_rest_of_the_daemons_log_is_no_event),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(a_reason_is_harmless_whatever_the_line_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
