/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, and how it reads. */
#include "fs/metrics.h"

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
#include "fs/view.h"

static unsigned waits[VIEW_COUNT];
static const struct metrics_now now = {
	.waits = waits,
	.libfuse = "3.14.0",
	.store = {.engine = "fake", .version = "1"},
};

static struct buf text;

static void tell(const struct metrics *m, const struct metrics_now *n)
{
	buf_truncate(&text, 0);
	metrics_text(m, n, &text);
	assert_int_equal(buf_error(&text), 0);
}

static int release(void **state)
{
	(void)state;
	buf_release(&text);
	memset(waits, 0, sizeof(waits));
	return 0;
}

/* The value of a series, whose name and labels these are. */
static double value_of(const char *series)
{
	char line[256];
	const char *found;

	(void)snprintf(line, sizeof(line), "\ngraveyardfs_%s ", series);
	found = strstr(text.data, line);
	if (!found)
		fail_msg("there is no %s", series);
	return strtod(found + strlen(line), NULL);
}

static void assert_value(const char *series, double expected)
{
	if (value_of(series) != expected)
		fail_msg("%s: %g, expected %g", series, value_of(series), expected);
}

static void happen(struct metrics *m, uint64_t seq, enum event_what what, int code)
{
	const struct event event = {.seq = seq, .what = what, .has_code = code != -2, .code = code};

	metrics_event(m, &event, METRICS_NO_MORE);
}

static void what_happens_is_counted(void **state)
{
	struct metrics m = {0};

	(void)state;
	metrics_begin(&m, 10, 4);
	happen(&m, 11, EVENT_BORN, -2);
	happen(&m, 12, EVENT_READY, -2);
	happen(&m, 13, EVENT_DIED, -2);
	happen(&m, 14, EVENT_EPITAPH, -2);
	happen(&m, 15, EVENT_EXITCODE, 7);
	assert_int_equal(metrics_seq(&m), 15);
	tell(&m, &now);
	assert_value("births_total", 1);
	assert_value("readies_total", 1);
	assert_value("deaths_total", 1);
	assert_value("exit_codes_total{code=\"1-125\"}", 1);
	assert_value("lost_leases_total", 0);
}

static void whoever_is_alive_is_counted(void **state)
{
	const struct event removal = {.seq = 16, .what = EVENT_REMOVED};
	struct metrics m = {0};

	(void)state;
	metrics_begin(&m, 10, 4);
	happen(&m, 11, EVENT_BORN, -2);
	happen(&m, 12, EVENT_BORN, -2);
	happen(&m, 13, EVENT_READY, -2);
	happen(&m, 14, EVENT_DIED, 3);
	happen(&m, 15, EVENT_EPITAPH, -2);
	tell(&m, &now);
	assert_value("alive", 5);
	metrics_event(&m, &removal, METRICS_OVER);
	tell(&m, &now);
	assert_value("alive", 5);
	happen(&m, 17, EVENT_REMOVED, -2);
	tell(&m, &now);
	assert_value("alive", 4);
}

static void an_event_counts_once(void **state)
{
	struct metrics m = {0};

	(void)state;
	metrics_begin(&m, 5, 0);
	happen(&m, 5, EVENT_BORN, -2);
	happen(&m, 6, EVENT_BORN, -2);
	happen(&m, 6, EVENT_BORN, -2);
	tell(&m, &now);
	assert_value("births_total", 1);
}

/* Whoever counts may be killed at any store: the one that holds is never the one that is written to. */
static void what_holds_is_not_written_to(void **state)
{
	struct metrics m = {0};

	(void)state;
	for (uint64_t seq = 1; seq < 5; seq++) {
		const struct metrics_facts *holds = &m.facts[m.current];
		struct metrics_facts before = *holds;

		happen(&m, seq, EVENT_DIED, 0);
		assert_memory_equal(holds, &before, sizeof(before));
		assert_int_equal(m.facts[m.current].codes[EXIT_CLASS_0], seq);
	}
}

static void only_deaths_are_losses(void **state)
{
	const struct event death = {.seq = 1, .what = EVENT_DIED},
			   epitaph = {.seq = 2, .what = EVENT_EPITAPH};
	struct metrics m = {0};

	(void)state;
	metrics_event(&m, &death, METRICS_LOST);
	metrics_event(&m, &epitaph, METRICS_LOST);
	tell(&m, &now);
	assert_value("lost_leases_total", 1);
	assert_value("deaths_total", 1);
}

static void every_code_is_of_one_class(void **state)
{
	struct metrics m = {0};
	uint64_t seq = 0;

	(void)state;
	for (int code = -1; code <= 255; code++)
		happen(&m, ++seq, EVENT_DIED, code);
	tell(&m, &now);
	assert_value("deaths_total", 257);
	assert_value("exit_codes_total{code=\"0\"}", 1);
	assert_value("exit_codes_total{code=\"1-125\"}", 125);
	assert_value("exit_codes_total{code=\"126-127\"}", 2);
	assert_value("exit_codes_total{code=\"128-255\"}", 129); /* and -1 */
}

/* What the kernel, or who it asks for, could think of: never another label. */
static void what_nobody_knows_is_other(void **state)
{
	struct metrics m = {0};
	size_t len;

	(void)state;
	tell(&m, &now);
	len = text.len;
	metrics_request(&m, 15); /* FUSE_READ */
	for (uint32_t opcode = 4000; opcode < 4003; opcode++)
		metrics_request(&m, opcode);
	metrics_request(&m, 63);
	metrics_request(&m, UINT32_MAX);
	metrics_error(&m, 0);
	metrics_error(&m, 1); /* a notification */
	metrics_error(&m, -EACCES);
	metrics_error(&m, -EXDEV);
	metrics_error(&m, -4000);
	metrics_error(&m, INT32_MIN + 1);
	tell(&m, &now);
	assert_int_equal(text.len, len);
	assert_value("requests_total{operation=\"read\"}", 1);
	assert_value("requests_total{operation=\"other\"}", 5);
	assert_value("errors_total{errno=\"EACCES\"}", 1);
	assert_value("errors_total{errno=\"other\"}", 3);
}

static void a_histogram_adds_up(void **state)
{
	struct metrics m = {0};

	(void)state;
	metrics_commit(&m, 0, 0, 50000);
	metrics_commit(&m, 0, 1, 50001);
	metrics_commit(&m, 0, 64, 1000000000);
	metrics_commit(&m, -ENOSPC, 65, 1000000001);
	metrics_commit(&m, 0, 320, -1); /* a clock that goes back does not make it smaller */
	tell(&m, &now);
	assert_value("commits_total{result=\"success\"}", 4);
	assert_value("commits_total{result=\"failure\"}", 1);
	assert_value("commit_events_bucket{le=\"1\"}", 2);
	assert_value("commit_events_bucket{le=\"32\"}", 2);
	assert_value("commit_events_bucket{le=\"64\"}", 3);
	assert_value("commit_events_bucket{le=\"96\"}", 4);
	assert_value("commit_events_bucket{le=\"256\"}", 4);
	assert_value("commit_events_bucket{le=\"+Inf\"}", 5);
	assert_value("commit_events_sum", 450);
	assert_value("commit_events_count", 5);
	assert_value("commit_duration_seconds_bucket{le=\"0.00005\"}", 2);
	assert_value("commit_duration_seconds_bucket{le=\"0.0001\"}", 3);
	assert_value("commit_duration_seconds_bucket{le=\"1\"}", 4);
	assert_value("commit_duration_seconds_bucket{le=\"+Inf\"}", 5);
	assert_value("commit_duration_seconds_count", 5);
	assert_non_null(
		strstr(text.data, "\ngraveyardfs_commit_duration_seconds_sum 2.000100002\n"));
}

/* Each bound as a number is what is written of it. */
static void the_bounds_are_what_they_say(void **state)
{
	struct metrics m = {0};
	const char *line;
	double last = 0;
	uint64_t ns = 0;

	(void)state;
	for (unsigned i = 0; i < METRICS_BUCKETS - 1; i++) {
		char bound[32];

		tell(&m, &now);
		line = strstr(text.data, "commit_duration_seconds_bucket");
		for (unsigned skip = 0; skip < i; skip++)
			line = strchr(line, '\n') + 1;
		assert_int_equal(sscanf(strstr(line, "le=\""), "le=\"%31[^\"]", bound), 1);
		assert_true(strtod(bound, NULL) > last);
		last = strtod(bound, NULL);
		ns = (uint64_t)(last * 1e9 + 0.5);
		m = (struct metrics){0};
		metrics_commit(&m, 0, 1, (int64_t)ns);
		assert_int_equal(m.commit_time.buckets[i], 1);
		metrics_commit(&m, 0, 1, (int64_t)ns + 1);
		assert_int_equal(m.commit_time.buckets[i + 1], 1);
	}
}

static void what_is_so_now_is_told(void **state)
{
	struct metrics_now n = now;
	struct metrics m = {.restarts = 3};

	(void)state;
	n.leases = 2;
	n.store.bytes = 4096;
	n.store.log_bytes = 123;
	waits[VIEW_WAIT_DIED] = 7;
	waits[VIEW_WAIT_DRAINED] = 1;
	waits[VIEW_EVENTS] = 9;
	tell(&m, &n);
	assert_value("leases", 2);
	assert_value("worker_restarts_total", 3);
	assert_value("waits{kind=\"died\"}", 7);
	assert_value("waits{kind=\"born\"}", 0);
	assert_value("waits{kind=\"drained\"}", 1);
	assert_value("waits{kind=\"events\"}", 9);
	assert_value("database_size_bytes{file=\"database\"}", 4096);
	assert_value("database_size_bytes{file=\"log\"}", 123);
	assert_non_null(strstr(text.data, "\ngraveyardfs_build_info{version=\"" GRAVEYARDFS_VERSION
					  "\",libfuse=\"3.14.0\",fake=\"1\"} 1\n"));
}

static void the_longest_text_has_room(void **state)
{
	struct metrics_now n = now;
	struct metrics m;

	(void)state;
	memset(&m, 0xff, sizeof(m));
	m.current = 1;
	memset(waits, 0xff, sizeof(waits));
	m.facts[1].alive = n.leases = n.store.bytes = n.store.log_bytes = UINT64_MAX;
	tell(&m, &n);
	print_message("  %zu bytes at most\n", text.len);
	assert_in_range(text.len, 1, METRICS_TEXT_MAX - 256); /* versions may be longer */
	assert_int_equal(text.data[text.len - 1], '\n');
}

#define TEST(f) cmocka_unit_test_teardown(f, release)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_happens_is_counted),      TEST(whoever_is_alive_is_counted),
		TEST(an_event_counts_once),         TEST(what_holds_is_not_written_to),
		TEST(only_deaths_are_losses),       TEST(every_code_is_of_one_class),
		TEST(what_nobody_knows_is_other),   TEST(a_histogram_adds_up),
		TEST(the_bounds_are_what_they_say), TEST(what_is_so_now_is_told),
		TEST(the_longest_text_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
