/* SPDX-License-Identifier: Apache-2.0 */
/* Who is waited for, and the snapshot of it, against a plain count. */
#include "fs/waiting.h"

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
#include "fs/state.h"
#include "yard.h"

#define NAMES 3000
#define STEPS 20000

static const struct state_limits limits = {.names = 1, .handles = 1, .tails = 1, .blocks = 1000};

struct model {
	struct waiting *waiting;
	struct state *state;
	uint32_t counts[NAMES][WAIT_KIND_COUNT];
	uint64_t seed;
};

static char mapping[8 << 20];

static int setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	size_t size;

	assert_non_null(m);
	memset(mapping, 0, sizeof(mapping));
	assert_int_equal(state_size(&limits, &size), 0);
	assert_in_range(size, 1, sizeof(mapping));
	assert_int_equal(state_new(&limits, mapping, &m->state), 0);
	assert_int_equal(waiting_new(&m->waiting), 0);
	m->seed = 5;
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct model *m = *state;

	waiting_free(m->waiting);
	state_free(m->state);
	free(m);
	return 0;
}

/* Some as long as can be. */
static void name_of(unsigned n, char ret_name[GRAVE_NAME_MAX + 1])
{
	int len = snprintf(ret_name, GRAVE_NAME_MAX + 1, "n%u", n);

	if (n % 100 != 0)
		return;
	memset(ret_name + len, 'x', GRAVE_NAME_MAX - (size_t)len);
	ret_name[GRAVE_NAME_MAX] = '\0';
}

static void add(struct model *m, unsigned n, enum wait_kind kind)
{
	char name[GRAVE_NAME_MAX + 1];

	name_of(n, name);
	assert_int_equal(waiting_add(m->waiting, kind, name, strlen(name)), 0);
	m->counts[n][kind]++;
}

static void take_away(struct model *m, unsigned n, enum wait_kind kind)
{
	char name[GRAVE_NAME_MAX + 1];

	name_of(n, name);
	waiting_remove(m->waiting, kind, name, strlen(name));
	if (m->counts[n][kind] > 0)
		m->counts[n][kind]--;
}

static bool is_waited_for(const struct model *m, unsigned n)
{
	static const uint32_t nobody[WAIT_KIND_COUNT];

	return memcmp(m->counts[n], nobody, sizeof(nobody)) != 0;
}

/* That a snapshot tells of each name what is so now, and of nobody else. */
static void check(struct model *m, int64_t now)
{
	struct buf bytes = BUF_INIT;
	struct waited waited;
	uint32_t snapshot = 0, counts[WAIT_KIND_COUNT];
	unsigned expected = 0, n;

	assert_int_equal(waiting_take(m->waiting, now, &bytes), 0);
	assert_int_equal(waiting_size(m->waiting), bytes.len);
	assert_int_equal(state_snapshot_new(m->state, bytes.data, bytes.len, &snapshot), 0);
	assert_int_equal(waiting_taken(m->state, snapshot), now);
	for (n = 0; n < NAMES; n++) {
		char name[GRAVE_NAME_MAX + 1];

		name_of(n, name);
		waiting_find(m->state, snapshot, name, counts);
		assert_memory_equal(counts, m->counts[n], sizeof(counts));
		expected += is_waited_for(m, n);
	}
	assert_int_equal(waiting_names(m->waiting), expected);
	for (n = 0; waiting_nth(m->state, snapshot, n, &waited); n++) {
		unsigned which = (unsigned)atoi(waited.name + 1);

		assert_in_range(which, 0, NAMES - 1);
		assert_true(is_waited_for(m, which));
		assert_memory_equal(waited.counts, m->counts[which], sizeof(waited.counts));
	}
	assert_int_equal(n, expected);
	state_snapshot_free(m->state, snapshot);
	buf_release(&bytes);
}

static void nobody_is_waited_for_at_first(void **state)
{
	check(*state, 7);
}

static void each_is_counted_by_kind(void **state)
{
	struct model *m = *state;

	for (enum wait_kind kind = 0; kind < WAIT_KIND_COUNT; kind++)
		for (unsigned i = 0; i <= kind; i++)
			add(m, 100, kind);
	add(m, 101, WAIT_DIED);
	check(m, INT64_MIN);
	for (enum wait_kind kind = 0; kind < WAIT_KIND_COUNT; kind++)
		for (unsigned i = 0; i <= kind; i++)
			take_away(m, 100, kind);
	check(m, INT64_MAX);
	take_away(m, 100, WAIT_DIED); /* of whom there is none */
	take_away(m, 101, WAIT_BORN);
	check(m, 0);
}

static void many_come_and_go(void **state)
{
	struct model *m = *state;

	for (int step = 0; step < STEPS; step++) {
		unsigned n = dice(&m->seed, NAMES);
		enum wait_kind kind = dice(&m->seed, WAIT_KIND_COUNT);

		if (dice(&m->seed, 5) < 3)
			add(m, n, kind);
		else
			take_away(m, n, kind);
		if (step % 4000 == 0)
			check(m, step);
	}
	check(m, STEPS);
}

static void who_is_not_on_view_is_counted(void **state)
{
	struct model *m = *state;

	waiting_on_view(m->waiting, "n1", 2, true); /* nobody waits for it */
	add(m, 1, WAIT_READY);
	add(m, 1, WAIT_DIED);
	add(m, 2, WAIT_DIED);
	assert_int_equal(waiting_off_view(m->waiting), 2);
	for (int i = 0; i < 2; i++)
		waiting_on_view(m->waiting, "n1", 2, true);
	assert_int_equal(waiting_off_view(m->waiting), 1);
	take_away(m, 1, WAIT_READY);
	take_away(m, 2, WAIT_DIED);
	assert_int_equal(waiting_off_view(m->waiting), 0);
	for (int i = 0; i < 2; i++)
		waiting_on_view(m->waiting, "n1", 2, false);
	assert_int_equal(waiting_off_view(m->waiting), 1);
	waiting_on_view(m->waiting, "n1", 2, true);
	take_away(m, 1, WAIT_DIED);
	assert_int_equal(waiting_off_view(m->waiting), 0);
	add(m, 1, WAIT_DIED);
	assert_int_equal(waiting_off_view(m->waiting), 1);
}

/* A snapshot is of its moment. */
static void what_comes_later_is_not_in_it(void **state)
{
	struct model *m = *state;
	struct buf bytes = BUF_INIT;
	uint32_t snapshot = 0, counts[WAIT_KIND_COUNT];
	struct waited waited;

	add(m, 1, WAIT_READY);
	assert_int_equal(waiting_take(m->waiting, 1, &bytes), 0);
	assert_int_equal(state_snapshot_new(m->state, bytes.data, bytes.len, &snapshot), 0);
	add(m, 1, WAIT_READY);
	add(m, 2, WAIT_READY);
	waiting_find(m->state, snapshot, "n1", counts);
	assert_int_equal(counts[WAIT_READY], 1);
	waiting_find(m->state, snapshot, "n2", counts);
	assert_int_equal(counts[WAIT_READY], 0);
	assert_false(waiting_nth(m->state, snapshot, 1, &waited));
	buf_release(&bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nobody_is_waited_for_at_first),
		TEST(each_is_counted_by_kind),
		TEST(many_come_and_go),
		TEST(who_is_not_on_view_is_counted),
		TEST(what_comes_later_is_not_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
