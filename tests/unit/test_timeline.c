/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/timeline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "scarce.h"
#include "timeline/chart.h"
#include "timeline/read.h"
#include "timeline/svg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define T "2026-11-21T03:00:"

static void read_log(struct timeline *t, const char *log)
{
	char why[READ_WHY_SIZE];

	assert_int_equal(timeline_init(t), 0);
	if (read_timeline_text(log, strlen(log), t, why) != 0)
		fail_msg("%s", why);
}

static void lives_are_in_rows_in_the_order_of_their_births(void **state)
{
	struct timeline t;

	(void)state;
	read_log(&t, "1 " T "00Z b 1 born - 0 0 0\n"
		     "2 " T "01Z a 1 born - 0 0 0\n"
		     "3 " T "02Z b 1 died 3 0 0 0\n"
		     "4 " T "03Z b 2 born - 0 0 0\n"
		     "5 " T "04Z b 2 ready - 0 0 0\n"
		     "6 " T "05Z b 2 died - 0 0 0\n"
		     "7 " T "06Z b 2 exitcode 0 0 0 0");
	assert_int_equal(t.row_count, 2);
	assert_int_equal(t.life_count, 3);
	assert_string_equal(t.rows[0].name, "b");
	assert_string_equal(t.rows[1].name, "a");
	assert_int_equal(t.lives[t.rows[0].first].code, 3);
	assert_int_equal(t.lives[t.rows[0].first].next, t.rows[0].last);
	assert_true(t.lives[t.rows[0].last].is_ready && t.lives[t.rows[0].last].has_code);
	assert_int_equal(t.lives[t.rows[0].last].code, 0);
	assert_false(t.lives[t.rows[1].last].has_died);
	timeline_release(&t);
}

static void a_fresh_start_takes_everybody_off_view(void **state)
{
	struct timeline t;

	(void)state;
	read_log(&t, "1 " T "00Z a 1 born - 0 0 0\n"
		     "2 " T "01Z b 1 died 3 0 0 0\n"
		     "3 " T "02Z - 0 fresh - 0 0 0\n"
		     "4 " T "03Z a 2 born - 0 0 0\n"
		     "5 " T "03Z a 0 owner - 7 7 0\n"
		     "6 " T "04Z a 2 removed - 0 0 0\n");
	assert_int_equal(t.fresh_count, 1);
	assert_int_equal(t.life_count, 3);
	for (size_t i = 0; i < t.life_count; i++)
		assert_true(t.lives[i].is_removed);
	assert_false(t.lives[0].has_died);
	timeline_release(&t);
}

/* As in the log of a daemon that was killed when it had written the line. */
static void what_is_told_again_at_once_is_told_once(void **state)
{
	static const char log[] =
		"level=info event=born name=a life=1 via=write uid=0 gid=0 pid=9 seq=1 time=" T
		"00Z\n"
		"level=info event=died name=a life=1 code=3 via=write uid=0 gid=0 pid=9 seq=2 "
		"time=" T "01Z\n"
		"level=warning event=restarted process=worker signal=KILL restarts=1\n"
		"level=info event=died name=a life=1 code=3 uid=0 gid=0 pid=9 seq=2 time=" T
		"01Z\n";
	struct timeline t;

	(void)state;
	read_log(&t, log);
	assert_int_equal(t.life_count, 1);
	assert_int_equal(t.moment_count, 2);
	timeline_release(&t);
}

static void what_cannot_be_is_told_with_its_line(void **state)
{
	static const struct {
		const char *log, *why;
	} cases[] = {
		{"1 " T "00Z a 1 born - 0 0 0\n1 " T "00Z b 1 born - 0 0 0\n",
		 "line 2: SEQ 1 is not greater than 1 of the line before: is it two logs?"},
		{"2 " T "00Z a 1 born - 0 0 0\n1 " T "00Z a 1 born - 0 0 0\n",
		 "line 2: SEQ 1 is not greater than 2 of the line before: is it two logs?"},
		{"1 " T "00Z a 1 born - 0 0 0\n2 " T "00Z a 1 born - 0 0 0\n",
		 "line 2: life 1 of a is born already"},
		{"1 " T "00Z a 1 died - 0 0 0\n2 " T "00Z a 1 died - 0 0 0\n",
		 "line 2: life 1 of a is dead already"},
		{"1 " T "00Z a 1 died - 0 0 0\n2 " T "00Z a 1 ready - 0 0 0\n",
		 "line 2: life 1 of a is dead, and cannot become ready"},
		{"1 " T "00Z a 1 died 3 0 0 0\n2 " T "00Z a 1 exitcode 3 0 0 0\n",
		 "line 2: life 1 of a has an exit code already"},
		{"1 " T "00Z a 2 born - 0 0 0\n\n",
		 "line 2: has not the columns SEQ TIME NAME LIFE "
		 "WHAT CODE UID GID PID"},
		{"1 " T "00Z a 2 born - 0 0 0\n2 " T "00Z a 1 born - 0 0 0\n",
		 "line 2: life 1 of a is told of after a later one"},
		{"1 " T "00Z a 1 born - 0 0 0\n2 " T "00Z a 1 di",
		 "line 2: has not the columns SEQ TIME NAME LIFE WHAT CODE UID GID PID"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct timeline t;
		char why[READ_WHY_SIZE];

		assert_int_equal(timeline_init(&t), 0);
		assert_int_equal(read_timeline_text(cases[i].log, strlen(cases[i].log), &t, why),
				 -EINVAL);
		assert_string_equal(why, cases[i].why);
		timeline_release(&t);
	}
}

/* A log in which `count` lines come of `format`, which takes the number of the line twice. */
static char *repeat(const char *format, unsigned count)
{
	struct buf text = BUF_INIT;

	for (unsigned i = 1; i <= count; i++) {
		char line[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(line, sizeof(line), format, i, i);
#pragma GCC diagnostic pop
		buf_adds(&text, line);
	}
	assert_int_equal(buf_error(&text), 0);
	return text.data;
}

static void assert_limit(const char *format, unsigned max, const char *expected)
{
	char why[READ_WHY_SIZE], *text = repeat(format, max);
	struct timeline t;

	read_log(&t, text);
	timeline_release(&t);
	free(text);
	text = repeat(format, max + 1);
	assert_int_equal(timeline_init(&t), 0);
	assert_int_equal(read_timeline_text(text, strlen(text), &t, why), -EINVAL);
	assert_string_equal(why, expected);
	timeline_release(&t);
	free(text);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	assert_limit("%u " T "00Z n%u 1 born - 0 0 0\n", TIMELINE_ROWS_MAX,
		     "line 1001: is of more than 1000 names: choose some, as with grep");
	assert_limit("%u " T "00Z n %u born - 0 0 0\n", TIMELINE_LIVES_MAX,
		     "line 20001: is of more than 20000 lives: choose some, as with grep");
	assert_limit("%u " T "00Z - 0 fresh - 0 0 0 %u\n", TIMELINE_FRESH_MAX,
		     "line 1001: is of more than 1000 fresh starts: choose some, as with grep");
}

static void lines_are_bounded(void **state)
{
	static const char begin[] = "1 " T "00Z a 1 born - 0 0 0 ";
	char log[2048], why[READ_WHY_SIZE];
	struct timeline t;

	(void)state;
	memset(log + sprintf(log, "%s", begin), 'x', 1024);
	log[1023] = '\n'; /* LINE_MAX_LEN */
	assert_int_equal(timeline_init(&t), 0);
	assert_int_equal(read_timeline_text(log, 1024, &t, why), 0);
	timeline_release(&t);
	log[1023] = 'x';
	log[1024] = '\n';
	assert_int_equal(timeline_init(&t), 0);
	assert_int_equal(read_timeline_text(log, 1025, &t, why), -EINVAL);
	assert_string_equal(why, "line 1: is longer than a line of a log can be");
	timeline_release(&t);
}

/* ---- the chart ---- */

static void draw(struct timeline *t, struct chart *chart, const char *log)
{
	read_log(t, log);
	assert_int_equal(chart_init(chart, t), 0);
}

static void release(struct timeline *t, struct chart *chart)
{
	chart_release(chart);
	timeline_release(t);
}

static void lives_lie_where_their_times_are(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "1 " T "00Z a 1 born - 0 0 0\n"
	     "2 " T "05Z a 1 ready - 0 0 0\n"
	     "3 " T "10Z a 1 died 0 0 0 0\n"
	     "4 " T "10Z b 1 born - 0 0 0\n"
	     "5 " T "20Z a 2 born - 0 0 0\n");
	assert_int_equal(c.lives[0].left, c.plot_left);
	assert_int_equal(c.lives[0].right, (c.plot_left + c.plot_right) / 2);
	assert_int_equal(c.lives[0].ready_left, (3 * c.plot_left + c.plot_right) / 4);
	assert_int_equal(c.lives[0].ready_right, c.lives[0].right);
	assert_true(c.lives[0].labelled && !c.lives[0].open_left && !c.lives[0].open_right);
	assert_int_equal(c.lives[0].outcome, OUTCOME_OK);
	assert_int_equal(c.lives[1].row, 0);
	assert_true(c.lives[1].open_right);
	assert_int_equal(c.lives[2].outcome, OUTCOME_ALIVE);
	assert_int_equal(c.lives[2].right, c.plot_right);
	assert_int_equal(c.alive, 2);
	assert_true(chart_row_y(&c, 1) == chart_row_y(&c, 0) + c.row_height);
	release(&t, &c);
}

static void codes_are_told_apart(void **state)
{
	static const struct {
		const char *what;
		enum outcome outcome;
	} cases[] = {
		{"died 0", OUTCOME_OK},       {"died 1", OUTCOME_FAILED},
		{"died 128", OUTCOME_FAILED}, {"died 129", OUTCOME_SIGNAL},
		{"died 192", OUTCOME_SIGNAL}, {"died 193", OUTCOME_FAILED},
		{"died 255", OUTCOME_FAILED}, {"died -1", OUTCOME_SIGNAL},
		{"died -", OUTCOME_UNKNOWN},  {"removed -", OUTCOME_REMOVED},
		{"epitaph -", OUTCOME_ALIVE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct timeline t;
		struct chart c;
		char log[128];

		(void)snprintf(log, sizeof(log),
			       "1 " T "00Z a 1 born - 0 0 0\n2 " T "10Z a 1 %s 0 0 0",
			       cases[i].what);
		draw(&t, &c, log);
		assert_int_equal(c.lives[0].outcome, cases[i].outcome);
		release(&t, &c);
	}
}

static void a_clock_that_was_set_back_is_no_harm(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "1 " T "10Z a 1 born - 0 0 0\n"
	     "2 " T "00Z a 1 died 1 0 0 0\n"
	     "3 " T "05Z a 2 born - 0 0 0\n"
	     "4 " T "06Z a 2 died 1 0 0 0\n");
	assert_true(c.lives[0].backwards && !c.lives[1].backwards);
	assert_int_equal(c.lives[0].left, c.plot_left);
	assert_int_equal(c.lives[0].birth, c.plot_right);
	assert_int_equal(c.lives[1].birth, (c.plot_left + c.plot_right) / 2);
	release(&t, &c);
}

static void a_birth_long_ago_is_off_the_edge(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "1 1970-01-01T00:00:00Z a 1 born - 0 0 0\n"
	     "2 " T "00Z b 1 born - 0 0 0\n"
	     "3 " T "10Z b 1 died 1 0 0 0\n"
	     "4 " T "20Z a 1 died 1 0 0 0\n");
	assert_true(c.lives[0].open_left);
	assert_int_equal(c.lives[0].birth, CHART_NOWHERE);
	assert_int_equal(c.lives[0].left, c.plot_left);
	assert_int_equal(c.lives[1].left, c.plot_left);
	assert_int_equal(c.lives[1].right, (c.plot_left + c.plot_right) / 2);
	release(&t, &c);
	/* Told in advance, and so not the end of the chart; in the other case it is. */
	draw(&t, &c,
	     "1 " T "00Z b 1 born - 0 0 0\n"
	     "2 2099-01-01T00:00:00Z b 1 died - 0 0 0\n"
	     "3 " T "01Z a 1 born - 0 0 0\n"
	     "4 " T "10Z a 1 died 1 0 0 0\n");
	assert_true(c.lives[0].open_right);
	assert_int_equal(c.lives[1].right, c.plot_right);
	release(&t, &c);
	draw(&t, &c,
	     "1 " T "00Z b 1 born - 0 0 0\n"
	     "2 " T "01Z a 1 born - 0 0 0\n"
	     "3 " T "10Z a 1 died 1 0 0 0\n"
	     "4 2099-01-01T00:00:00Z b 1 died - 0 0 0\n");
	assert_false(c.lives[0].open_right);
	assert_int_equal(c.lives[0].right, c.plot_right);
	release(&t, &c);
}

static void the_shortest_life_is_seen(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "1 " T "00Z a 1 born - 0 0 0\n"
	     "2 " T "00.000000001Z a 1 died 1 0 0 0\n"
	     "3 " T "00.000000002Z a 2 born - 0 0 0\n"
	     "4 " T "59Z b 1 born - 0 0 0\n");
	assert_true(c.lives[0].right >= c.lives[0].left + 10);
	assert_true(c.lives[0].cramped && !c.lives[0].labelled);
	release(&t, &c);
}

static void a_log_that_begins_in_the_middle_is_drawn(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "7 " T "00Z a 3 ready - 0 0 0\n"
	     "8 " T "10Z a 3 epitaph - 0 0 0\n"
	     "9 " T "20Z a 5 born - 0 0 0\n");
	assert_true(c.lives[0].open_left && !c.lives[0].open_right);
	assert_int_equal(c.lives[0].outcome, OUTCOME_UNKNOWN);
	assert_int_equal(c.lives[0].right, c.plot_right); /* at the latest when the next began */
	release(&t, &c);
	/* Not a single time that is drawn. */
	draw(&t, &c, "7 " T "00Z a 3 epitaph - 0 0 0\n");
	assert_true(c.lives[0].open_left && c.lives[0].open_right);
	assert_int_equal(c.ticks.count, 0);
	release(&t, &c);
	draw(&t, &c, "");
	assert_int_equal(c.life_count, 0);
	assert_true(c.height > 0);
	release(&t, &c);
}

static void the_ends_of_time_are_no_harm(void **state)
{
	struct timeline t;
	struct chart c;

	(void)state;
	draw(&t, &c,
	     "1 1677-09-21T00:12:43.145224192Z a 1 born - 0 0 0\n"
	     "2 2262-04-11T23:47:16.854775807Z a 1 died 1 0 0 0\n");
	assert_int_equal(c.lives[0].left, c.plot_left);
	assert_int_equal(c.lives[0].right, c.plot_right);
	assert_true(c.ticks.count > 2);
	release(&t, &c);
	draw(&t, &c, "1 1677-09-21T00:12:43.145224192Z a 1 born - 0 0 0\n");
	assert_int_equal(c.lives[0].birth, c.plot_left);
	release(&t, &c);
	draw(&t, &c, "1 2262-04-11T23:47:16.854775807Z a 1 born - 0 0 0\n");
	assert_int_equal(c.lives[0].birth, c.plot_right);
	release(&t, &c);
}

/* ---- memory ---- */

static int draw_all(const char *log)
{
	char why[READ_WHY_SIZE];
	struct buf text = BUF_INIT;
	struct chart c = {0};
	struct timeline t;
	int r = timeline_init(&t);

	if (r == 0)
		r = read_timeline_text(log, strlen(log), &t, why);
	if (r == 0)
		r = chart_init(&c, &t);
	if (r == 0) {
		svg_write(&c, &text);
		r = buf_error(&text);
	}
	buf_release(&text);
	release(&t, &c);
	return r;
}

static void no_memory_is_an_error(void **state)
{
	char *log = repeat("%u " T "00Z n%u 1 died 3 0 0 0\n", 40);
	bool failed = true;

	(void)state;
	for (unsigned n = 1; failed; n++) {
		int r;

		scarce_memory(n);
		r = draw_all(log);
		failed = !scarce_memory_to_come();
		scarce_memory(0);
		assert_int_equal(r, failed ? -ENOMEM : 0);
	}
	free(log);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_are_in_rows_in_the_order_of_their_births),
		cmocka_unit_test(a_fresh_start_takes_everybody_off_view),
		cmocka_unit_test(what_is_told_again_at_once_is_told_once),
		cmocka_unit_test(what_cannot_be_is_told_with_its_line),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(lives_lie_where_their_times_are),
		cmocka_unit_test(codes_are_told_apart),
		cmocka_unit_test(a_clock_that_was_set_back_is_no_harm),
		cmocka_unit_test(a_birth_long_ago_is_off_the_edge),
		cmocka_unit_test(the_shortest_life_is_seen),
		cmocka_unit_test(a_log_that_begins_in_the_middle_is_drawn),
		cmocka_unit_test(the_ends_of_time_are_no_harm),
		cmocka_unit_test(no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
