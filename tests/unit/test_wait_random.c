/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories. At each commit every possible wait is opened at each number so far, and every wait that
 * is open is asked: it comes exactly when a model says that knows the events alone, and its answer and its
 * text never change after that, save that an exit code may come after it was said that there is none. Each keeps vigil as a reader does, and is woken by the commit it comes with.
 */
#include "core/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/vigil.h"
#include "core/who.h"
#include "yard.h"

#define HISTORIES 30
#define COMMITS 16
#define SEQS 160
#define WAITS 8000

static const char *const whos[] = {"a",      "b",        "a,b",      "a+b",
				   "a@next", "a,b@next", "a+b@next", "c+a+a"};

#define WHOS (sizeof(whos) / sizeof(whos[0]))

/* ---- the model ---- */

/* What became of the numbers so far: the last number of the write that each was part of. */
struct journal {
	struct yard *y;
	uint64_t last, known[SEQS + 1];
	struct event events[SEQS + 1]; /* from 1 */
};

struct model_life {
	uint64_t born, ready, died, code_known, removed; /* numbers; 0: never */
	int code;
};

struct model_grave {
	uint64_t count;
	struct model_life lives[SEQS + 1]; /* from 1 */
};

static void model_event(const struct journal *j, const struct event *e, struct model_grave *m)
{
	struct model_life *life = &m->lives[m->count + (e->what == EVENT_BORN)];
	uint64_t known = j->known[e->seq];

	if (e->what == EVENT_BORN) {
		*life = (struct model_life){.born = known};
		m->count++;
	} else if (m->count == 0) {
		return;
	} else if (e->what == EVENT_READY) {
		life->ready = known;
	} else if (e->what == EVENT_DIED) {
		life->died = known;
	} else if ((e->what == EVENT_REMOVED || e->what == EVENT_FRESH) && !life->removed) {
		life->removed = known;
	}
	if (e->has_code) {
		life->code_known = known;
		life->code = e->code;
	}
}

static void model_grave(const struct journal *j, const struct who_name *name, struct model_grave *m)
{
	m->count = 0;
	for (uint64_t seq = 1; seq <= j->last; seq++) {
		const struct event *e = &j->events[seq];

		if (e->what == EVENT_FRESH ||
		    (strlen(e->name) == name->len && memcmp(e->name, name->name, name->len) == 0))
			model_event(j, e, m);
	}
}

/* When it happened in a life what a wait is for; 0: it did not. */
static uint64_t when(enum wait_kind kind, const struct model_life *life)
{
	switch (kind) {
	case WAIT_BORN:
		return life->born;
	case WAIT_READY:
		return life->ready;
	case WAIT_SUCCEEDED:
		return life->code == 0 ? life->code_known : 0;
	default:
		return life->died;
	}
}

static bool so_at(uint64_t known, uint64_t seq)
{
	return known && known <= seq;
}

/* What is waited for cannot come in this life any more: it was so, or never will be. */
static bool spent(enum wait_kind kind, const struct model_life *life, uint64_t opened)
{
	if (kind == WAIT_SUCCEEDED)
		return so_at(life->code_known, opened);
	return so_at(when(kind, life), opened) || so_at(life->died, opened);
}

/* Number of the life that a wait is about. */
static uint64_t about(enum wait_kind kind, const struct model_grave *m, bool next, uint64_t opened)
{
	uint64_t number = m->count;

	while (number > 0 && m->lives[number].born > opened)
		number--;
	if (number == 0 || so_at(m->lives[number].removed, opened) ||
	    (next && spent(kind, &m->lives[number], opened)))
		number++;
	return number;
}

enum answer { PENDING, COMES, FAILS };

struct verdict {
	enum answer answer;
	uint64_t at, life;
	bool removed; /* it fails, but not by a death */
};

static struct verdict judge_ready(const struct model_grave *m, uint64_t number, uint64_t opened)
{
	const struct model_life *life = &m->lives[number];
	struct verdict v = {.answer = PENDING, .life = number};

	if (number > m->count)
		return v;
	if (so_at(life->died, opened) || (!life->ready && (life->died || life->removed)))
		v.answer = FAILS;
	else if (life->ready)
		v.answer = COMES;
	v.at = life->ready > opened ? life->ready : opened;
	v.removed = !life->died;
	return v;
}

static struct verdict judge_one(const struct journal *j, enum wait_kind kind,
				const struct who_name *name, bool next, uint64_t opened)
{
	static struct model_grave m;
	uint64_t number;

	model_grave(j, name, &m);
	number = about(kind, &m, next, opened);
	if (kind == WAIT_READY)
		return judge_ready(&m, number, opened);
	for (; number <= m.count; number++) {
		uint64_t at = when(kind, &m.lives[number]);

		/* A code that came later is known from then on. */
		if (at && kind == WAIT_EXITCODE && m.lives[number].code_known > at)
			at = m.lives[number].code_known;
		if (at)
			return (struct verdict){COMES, at > opened ? at : opened, number, false};
	}
	return (struct verdict){.answer = PENDING};
}

static struct verdict judge(const struct journal *j, enum wait_kind kind, const struct who *who,
			    uint64_t opened)
{
	struct verdict all = {.answer = PENDING};
	unsigned comes = 0, fails = 0;

	for (struct who_name it = {0}; who_next_name(who, &it);) {
		struct verdict v = judge_one(j, kind, &it, who->next, opened);

		if (v.answer == COMES && (comes == 0 || (v.at > all.at) == who->all))
			all.at = v.at;
		comes += v.answer == COMES;
		fails += v.answer == FAILS;
		all.removed |= v.answer == FAILS && v.removed;
	}
	if (comes >= (who->all ? who->count : 1))
		all.answer = COMES;
	else if (fails >= (who->all ? 1 : who->count))
		all.answer = FAILS;
	return all;
}

/* ---- the waits ---- */

struct wait {
	struct vigil vigil; /* first */
	struct vigil_name names[3];
	enum wait_kind kind;
	const char *text; /* WHO */
	struct who who;
	uint64_t opened;
	bool asked, woken;
	struct verdict verdict; /* of the last time */
	int text_error;
	struct buf came; /* what it gave when it came */
};

struct scene {
	struct journal journal;
	unsigned count;
	struct wait waits[WAITS];
};

static void on_wake(struct vigil *vigil, enum vigil_outcome outcome)
{
	assert_int_equal(outcome, VIGIL_EVENT);
	((struct wait *)vigil)->woken = true;
}

/* As a parked reader does. */
static void keep_vigil(struct yard *y, struct wait *w)
{
	struct vigil_name *n = w->names;

	if (w->vigil.kept)
		return;
	w->vigil = (struct vigil){.wake = on_wake,
				  .interest = wait_interest(w->kind),
				  .deadline = INT64_MAX,
				  .names = w->names,
				  .count = w->who.count};
	for (struct who_name it = {0}; who_next_name(&w->who, &it); n++) {
		struct wait_standing standing;
		int r = wait_look_one(y->graveyard, w->kind, &it, w->who.next, w->opened,
				      &standing);

		assert_true(r == 0 || r == -ESRCH);
		*n = (struct vigil_name){.name = it.name,
					 .len = it.len,
					 .life = r == 0 ? standing.life : UINT64_MAX};
	}
	assert_int_equal(vigil_keep(y->vigils, &w->vigil), 0);
}

static void fail_wait(const struct wait *w, const char *why, int r, uint64_t at)
{
	fail_msg("kind %d, %s opened at %" PRIu64 ": %s (%d at %" PRIu64 ", expected %d at %" PRIu64
		 ")",
		 w->kind, w->text, w->opened, why, r, at, w->verdict.answer, w->verdict.at);
}

static void check_text(struct yard *y, struct wait *w, bool first)
{
	struct buf text = BUF_INIT;
	int r = wait_text(y->graveyard, w->kind, &w->who, w->opened, w->verdict.at, &text);

	if (first) {
		w->text_error = r;
		buf_release(&w->came);
		w->came = text;
		assert_true(r == -ENODATA ? w->kind == WAIT_EXITCODE : r == 0 && text.len > 0);
		return;
	}
	if (r != w->text_error || text.len != w->came.len ||
	    (text.len > 0 && memcmp(text.data, w->came.data, text.len) != 0))
		fail_wait(w, "another text", r, 0);
	buf_release(&text);
}

static void ask(struct yard *y, const struct journal *j, struct wait *w)
{
	struct verdict before = w->verdict;
	bool final = before.answer == COMES && w->text_error != -ENODATA;
	uint64_t at = 0;
	int r, expected;

	w->verdict = judge(j, w->kind, &w->who, w->opened);
	r = wait_look(y->graveyard, w->kind, &w->who, w->opened, &at);
	expected = w->verdict.answer == COMES ? 1 : w->verdict.answer == FAILS ? -ESRCH : 0;
	if (r != expected || (r > 0 && at != w->verdict.at))
		fail_wait(w, "another answer", r, at);
	if (final && at != before.at)
		fail_wait(w, "another moment", r, at);
	if (w->asked && before.answer == PENDING && r != 0 && !w->woken &&
	    !(r < 0 && w->verdict.removed))
		fail_wait(w, "not woken", r, at);
	if (r > 0)
		check_text(y, w, !final);
	w->asked = true;
	w->woken = false;
	if (r == 0)
		keep_vigil(y, w);
}

static void open_waits(struct scene *s, uint64_t opened)
{
	for (enum wait_kind kind = 0; kind < WAIT_KIND_COUNT; kind++) {
		for (size_t i = 0; i < WHOS; i++) {
			struct wait *w = &s->waits[s->count++];

			assert_true(s->count < WAITS);
			*w = (struct wait){.kind = kind, .text = whos[i], .opened = opened};
			assert_int_equal(who_parse(whos[i], strlen(whos[i]), &w->who), 0);
		}
	}
}

/* ---- the history ---- */

static void random_stone(uint64_t *seed, int64_t now, char *ret_text, size_t size)
{
	static const char *const forms[] = {
		"b%d", "r%d",     "d%d",        "d%d c0",         "c0",
		"c3",  "b%d r%d", "b%d d%d c0", "b%d r%d d%d c1", "eword",
	};
	const char *form = forms[dice(seed, sizeof(forms) / sizeof(forms[0]))];
	int t = (int)now;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(ret_text, size, form, t, t, t);
#pragma GCC diagnostic pop
}

static uint64_t staged_seq(const struct yard *y)
{
	return graveyard_seq(y->graveyard) + graveyard_staged_events(y->graveyard);
}

/* One write, or a removal; whether it is refused does not matter. */
static void write_something(struct scene *s, uint64_t *seed)
{
	struct yard *y = s->journal.y;
	uint64_t before = staged_seq(y);
	const char *name = dice(seed, 3) ? "a" : "b";
	char stone[64];

	random_stone(seed, 10 + (int64_t)before, stone, sizeof(stone));
	if (dice(seed, 12) == 0)
		(void)yard_remove(y, name);
	else if (dice(seed, 40) == 0)
		(void)graveyard_fresh(y->graveyard, NOW * SECOND);
	else
		(void)yard_stage(y, name, dice(seed, 6) ? DEED_STONE : DEED_BIRTH, stone);
	while (before < staged_seq(y))
		s->journal.known[++before] = staged_seq(y);
}

static void commit(struct scene *s)
{
	struct journal *j = &s->journal;
	uint64_t before = j->last;

	yard_commit(j->y);
	while (j->last < graveyard_seq(j->y->graveyard)) {
		assert_true(++j->last <= SEQS);
		j->events[j->last] = yard_event(j->y, j->last);
	}
	for (uint64_t seq = before + 1; seq <= j->last; seq++)
		open_waits(s, seq);
	for (unsigned i = 0; i < s->count; i++)
		ask(j->y, j, &s->waits[i]);
}

static void run_history(struct scene *s, uint64_t seed)
{
	for (int i = 0; i < COMMITS; i++) {
		for (unsigned n = 1 + dice(&seed, 3); n > 0; n--)
			write_something(s, &seed);
		if (dice(&seed, 10) == 0) {
			graveyard_rollback(s->journal.y->graveyard);
			continue;
		}
		commit(s);
		if (dice(&seed, 6) == 0)
			yard_restart(s->journal.y, NULL);
	}
}

static void a_wait_comes_when_the_model_says_and_never_changes(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		void *yard = NULL;
		struct yard *y;

		assert_int_equal(yard_setup(&yard), 0);
		y = yard;
		vigils_free(y->vigils);
		assert_int_equal(vigils_new(WAITS, &y->vigils), 0);
		yard_restart(y, NULL);
		s->journal = (struct journal){.y = y};
		s->count = 0;
		open_waits(s, 0);
		run_history(s, seed);
		for (unsigned i = 0; i < s->count; i++) {
			vigil_cancel(y->vigils, &s->waits[i].vigil);
			buf_release(&s->waits[i].came);
		}
		yard_teardown(&yard);
	}
	free(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_comes_when_the_model_says_and_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
