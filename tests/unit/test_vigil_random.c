/* SPDX-License-Identifier: Apache-2.0 */
/* Vigils against a model that looks at each of them each time. */
#include "core/vigil.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store.h"
#include "yard.h"

#define CROWD 300
#define MANY 5000

static const char *const names[] = {"a", "b", "c", "web-1", "web-2", "aa"};

#define NAMES (sizeof(names) / sizeof(names[0]))

struct watcher {
	struct vigil vigil; /* first */
	struct vigil_name names[4];
	bool kept; /* by the model */
	bool due;  /* by the model: to be woken by what happens now */
	struct crowd *crowd;
};

struct crowd {
	struct vigils *vigils;
	uint64_t seed;
	enum vigil_outcome expected;
	struct watcher watchers[CROWD];
};

/* ---- deadlines ---- */

static void never(struct vigil *vigil, enum vigil_outcome outcome)
{
	(void)vigil, (void)outcome;
	fail();
}

static int64_t last_expired;
static unsigned expired;

static void in_order(struct vigil *vigil, enum vigil_outcome outcome)
{
	assert_int_equal(outcome, VIGIL_TIMEOUT);
	assert_true(vigil->deadline >= last_expired);
	last_expired = vigil->deadline;
	expired++;
}

static unsigned count_until(const struct vigil *vigils, int64_t now)
{
	unsigned count = 0;

	for (int i = 0; i < MANY; i++)
		count += vigils[i].wake == in_order && vigils[i].deadline <= now;
	return count;
}

static void thousands_of_deadlines_pass_in_order(void **state)
{
	struct vigil *many = calloc(MANY, sizeof(*many));
	struct vigils *vigils;
	uint64_t seed = 1;

	(void)state;
	assert_non_null(many);
	assert_int_equal(vigils_new(MANY, &vigils), 0);
	for (int i = 0; i < MANY; i++) {
		many[i].wake = in_order;
		many[i].deadline = dice(&seed, MANY);
		assert_int_equal(vigil_keep(vigils, &many[i]), 0);
	}
	for (int i = 0; i < MANY; i++) {
		if (dice(&seed, 3))
			continue;
		vigil_cancel(vigils, &many[i]);
		many[i].wake = never;
	}
	last_expired = -1;
	for (int64_t now = 0; now <= MANY; now += 1 + dice(&seed, 50)) {
		vigils_expire(vigils, now);
		assert_int_equal(expired, count_until(many, now));
		assert_true(vigils_deadline(vigils) > now);
	}
	vigils_expire(vigils, MANY);
	assert_int_equal(vigils_count(vigils), 0);
	vigils_free(vigils);
	free(many);
}

/* ---- the model ---- */

static void keep(struct watcher *w);

/* Some keep vigil again, some send another away, as a reader that wakes does. */
static void on_wake(struct vigil *vigil, enum vigil_outcome outcome)
{
	struct watcher *w = (struct watcher *)vigil, *other;
	struct crowd *c = w->crowd;

	assert_true(w->kept && w->due);
	assert_int_equal(outcome, c->expected);
	w->kept = w->due = false;
	other = &c->watchers[dice(&c->seed, CROWD)];
	if (dice(&c->seed, 10) == 0) {
		vigil_cancel(c->vigils, &other->vigil);
		other->kept = other->due = false;
	}
	if (outcome == VIGIL_EVENT && !w->kept && dice(&c->seed, 2))
		keep(w);
	else if (outcome == VIGIL_EVENT && !other->kept && dice(&c->seed, 4) == 0)
		keep(other);
}

/* With other names, another interest and another deadline than before. */
static void keep(struct watcher *w)
{
	struct crowd *c = w->crowd;

	w->vigil.wake = on_wake;
	w->vigil.interest = dice(&c->seed, 1u << (EVENT_FRESH + 1));
	w->vigil.deadline = dice(&c->seed, 3) ? INT64_MAX : dice(&c->seed, 1000);
	w->vigil.names = w->names;
	w->vigil.count = dice(&c->seed, 5);
	for (unsigned i = 0; i < w->vigil.count; i++) {
		const char *name = names[dice(&c->seed, NAMES)];

		w->names[i] = (struct vigil_name){
			.name = name, .len = strlen(name), .life = dice(&c->seed, 4)};
	}
	assert_int_equal(vigil_keep(c->vigils, &w->vigil), 0);
	w->kept = true;
	w->due = false;
}

static bool concerns(const struct watcher *w, const struct event *event)
{
	if (w->vigil.count == 0)
		return true;
	for (unsigned i = 0; i < w->vigil.count; i++)
		if (strcmp(w->names[i].name, event->name) == 0 && event->life >= w->names[i].life &&
		    w->vigil.interest & (1u << event->what))
			return true;
	return false;
}

static void happen(struct crowd *c)
{
	struct event event = {
		.life = dice(&c->seed, 5),
		.what = EVENT_BORN + dice(&c->seed, EVENT_FRESH),
	};

	strcpy(event.name, names[dice(&c->seed, NAMES)]);
	for (unsigned i = 0; i < CROWD; i++)
		c->watchers[i].due = c->watchers[i].kept && concerns(&c->watchers[i], &event);
	c->expected = VIGIL_EVENT;
	vigils_event(c->vigils, &event);
}

static void expire(struct crowd *c)
{
	int64_t now = dice(&c->seed, 1000);

	for (unsigned i = 0; i < CROWD; i++)
		c->watchers[i].due = c->watchers[i].kept && c->watchers[i].vigil.deadline <= now;
	c->expected = VIGIL_TIMEOUT;
	vigils_expire(c->vigils, now);
}

static void drain(struct crowd *c)
{
	for (unsigned i = 0; i < CROWD; i++)
		c->watchers[i].due = c->watchers[i].kept;
	c->expected = VIGIL_DRAINED;
	vigils_drain(c->vigils);
}

static void check(const struct crowd *c)
{
	int64_t deadline = INT64_MAX;
	unsigned kept = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		const struct watcher *w = &c->watchers[i];

		assert_false(w->due);
		assert_int_equal(w->kept, w->vigil.kept);
		kept += w->kept;
		if (w->kept && w->vigil.deadline < deadline)
			deadline = w->vigil.deadline;
	}
	assert_int_equal(vigils_count(c->vigils), kept);
	assert_true(vigils_deadline(c->vigils) == deadline);
}

static void step(struct crowd *c)
{
	struct watcher *w = &c->watchers[dice(&c->seed, CROWD)];

	switch (dice(&c->seed, 20)) {
	case 0:
		happen(c);
		break;
	case 1:
		expire(c);
		break;
	case 2:
	case 3:
		vigil_cancel(c->vigils, &w->vigil);
		w->kept = false;
		break;
	case 4:
		if (dice(&c->seed, 50) == 0)
			drain(c);
		break;
	default:
		if (!w->kept)
			keep(w);
	}
	check(c);
}

static void whatever_happens_those_concerned_are_woken_once(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));

	(void)state;
	assert_non_null(c);
	c->seed = 2;
	assert_int_equal(vigils_new(CROWD, &c->vigils), 0);
	for (unsigned i = 0; i < CROWD; i++)
		c->watchers[i].crowd = c;
	for (int i = 0; i < 20000; i++)
		step(c);
	drain(c);
	check(c);
	vigils_free(c->vigils);
	free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_of_deadlines_pass_in_order),
		cmocka_unit_test(whatever_happens_those_concerned_are_woken_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
