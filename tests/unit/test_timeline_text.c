/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of the axis, durations, and what becomes of text that strangers wrote. */
#include "timeline/text.h"
#include "timeline/ticks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rfc3339.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY (24 * 3600 * NSEC_PER_SEC)

static int64_t at(const char *text)
{
	int64_t ns = 0;

	assert_int_equal(rfc3339_parse(text, strlen(text), &ns), 0);
	return ns;
}

static void marks_are_at_round_times(void **state)
{
	static const struct {
		const char *from;
		int64_t span;
		const char *context, *first, *second, *last;
	} cases[] = {
		{"2026-11-21T03:00:00.123456789Z", 10, "2026-11-21 03:00:00", ".123456790",
		 ".123456792", ".123456798"},
		{"2026-11-21T03:00:00Z", 1000, "2026-11-21 03:00:00", ".0000000", ".0000001",
		 ".0000010"},
		{"2026-11-21T03:00:00Z", 3 * NSEC_PER_MSEC, "2026-11-21 03:00:00", ".0000", ".0005",
		 ".0030"},
		{"2026-11-21T03:00:00Z", 100 * NSEC_PER_MSEC, "2026-11-21 03:00", ":00.00",
		 ":00.01", ":00.10"},
		{"2026-11-21T03:00:00.9Z", NSEC_PER_SEC, "2026-11-21 03:00", ":00.9", ":01.0",
		 ":01.9"},
		{"2026-11-21T02:59:58Z", 9 * NSEC_PER_SEC, "2026-11-21", "02:59:58", "02:59:59",
		 "03:00:07"},
		{"2026-11-21T02:59:58Z", 150 * NSEC_PER_SEC, "2026-11-21", "03:00:00", "03:00:15",
		 "03:02:15"},
		{"2026-11-21T02:59:58Z", 600 * NSEC_PER_SEC, "2026-11-21", "03:00", "03:01",
		 "03:09"},
		{"2026-11-21T02:59:58Z", 3600 * NSEC_PER_SEC, "2026-11-21", "03:00", "03:05",
		 "03:55"},
		{"2026-11-21T23:30:00Z", DAY, "2026-11-21", "00:00", "02:00", "22:00"},
		{"2026-12-28T23:30:00Z", 9 * DAY, "2026", "Dec 29", "Dec 30", "Jan 6"},
		/* Mondays. */
		{"2026-11-21T23:30:00Z", 60 * DAY, "2026", "Nov 23", "Nov 30", "Jan 18"},
		{"2026-11-21T23:30:00Z", 200 * DAY, "2026", "Dec", "Jan", "Jun"},
		{"2026-11-21T23:30:00Z", 900 * DAY, "2026", "Jan", "Apr", "Apr"},
		{"2026-11-21T23:30:00Z", 16 * 365 * DAY, "", "2027", "2028", "2042"},
		{"1970-01-01T00:00:00Z", 57 * 365 * DAY, "", "1970", "1975", "2025"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t from = at(cases[i].from);
		struct ticks ticks;

		ticks_choose(from, from + cases[i].span, 100, &ticks);
		if (ticks.count < 3)
			fail_msg("%s: %zu marks", cases[i].from, ticks.count);
		assert_string_equal(ticks.context, cases[i].context);
		assert_string_equal(ticks.ticks[0].label, cases[i].first);
		assert_string_equal(ticks.ticks[1].label, cases[i].second);
		assert_string_equal(ticks.ticks[ticks.count - 1].label, cases[i].last);
	}
}

static void a_context_changes_with_its_mark(void **state)
{
	struct ticks ticks;
	int64_t from = at("2026-11-21T22:00:00Z");

	(void)state;
	ticks_choose(from, from + DAY / 4, 60, &ticks);
	assert_string_equal(ticks.context, "2026-11-21");
	for (size_t i = 0; i < ticks.count; i++)
		assert_string_equal(ticks.ticks[i].context, ticks.ticks[i].time < from + DAY / 12
								    ? "2026-11-21"
								    : "2026-11-22");
}

/* Whatever the span and the room, in the same proportion as on a chart. */
static void labels_are_apart_on_any_axis(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned width = 30 + (unsigned)rand_r(&seed) % 150;
		int64_t span =
			(int64_t)(((uint64_t)rand_r(&seed) << 32 | (uint64_t)rand_r(&seed)) >>
				  (rand_r(&seed) % 62));
		int64_t from = INT64_C(1795000000000000000) - rand_r(&seed) * INT64_C(7919);
		struct ticks t;

		if (span < 1 || span > INT64_MAX - from)
			continue;
		ticks_choose(from, from + span, width, &t);
		assert_true(t.count <= TICKS_MAX);
		assert_true(t.count == 0 ||
			    (t.ticks[0].time >= from && t.ticks[t.count - 1].time <= from + span));
		for (size_t i = 1; i < t.count; i++) {
			size_t taken = strlen(t.ticks[i - 1].label) + strlen(t.ticks[i].label);
			double apart = (double)(t.ticks[i].time - t.ticks[i - 1].time) /
				       (double)span * width;

			if (apart < (double)taken / 2 + 1)
				fail_msg("%s and %s", t.ticks[i - 1].label, t.ticks[i].label);
		}
	}
}

static void durations_have_two_units(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0ns"},
		{1, "1ns"},
		{999, "999ns"},
		{1000, "1us"},
		{1500, "1.50us"},
		{UINT64_C(12345678), "12.34ms"},
		{UINT64_C(999999999), "999.99ms"},
		{UINT64_C(1000000000), "1s"},
		{UINT64_C(1050000000), "1.05s"},
		{UINT64_C(59999999999), "59.99s"},
		{UINT64_C(60000000000), "1m"},
		{UINT64_C(3661) * NSEC_PER_SEC, "1h 1m"},
		{UINT64_C(86400) * NSEC_PER_SEC, "1d"},
		{UINT64_C(90000) * NSEC_PER_SEC, "1d 1h"},
		{UINT64_MAX, "213503d 23h"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[DURATION_SIZE];

		text_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void strangers_text_is_harmless(void **state)
{
	static const char hostile[] = "<script>\"'&\x1b[31m\n\xff\xc2\x9b\0]]>";
	struct buf text = BUF_INIT;

	(void)state;
	text_escape(&text, hostile, sizeof(hostile) - 1);
	assert_int_equal(buf_error(&text), 0);
	assert_string_equal(text.data, "&lt;script&gt;&quot;&#39;&amp;\\x1b[31m\\x0a\\xff\\xc2\\x9b"
				       "\\x00]]&gt;");
	buf_release(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_at_round_times),
		cmocka_unit_test(a_context_changes_with_its_mark),
		cmocka_unit_test(labels_are_apart_on_any_axis),
		cmocka_unit_test(durations_have_two_units),
		cmocka_unit_test(strangers_text_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
