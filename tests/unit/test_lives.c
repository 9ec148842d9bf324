/* SPDX-License-Identifier: Apache-2.0 */
/* Stones are written in the short words of yard.h; it is NOW = 100. */
#include "yard.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/journal.h"
#include "core/life.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NEVER NULL

/* What was, what is told, and what comes of it. */
struct cell {
	const char *was; /* the stone of life 1; NEVER: none was */
	const char *told;
	int r;
	const char *now;    /* number and stone of the latest life; NULL: as it was */
	const char *events; /* with their lives; NULL: none */
};

static struct lives lives_of(const char *was, bool on_view)
{
	struct lives l = {.on_view = was && on_view};

	if (!was)
		return l;
	l.life = (struct life){.grave = 1, .number = 1, .stone = stone_of(was)};
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		l.life.seq[fact] = stone_has(&l.life.stone, fact) ? (uint64_t)fact + 1 : 0;
	return l;
}

static void life_words(const struct life *life, char *ret_text, size_t size)
{
	char words[STONE_WORDS];

	stone_words(&life->stone, words);
	(void)snprintf(ret_text, size, "%" PRIu64 " %s", life->number, words);
}

static void event_words(const struct lives *l, char *ret_text, size_t size)
{
	size_t len = 0;

	*ret_text = '\0';
	for (unsigned i = 0; i < l->count; i++) {
		const struct event *e = &l->events[i];

		len += (size_t)snprintf(ret_text + len, size - len, "%s%" PRIu64 " %s@%" PRId64,
					i ? ", " : "", e->life, event_word(e->what),
					e->time / SECOND);
		if (e->has_code)
			len += (size_t)snprintf(ret_text + len, size - len, "=%d", e->code);
		assert_true(len < size);
	}
}

static void check_deed(const struct cell *cell, bool on_view, const struct deed *deed)
{
	struct lives l = lives_of(cell->was, on_view), before = l;
	char expected[200], text[200], events[200];
	int r = lives_apply(&l, deed);

	if (r != cell->r)
		fail_msg("'%s' told '%s': %d", cell->was ? cell->was : "never", cell->told, r);
	if (r < 0)
		return;
	life_words(&before.life, expected, sizeof(expected));
	life_words(&l.life, text, sizeof(text));
	event_words(&l, events, sizeof(events));
	if (strcmp(text, cell->now ? cell->now : expected) != 0 ||
	    strcmp(events, cell->events ? cell->events : "") != 0)
		fail_msg("'%s' told '%s': '%s', %s", cell->was ? cell->was : "never", cell->told,
			 text, events);
	assert_int_equal(l.on_view, cell->events ? true : before.on_view);
}

/* Each cell told by deeds of this kind. */
static void check(const struct cell *cells, size_t count, bool on_view, enum deed_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		struct stone stone = stone_of(cells[i].told ? cells[i].told : "");
		struct deed deed = deed_of(kind, cells[i].told ? &stone : NULL);

		check_deed(&cells[i], on_view, &deed);
	}
}

#define ALL(cells, on_view, kind)                                \
	do {                                                     \
		(void)state;                                     \
		check((cells), COUNT(cells), (on_view), (kind)); \
	} while (0)

/* ---- the table of states and events ---- */

static void a_birth_begins_a_life_unless_one_is_alive(void **state)
{
	static const struct cell cells[] = {
		{NEVER, NULL, 0, "1 b100", "1 born@100"},
		{NEVER, "d5 c3 eno", 0, "1 b100", "1 born@100"}, /* is not looked at */
		{"b10", NULL, 0, NULL, NULL},
		{"b10 r20", "b200 d300", 0, NULL, NULL},
		{"b10 d30", NULL, 0, "2 b100", "2 born@100"},
		{"b10 r20 d30 c3 eend", NULL, 0, "2 b100", "2 born@100"},
		{"b10 d200", NULL, 0, "2 b100", "2 born@100"}, /* clocks go wrong */
	};

	ALL(cells, true, DEED_BIRTH);
}

static void readiness_is_known_once_and_not_of_the_dead(void **state)
{
	static const struct cell cells[] = {
		{NEVER, NULL, 0, "1 b100 r100", "1 born@100, 1 ready@100"},
		{NEVER, "r5", 0, "1 b100 r100", "1 born@100, 1 ready@100"},
		{"b10", NULL, 0, "1 b10 r100", "1 ready@100"},
		{"b10 r20", NULL, 0, NULL, NULL},
		{"b10 d30", NULL, -EPERM, NULL, NULL},
		{"b10 r20 d30", NULL, -EPERM, NULL, NULL},
		{"b10 r20 d30 c0", "b200", -EPERM, NULL, NULL},
	};

	ALL(cells, true, DEED_READY);
}

static void a_death_is_final_and_what_was_unknown_is_filled_in(void **state)
{
	static const struct cell cells[] = {
		{NEVER, NULL, 0, "1 b100 d100", "1 born@100, 1 died@100"},
		{NEVER, "c3", 0, "1 b100 d100 c3", "1 born@100, 1 died@100=3"},
		{NEVER, "d50 c3", 0, "1 b50 d50 c3", "1 born@50, 1 died@50=3"},
		{"b10", NULL, 0, "1 b10 d100", "1 died@100"},
		{"b10 r20", "c0", 0, "1 b10 r20 d100 c0", "1 died@100=0"},
		{"b10", "c-1 ekilled", 0, "1 b10 d100 c-1 ekilled", "1 epitaph@100, 1 died@100=-1"},
		{"b10 d30", NULL, 0, NULL, NULL},
		{"b10 d30 c3", NULL, 0, NULL, NULL},
		{"b10 d30 c3", "c3", 0, NULL, NULL},
		{"b10 d30 c3", "d30 c3", 0, NULL, NULL},
		{"b10 d30 c3", "c4", -EPERM, NULL, NULL},
		{"b10 d30", "c4", 0, "1 b10 d30 c4", "1 exitcode@100=4"},
		{"b10 d30", "eend", 0, "1 b10 d30 eend", "1 epitaph@100"},
		{"b10 d30 eend", "eend", 0, NULL, NULL},
		{"b10 d30 eend", "eother", -EPERM, NULL, NULL},
		{"b10 d30 eend", "c0", 0, "1 b10 d30 c0 eend", "1 exitcode@100=0"},
		{"b10 d30", "c0 eend", 0, "1 b10 d30 c0 eend", "1 epitaph@100, 1 exitcode@100=0"},
	};

	ALL(cells, true, DEED_DEATH);
}

static void who_was_never_born_is_born_with_whatever_is_told(void **state)
{
	static const struct cell cells[] = {
		{NEVER, "", 0, NULL, NULL},
		{NEVER, "b10", 0, "1 b10", "1 born@10"},
		{NEVER, "r20", 0, "1 b20 r20", "1 born@20, 1 ready@20"},
		{NEVER, "eword", 0, "1 b100 eword", "1 born@100, 1 epitaph@100"},
		{NEVER, "d30", 0, "1 b30 d30", "1 born@30, 1 died@30"},
		{NEVER, "c3", 0, "1 b100 d100 c3", "1 born@100, 1 died@100=3"},
		{NEVER, "eword d30", 0, "1 b30 d30 eword", "1 born@30, 1 epitaph@100, 1 died@30"},
		{NEVER, "b10 d30 c1", 0, "1 b10 d30 c1", "1 born@10, 1 died@30=1"},
		{NEVER, "b10 r20 d30 c3 eend", 0, "1 b10 r20 d30 c3 eend",
		 "1 born@10, 1 ready@20, 1 epitaph@100, 1 died@30=3"},
		{NEVER, "r20 c0", 0, "1 b20 r20 d100 c0", "1 born@20, 1 ready@20, 1 died@100=0"},
	};

	ALL(cells, true, DEED_STONE);
}

static void who_is_alive_hears_of_a_birth_as_of_nothing(void **state)
{
	static const struct cell cells[] = {
		{"b10", "", 0, NULL, NULL},
		{"b10", "b10", 0, NULL, NULL},
		{"b10", "b5", 0, NULL, NULL},
		{"b10", "b200", 0, NULL, NULL},
		{"b10", "r20", 0, "1 b10 r20", "1 ready@20"},
		{"b10 r20", "r20", 0, NULL, NULL},
		{"b10 r20", "r21", 0, NULL, NULL},
		{"b10", "eword", 0, "1 b10 eword", "1 epitaph@100"},
		{"b10 eword", "eword", 0, NULL, NULL},
		{"b10 eword", "eother", -EPERM, NULL, NULL},
		{"b10", "d30", 0, "1 b10 d30", "1 died@30"},
		{"b10", "d5", 0, "1 b10 d5", "1 died@5"},
		{"b10", "c3", 0, "1 b10 d100 c3", "1 died@100=3"},
		{"b10", "d30 c3", 0, "1 b10 d30 c3", "1 died@30=3"},
		{"b10 r20", "b10 d30 c3", 0, "1 b10 r20 d30 c3", "1 died@30=3"},
		{"b10", "b50 r60 eend d70 c0", 0, "1 b10 r60 d70 c0 eend",
		 "1 ready@60, 1 epitaph@100, 1 died@70=0"},
		{"b10 eword", "r20 eother d30", -EPERM, NULL, NULL},
	};

	ALL(cells, true, DEED_STONE);
}

static void who_is_dead_is_born_by_a_birth_after_the_death_only(void **state)
{
	static const struct cell cells[] = {
		/* The clock was set back. */
		{"b50 d30 c3", "b50 d30 c3", 0, NULL, NULL},
		{"b50 d30", "b40", 0, "2 b40", "2 born@40"},
		{"b10 d30", "", 0, NULL, NULL},
		{"b10 d30", "b10", 0, NULL, NULL},
		{"b10 d30", "b29", 0, NULL, NULL},
		{"b10 d30", "b30", 0, NULL, NULL},
		{"b10 d30", "b31", 0, "2 b31", "2 born@31"},
		{"b10 d30 c3 eend", "b31", 0, "2 b31", "2 born@31"},
		{"b10 d30 c3", "b31 r32 d33 c4 enew", 0, "2 b31 r32 d33 c4 enew",
		 "2 born@31, 2 ready@32, 2 epitaph@100, 2 died@33=4"},
		{"b10 d30", "r20", -EPERM, NULL, NULL},
		{"b10 d30", "r40", -EPERM, NULL, NULL},
		{"b10 r20 d30", "r21", -EPERM, NULL, NULL},
		{"b10 d30", "d30", 0, NULL, NULL},
		{"b10 d30", "d99", 0, NULL, NULL},
		{"b10 d30", "c3", 0, "1 b10 d30 c3", "1 exitcode@100=3"},
		{"b10 d30 c3", "c3", 0, NULL, NULL},
		{"b10 d30 c3", "c4", -EPERM, NULL, NULL},
		{"b10 d30 c3", "b20 c4", -EPERM, NULL, NULL},
		{"b10 d30", "eend", 0, "1 b10 d30 eend", "1 epitaph@100"},
		{"b10 d30 eend", "eother", -EPERM, NULL, NULL},
		{"b10 d30", "eend c4", 0, "1 b10 d30 c4 eend", "1 epitaph@100, 1 exitcode@100=4"},
	};

	ALL(cells, true, DEED_STONE);
}

static void a_whole_stone_may_be_written_again(void **state)
{
	static const struct cell cells[] = {
		{"b10 d30 c3", "b10 d30 c3", 0, NULL, NULL},
		{"b10 r20 d30 c3 eend", "b10 r20 d30 c3 eend", 0, NULL, NULL},
		{"b10 r20 d30", "b10 r20 d30 c3", 0, "1 b10 r20 d30 c3", "1 exitcode@100=3"},
	};

	ALL(cells, true, DEED_STONE);
}

static void creating_a_file_is_a_birth_only_of_who_is_absent(void **state)
{
	static const struct cell cells[] = {
		{NEVER, NULL, 0, "1 b100", "1 born@100"},
		{NEVER, "", 0, "1 b100", "1 born@100"},
		{NEVER, "b10", 0, "1 b10", "1 born@10"},
		{NEVER, "d30 c3", 0, "1 b30 d30 c3", "1 born@30, 1 died@30=3"},
		{"b10", NULL, 0, NULL, NULL},
		{"b10 d30", NULL, 0, NULL, NULL},
		{"b10 d30", "", 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		struct stone stone = stone_of(cells[i].told ? cells[i].told : "");
		struct deed deed = deed_of(DEED_STONE, cells[i].told ? &stone : NULL);

		deed.creates = true;
		check_deed(&cells[i], true, &deed);
	}
}

static void who_was_taken_off_view_is_as_one_never_born(void **state)
{
	static const struct cell births[] = {
		{"b10", NULL, 0, "2 b100", "2 born@100"},
		{"b10 d30 c3", NULL, 0, "2 b100", "2 born@100"},
	};
	static const struct cell stones[] = {
		{"b10", "", 0, NULL, NULL},
		{"b10", "b5", 0, "2 b5", "2 born@5"},
		{"b10 d30", "b10 d30", 0, "2 b10 d30", "2 born@10, 2 died@30"},
		{"b10 d30 c3", "c3", 0, "2 b100 d100 c3", "2 born@100, 2 died@100=3"},
		{"b10 d30", "eend", 0, "2 b100 eend", "2 born@100, 2 epitaph@100"},
	};
	static const struct cell readiness[] = {
		{"b10 d30", NULL, 0, "2 b100 r100", "2 born@100, 2 ready@100"},
	};

	ALL(births, false, DEED_BIRTH);
	ALL(stones, false, DEED_STONE);
	ALL(readiness, false, DEED_READY);
}

/* ---- what else there is to a deed ---- */

/* `exec 9>.born/a` counts at its close: about a life that was over at its open, and no other. */
static void a_birth_told_at_a_close_is_about_the_life_at_its_open(void **state)
{
	static const struct cell reborn = {"b10 d30", NULL, 0, "2 b100", "2 born@100"};
	static const struct cell nothing = {"b10 d30", NULL, 0, NULL, NULL};
	static const struct cell alive = {"b10", NULL, 0, NULL, NULL};
	static const struct cell first = {NEVER, NULL, 0, "1 b100", "1 born@100"};
	const uint64_t died = (uint64_t)FACT_DIED + 1; /* as lives_of() has it */

	(void)state;
	for (uint64_t opened = 0; opened < died + 2; opened++) {
		struct deed deed = deed_of(DEED_BIRTH, NULL);

		deed.opened = &opened;
		check_deed(opened < died ? &nothing : &reborn, true, &deed);
		check_deed(&alive, true, &deed);
		check_deed(&first, true, &deed);
	}
}

/* The life in a cell is number 1. */
static void a_deed_about_one_life_does_nothing_to_another(void **state)
{
	static const struct cell current[] = {
		{"b10", "c3", 0, "1 b10 d100 c3", "1 died@100=3"},
		{"b10", "elost", 0, "1 b10 d100 elost", "1 epitaph@100, 1 died@100"},
		{"b10 d30", "c3", 0, "1 b10 d30 c3", "1 exitcode@100=3"},
		{"b10 d30 c3", "c4", -EPERM, NULL, NULL},
	};
	static const struct cell others[] = {
		{NEVER, "c3", 0, NULL, NULL},
		{"b10", "c3", 0, NULL, NULL},
		{"b10 r20 d30", "c3 elost", 0, NULL, NULL},
		{"b10 d30 c3", "c4", 0, NULL, NULL},
	};
	struct stone stone = {0};
	struct deed deed = deed_of(DEED_DEATH, &stone);

	(void)state;
	deed.life = 1;
	for (size_t i = 0; i < COUNT(current); i++) {
		stone = stone_of(current[i].told);
		check_deed(&current[i], true, &deed);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		stone = stone_of(others[i].told);
		deed.life = 1;
		check_deed(&others[i], false, &deed);
		deed.life = 2;
		check_deed(&others[i], true, &deed);
	}
}

static void a_birth_about_one_life_begins_the_next_of_no_other(void **state)
{
	static const struct cell reborn = {"b10 d30", NULL, 0, "2 b100", "2 born@100"};
	static const struct cell nothing = {"b10 d30", NULL, 0, NULL, NULL};
	struct deed deed = deed_of(DEED_BIRTH, NULL);

	(void)state;
	deed.life = 1;
	check_deed(&reborn, true, &deed);
	check_deed(&nothing, false, &deed);
	deed.life = 2;
	check_deed(&nothing, true, &deed);
}

static void what_lay_underneath_is_taken_once(void **state)
{
	static const struct cell cells[] = {
		{NEVER, "b10 d30 c3", 0, "1 b10 d30 c3", "1 born@10, 1 died@30=3"},
		{"b10", "b10", 0, NULL, NULL},
		{"b10 r20", "b10 r20", 0, NULL, NULL},
		{"b10 d30 c3", "b10 d30 c3", 0, NULL, NULL},
		{"b10 r20 d30 c3 eend", "b10 r20 d30 c3 eend", 0, NULL, NULL},
		{"b10 d30 c3", "b10", 0, NULL, NULL},
		{"b10 d30", "b10 r20", 0, NULL, NULL},
		{"b10", "b10 d30 c3", 0, "1 b10 d30 c3", "1 died@30=3"},
		{"b10 d30", "b10 d30 c3", 0, "1 b10 d30 c3", "1 exitcode@100=3"},
		{"b10 d30 c3", "b10 d30 c4", -EPERM, NULL, NULL},
		{"b10 d30 c3", "b31", 0, "2 b31", "2 born@31"},
		{"b50 d30 c3", "b50 d30 c3", 0, NULL, NULL},
		{"b50 d30", "b50", 0, NULL, NULL},
	};

	ALL(cells, true, DEED_EARLY);
}

static void what_lay_underneath_of_an_earlier_life_is_nothing(void **state)
{
	static const struct cell cells[] = {
		{"b10", "b5", 0, NULL, NULL},
		{"b10", "b5 d7 c3", 0, NULL, NULL},
		{"b10 d30", "b5 r6 d7 c3 eold", 0, NULL, NULL},
		{"b10", "r7", 0, NULL, NULL},
		{"b10", "d7 c3", 0, NULL, NULL},
	};

	ALL(cells, true, DEED_EARLY);
	ALL(cells, false, DEED_EARLY);
}

/* Their clock, or the graveyard that they were born in, is another. */
static void who_died_after_the_latest_birth_is_who_was_born_then(void **state)
{
	static const struct cell cells[] = {
		{"b10", "b9 d30 c3", 0, "1 b10 d30 c3", "1 died@30=3"},
		{"b10", "b5 r12", 0, "1 b10 r12", "1 ready@12"},
		{"b10", "b5 r7 d30 c3", 0, "1 b10 r7 d30 c3", "1 ready@7, 1 died@30=3"},
		{"b10 d40", "b9 d30 c3", 0, "1 b10 d40 c3", "1 exitcode@100=3"},
		{"b10", "b9 d9 c3", 0, NULL, NULL},
	};
	static const struct cell removed[] = {
		{"b10", "b9 d30 c3", 0, NULL, NULL},
		{"b10 d20", "b9 d30 c3", 0, NULL, NULL},
	};

	(void)state;
	ALL(cells, true, DEED_EARLY);
	ALL(removed, false, DEED_EARLY);
}

/* The times of what is told may be too early by less than 20. */
static void what_is_written_underneath_is_about_what_was_told_just_before(void **state)
{
	static const struct cell cells[] = {
		{NEVER, "d7 c3", 0, "1 b7 d7 c3", "1 born@7, 1 died@7=3"},
		{"b10", "b7 d7 c3", 0, "1 b10 d10 c3", "1 died@10=3"},
		{"b10", "b12 d12 c3", 0, "1 b10 d12 c3", "1 died@12=3"},
		{"b10", "d7", 0, "1 b10 d10", "1 died@10"},
		{"b10", "r7", 0, "1 b10 r10", "1 ready@10"},
		{"b10", "b7", 0, NULL, NULL},
		{"b30", "d10", 0, NULL, NULL},
		{"b30", "d11", 0, "1 b30 d30", "1 died@30"},
		/* Dead already: a birth that is not this life's begins the next, and a death is the same. */
		{"b10 d12", "b9", 0, "2 b12", "2 born@12"},
		{"b10 d12", "b11", 0, "2 b12", "2 born@12"},
		{"b10 d40", "b19", 0, NULL, NULL},
		{"b10 d12", "b10", 0, NULL, NULL},
		{"b10 d12", "b11 d11 c3", 0, "1 b10 d12 c3", "1 exitcode@100=3"},
		{"b10 d12", "d9 c3", 0, "1 b10 d12 c3", "1 exitcode@100=3"},
	};
	static const struct cell removed[] = {
		{"b10 d12 c3", "b9", 0, "2 b12", "2 born@12"},
		{"b10", "b9", 0, "2 b10", "2 born@10"},
		{"b10", "d9 c3", 0, "2 b10 d10 c3", "2 born@10, 2 died@10=3"},
		{"b10 d12 c3", "b13", 0, "2 b13", "2 born@13"},
		{"b10", "b10", 0, NULL, NULL},
		{"b10 d40", "b19", 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		struct stone stone = stone_of(cells[i].told);
		struct deed deed = deed_of(DEED_EARLY, &stone);

		deed.coarse = 20 * SECOND;
		check_deed(&cells[i], true, &deed);
	}
	for (size_t i = 0; i < COUNT(removed); i++) {
		struct stone stone = stone_of(removed[i].told);
		struct deed deed = deed_of(DEED_EARLY, &stone);

		deed.coarse = 20 * SECOND;
		check_deed(&removed[i], false, &deed);
	}
}

static void the_facts_of_one_write_become_known_with_its_last_event(void **state)
{
	struct lives l = lives_of("b10", true);
	struct stone stone = stone_of("r20 d30 c3 eend");
	struct deed deed = deed_of(DEED_STONE, &stone);

	(void)state;
	assert_int_equal(lives_apply(&l, &deed), 0);
	assert_int_equal(l.count, 3);
	lives_number(&l, 41);
	for (unsigned i = 0; i < l.count; i++)
		assert_int_equal(l.events[i].seq, 41 + i);
	assert_int_equal(l.life.seq[FACT_BORN], 1);
	for (enum fact fact = FACT_READY; fact < FACT_COUNT; fact++)
		assert_int_equal(l.life.seq[fact], 43);
}

static void a_new_life_knows_how_long_the_history_before_it_is(void **state)
{
	struct lives l = lives_of("b10 r20 d30 c3 eend", true);
	struct deed deed = deed_of(DEED_BIRTH, NULL);
	struct buf text = BUF_INIT;

	(void)state;
	l.life.history_at = 1000;
	life_history_text(&l.life, &text);
	assert_int_equal(lives_apply(&l, &deed), 0);
	assert_int_equal(l.life.grave, 1);
	assert_int_equal(l.life.history_at, 1000 + text.len);
	buf_release(&text);
}

static void a_life_as_of_a_number_has_the_facts_known_by_then(void **state)
{
	static const char *const expected[] = {
		"", "b10", "b10 r20", "b10 r20 eend", "b10 r20 d30 eend", "b10 r20 d30 c3 eend"};

	(void)state;
	for (uint64_t seq = 0; seq < COUNT(expected); seq++) {
		struct lives l = lives_of("b10 r20 d30 c3 eend", true);
		char words[STONE_WORDS];

		life_as_of(&l.life, seq);
		stone_words(&l.life.stone, words);
		assert_string_equal(words, expected[seq]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_birth_begins_a_life_unless_one_is_alive),
		cmocka_unit_test(readiness_is_known_once_and_not_of_the_dead),
		cmocka_unit_test(a_death_is_final_and_what_was_unknown_is_filled_in),
		cmocka_unit_test(who_was_never_born_is_born_with_whatever_is_told),
		cmocka_unit_test(who_is_alive_hears_of_a_birth_as_of_nothing),
		cmocka_unit_test(who_is_dead_is_born_by_a_birth_after_the_death_only),
		cmocka_unit_test(a_whole_stone_may_be_written_again),
		cmocka_unit_test(creating_a_file_is_a_birth_only_of_who_is_absent),
		cmocka_unit_test(who_was_taken_off_view_is_as_one_never_born),
		cmocka_unit_test(a_birth_told_at_a_close_is_about_the_life_at_its_open),
		cmocka_unit_test(a_deed_about_one_life_does_nothing_to_another),
		cmocka_unit_test(a_birth_about_one_life_begins_the_next_of_no_other),
		cmocka_unit_test(what_lay_underneath_is_taken_once),
		cmocka_unit_test(what_lay_underneath_of_an_earlier_life_is_nothing),
		cmocka_unit_test(who_died_after_the_latest_birth_is_who_was_born_then),
		cmocka_unit_test(what_is_written_underneath_is_about_what_was_told_just_before),
		cmocka_unit_test(the_facts_of_one_write_become_known_with_its_last_event),
		cmocka_unit_test(a_new_life_knows_how_long_the_history_before_it_is),
		cmocka_unit_test(a_life_as_of_a_number_has_the_facts_known_by_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
