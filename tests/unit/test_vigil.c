/* SPDX-License-Identifier: Apache-2.0 */
/* To be linked as scarce.h says. */
#include "core/vigil.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store.h"
#include "scarce.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BORN (1u << EVENT_BORN)
#define DIED (1u << EVENT_DIED)

/* Somebody who keeps vigil, and what came of it. */
struct watcher {
	struct vigil vigil; /* first */
	struct vigils *vigils;
	struct vigil_name names[3];
	unsigned woken;
	enum vigil_outcome outcome;
	struct watcher *cancels; /* when woken */
	int keeps_again;         /* when woken, so many times */
};

static void on_wake(struct vigil *vigil, enum vigil_outcome outcome)
{
	struct watcher *w = (struct watcher *)vigil;

	assert_false(vigil->kept);
	w->woken++;
	w->outcome = outcome;
	if (w->cancels)
		vigil_cancel(w->vigils, &w->cancels->vigil);
	if (w->keeps_again-- > 0)
		assert_int_equal(vigil_keep(w->vigils, vigil), 0);
}

/* Over nobody yet: that is over everything. */
static struct watcher a_watcher(struct vigils *vigils, unsigned interest)
{
	return (struct watcher){
		.vigil = {.wake = on_wake, .interest = interest, .deadline = INT64_MAX},
		.vigils = vigils,
	};
}

static void watch(struct watcher *w, const char *name, uint64_t life)
{
	struct vigil_name *n = &w->names[w->vigil.count++];

	*n = (struct vigil_name){.name = name, .len = strlen(name), .life = life};
	w->vigil.names = w->names;
}

static void keep(struct watcher *w)
{
	assert_int_equal(vigil_keep(w->vigils, &w->vigil), 0);
}

static void keep_over(struct watcher *w, struct vigils *vigils, const char *name)
{
	*w = a_watcher(vigils, DIED);
	watch(w, name, 1);
	keep(w);
}

static void happen(struct vigils *vigils, const char *name, uint64_t life, enum event_what what)
{
	struct event event = {.life = life, .what = what};

	strcpy(event.name, name);
	vigils_event(vigils, &event);
}

static int setup(void **state)
{
	struct vigils *vigils;

	if (vigils_new(100, &vigils) < 0)
		return -1;
	*state = vigils;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(vigils_count(*state), 0);
	assert_true(vigils_deadline(*state) == INT64_MAX);
	vigils_free(*state);
	return 0;
}

/* ---- waking ---- */

static void what_concerns_a_vigil_wakes_it_and_nothing_else_does(void **state)
{
	static const struct {
		const char *name;
		uint64_t life;
		enum event_what what;
		bool wakes;
	} cases[] = {
		{"web", 2, EVENT_DIED, true},          {"web", 3, EVENT_DIED, true},
		{"web", 2, EVENT_BORN, true},          {"web", 1, EVENT_DIED, false},
		{"web", 2, EVENT_READY, false},        {"web", 0, EVENT_OWNER, false},
		{"we", 2, EVENT_DIED, false},          {"web1", 2, EVENT_DIED, false},
		{"Web", 2, EVENT_DIED, false},         {"", 0, EVENT_FRESH, false},
		{"db", 7, EVENT_DIED, true},           {"db", 6, EVENT_DIED, false},
		{"web", UINT64_MAX, EVENT_BORN, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct watcher w = a_watcher(*state, BORN | DIED);

		watch(&w, "web", 2);
		watch(&w, "db", 7);
		keep(&w);
		happen(*state, cases[i].name, cases[i].life, cases[i].what);
		assert_int_equal(w.woken, cases[i].wakes);
		assert_int_equal(vigils_count(*state), !cases[i].wakes);
		vigil_cancel(*state, &w.vigil);
		happen(*state, "web", 2, EVENT_DIED);
		assert_int_equal(w.woken, cases[i].wakes);
	}
}

static void a_name_need_not_be_terminated(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a+b@next", 1);
	w.names[0].len = 1;
	keep(&w);
	happen(*state, "a+b@next", 1, EVENT_DIED);
	assert_int_equal(w.woken, 0);
	happen(*state, "a", 1, EVENT_DIED);
	assert_int_equal(w.woken, 1);
}

static void who_watches_everything_hears_of_everything(void **state)
{
	for (int what = EVENT_BORN; what <= EVENT_FRESH; what++) {
		struct watcher w = a_watcher(*state, ~0u);

		keep(&w);
		happen(*state, what == EVENT_FRESH ? "" : "a", 0, (enum event_what)what);
		assert_int_equal(w.woken, 1);
		assert_int_equal(w.outcome, VIGIL_EVENT);
	}
}

static void a_name_watched_twice_wakes_once(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a", 1);
	watch(&w, "a", 1);
	watch(&w, "a", 2);
	keep(&w);
	happen(*state, "a", 2, EVENT_DIED);
	happen(*state, "a", 2, EVENT_DIED);
	assert_int_equal(w.woken, 1);
}

static void all_who_watch_a_name_are_woken_in_the_order_they_came(void **state)
{
	struct watcher crowd[90];

	for (size_t i = 0; i < COUNT(crowd); i++)
		keep_over(&crowd[i], *state, i % 3 == 2 ? "b" : "a");
	assert_int_equal(vigils_count(*state), COUNT(crowd));
	happen(*state, "a", 1, EVENT_DIED);
	assert_int_equal(vigils_count(*state), COUNT(crowd) / 3);
	for (size_t i = 0; i < COUNT(crowd); i++) {
		assert_int_equal(crowd[i].woken, i % 3 != 2);
		vigil_cancel(*state, &crowd[i].vigil);
	}
}

static void who_keeps_vigil_again_when_woken_waits_for_the_next_event(void **state)
{
	struct watcher named, other, everything;

	keep_over(&named, *state, "a");
	keep_over(&other, *state, "a");
	everything = a_watcher(*state, ~0u);
	keep(&everything);
	named.keeps_again = everything.keeps_again = 2;
	for (unsigned n = 1; n <= 4; n++) {
		happen(*state, "a", 1, EVENT_DIED);
		assert_int_equal(named.woken, n < 3 ? n : 3);
		assert_int_equal(everything.woken, n < 3 ? n : 3);
		assert_int_equal(other.woken, 1);
	}
}

static void who_is_cancelled_by_another_who_was_woken_is_not(void **state)
{
	struct watcher first, second, third, everything;

	keep_over(&first, *state, "a");
	keep_over(&second, *state, "a");
	keep_over(&third, *state, "a");
	everything = a_watcher(*state, ~0u);
	keep(&everything);
	first.cancels = &second;
	third.cancels = &everything;
	happen(*state, "a", 1, EVENT_DIED);
	assert_int_equal(first.woken, 1);
	assert_int_equal(second.woken, 0);
	assert_int_equal(third.woken, 1);
	assert_int_equal(everything.woken, 0);
	happen(*state, "a", 1, EVENT_DIED);
	assert_int_equal(second.woken + everything.woken, 0);
}

static void free_it(struct vigil *vigil, enum vigil_outcome outcome)
{
	(void)outcome;
	free(vigil);
}

static void a_vigil_may_be_freed_when_it_is_woken(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct watcher *w = malloc(sizeof(*w));

		assert_non_null(w);
		keep_over(w, *state, "a");
		w->vigil.wake = free_it;
	}
	happen(*state, "a", 1, EVENT_DIED);
}

/* ---- keeping ---- */

static void cancelling_is_harmless_at_any_time(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a", 1);
	vigil_cancel(*state, &w.vigil);
	keep(&w);
	vigil_cancel(*state, &w.vigil);
	vigil_cancel(*state, &w.vigil);
	assert_int_equal(vigils_count(*state), 0);
	keep(&w);
	happen(*state, "a", 1, EVENT_DIED);
	vigil_cancel(*state, &w.vigil);
	assert_int_equal(w.woken, 1);
}

static void there_are_no_more_than_the_most(void **state)
{
	struct watcher crowd[100], late = a_watcher(*state, DIED);

	for (size_t i = 0; i < COUNT(crowd); i++)
		keep_over(&crowd[i], *state, "a");
	watch(&late, "b", 1);
	late.vigil.deadline = 5;
	assert_int_equal(vigil_keep(*state, &late.vigil), -EAGAIN);
	assert_true(vigils_deadline(*state) == INT64_MAX);
	vigil_cancel(*state, &late.vigil);
	assert_int_equal(vigils_count(*state), COUNT(crowd));
	happen(*state, "b", 1, EVENT_DIED);
	assert_int_equal(late.woken, 0);
	vigil_cancel(*state, &crowd[50].vigil);
	keep(&late);
	vigils_drain(*state);
}

static void who_finds_no_memory_keeps_no_vigil(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a", 1);
	w.vigil.deadline = 5;
	scarce_memory(1);
	assert_int_equal(vigil_keep(*state, &w.vigil), -ENOMEM);
	assert_false(scarce_memory_to_come());
	assert_int_equal(vigils_count(*state), 0);
	happen(*state, "a", 1, EVENT_DIED);
	vigils_expire(*state, 5);
	vigil_cancel(*state, &w.vigil);
	assert_int_equal(w.woken, 0);
	keep(&w);
	happen(*state, "a", 1, EVENT_DIED);
	assert_int_equal(w.woken, 1);
}

/* ---- deadlines ---- */

static void a_deadline_wakes_when_it_has_come_and_not_before(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a", 1);
	w.vigil.deadline = 5;
	keep(&w);
	assert_true(vigils_deadline(*state) == 5);
	vigils_expire(*state, 4);
	assert_int_equal(w.woken, 0);
	vigils_expire(*state, 5);
	assert_int_equal(w.woken, 1);
	assert_int_equal(w.outcome, VIGIL_TIMEOUT);
	happen(*state, "a", 1, EVENT_DIED);
	vigils_expire(*state, 6);
	assert_int_equal(w.woken, 1);
}

static void an_event_before_the_deadline_takes_it_away(void **state)
{
	struct watcher w = a_watcher(*state, DIED);

	watch(&w, "a", 1);
	w.vigil.deadline = INT64_MIN;
	keep(&w);
	happen(*state, "a", 1, EVENT_DIED);
	assert_true(vigils_deadline(*state) == INT64_MAX);
	vigils_expire(*state, 10);
	assert_int_equal(w.woken, 1);
	assert_int_equal(w.outcome, VIGIL_EVENT);
}

/* "INT64_MAX: none", also where that is the time. */
static void who_has_no_deadline_never_expires(void **state)
{
	struct watcher w;

	keep_over(&w, *state, "a");
	vigils_expire(*state, INT64_MAX);
	assert_int_equal(w.woken, 0);
	vigil_cancel(*state, &w.vigil);
}

static void who_expires_may_cancel_another_and_keep_vigil_again(void **state)
{
	struct watcher first = a_watcher(*state, DIED), second = a_watcher(*state, DIED);

	first.vigil.deadline = second.vigil.deadline = 5;
	keep(&first);
	keep(&second);
	first.cancels = &second;
	second.cancels = &first;
	vigils_expire(*state, 5);
	assert_int_equal(first.woken + second.woken, 1);

	first = a_watcher(*state, DIED);
	first.vigil.deadline = 5;
	first.keeps_again = 2; /* it is as late as before */
	keep(&first);
	vigils_expire(*state, 5);
	assert_int_equal(first.woken, 3);
}

/* ---- draining ---- */

static void draining_sends_everybody_away_once(void **state)
{
	struct watcher named, twice = a_watcher(*state, DIED), everything = a_watcher(*state, ~0u);

	keep_over(&named, *state, "a");
	watch(&twice, "a", 1);
	watch(&twice, "b", 1);
	twice.vigil.deadline = 5;
	keep(&twice);
	keep(&everything);
	named.cancels = &everything;
	vigils_drain(*state);
	assert_int_equal(named.woken, 1);
	assert_int_equal(twice.woken, 1);
	assert_int_equal(twice.outcome, VIGIL_DRAINED);
	assert_int_equal(everything.woken, 1); /* before it could be cancelled */
	vigils_drain(*state);
	assert_int_equal(named.woken + twice.woken + everything.woken, 3);
}

static void draining_ends_though_somebody_keeps_vigil_again(void **state)
{
	struct watcher w;

	keep_over(&w, *state, "a");
	w.keeps_again = 1;
	vigils_drain(*state);
	assert_int_equal(w.woken, 1);
	vigils_drain(*state);
	assert_int_equal(w.woken, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void what_is_no_event_wakes_by_name_and_interest(void **state)
{
	struct vigils *vigils;
	struct watcher one, other, died;

	(void)state;
	assert_int_equal(vigils_new(10, &vigils), 0);
	one = a_watcher(vigils, VIGIL_OTHER(0));
	other = a_watcher(vigils, VIGIL_OTHER(1));
	died = a_watcher(vigils, DIED);
	watch(&one, "80", UINT64_MAX);
	watch(&other, "80", 1);
	watch(&died, "80", 1);
	assert_int_equal(vigil_keep(vigils, &one.vigil), 0);
	assert_int_equal(vigil_keep(vigils, &other.vigil), 0);
	assert_int_equal(vigil_keep(vigils, &died.vigil), 0);
	vigils_wake(vigils, "8", 1, VIGIL_OTHER(0));
	vigils_wake(vigils, "801", 3, VIGIL_OTHER(0));
	assert_int_equal(one.woken, 0);
	vigils_wake(vigils, "801", 2, VIGIL_OTHER(0));
	assert_int_equal(one.woken, 1);
	assert_int_equal(one.outcome, VIGIL_EVENT);
	assert_int_equal(other.woken + died.woken, 0);
	/* Nor does an event of a tombstone that is called so. */
	vigils_event(vigils, &(struct event){.name = "80", .life = UINT64_MAX, .what = EVENT_DIED});
	assert_int_equal(died.woken, 1);
	assert_int_equal(other.woken, 0);
	vigils_drain(vigils);
	assert_int_equal(other.outcome, VIGIL_DRAINED);
	vigils_free(vigils);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_concerns_a_vigil_wakes_it_and_nothing_else_does),
		TEST(a_name_need_not_be_terminated),
		TEST(who_watches_everything_hears_of_everything),
		TEST(a_name_watched_twice_wakes_once),
		TEST(all_who_watch_a_name_are_woken_in_the_order_they_came),
		TEST(who_keeps_vigil_again_when_woken_waits_for_the_next_event),
		TEST(who_is_cancelled_by_another_who_was_woken_is_not),
		TEST(a_vigil_may_be_freed_when_it_is_woken),
		TEST(cancelling_is_harmless_at_any_time),
		TEST(there_are_no_more_than_the_most),
		TEST(who_finds_no_memory_keeps_no_vigil),
		TEST(a_deadline_wakes_when_it_has_come_and_not_before),
		TEST(an_event_before_the_deadline_takes_it_away),
		TEST(who_has_no_deadline_never_expires),
		TEST(who_expires_may_cancel_another_and_keep_vigil_again),
		TEST(draining_sends_everybody_away_once),
		TEST(draining_ends_though_somebody_keeps_vigil_again),
		cmocka_unit_test(what_is_no_event_wakes_by_name_and_interest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
