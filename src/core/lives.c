/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lives.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "core/life.h"

enum state { NEVER, ALIVE, DEAD, STATE_COUNT };

/* What is told, with what it implies. */
struct told {
	const struct deed *deed;
	struct stone stone;
};

typedef int action(struct lives *l, const struct told *told, enum fact fact);

static enum state state_of(const struct lives *l)
{
	if (!l->on_view)
		return NEVER;
	return stone_has(&l->life.stone, FACT_DIED) ? DEAD : ALIVE;
}

static struct event *record(struct lives *l, enum event_what what, int64_t time)
{
	struct event *e = &l->events[l->count++];

	*e = (struct event){.time = time, .life = l->life.number, .what = what};
	return e;
}

static void know(struct lives *l, enum fact fact)
{
	l->life.stone.facts |= FACT_BIT(fact);
	l->life.seq[fact] = 0;
}

/* ---- actions ---- */

static int nothing(struct lives *l, const struct told *told, enum fact fact)
{
	(void)l, (void)told, (void)fact;
	return 0;
}

static int begin(struct lives *l, int64_t time)
{
	struct life next = {.grave = l->life.grave, .number = l->life.number + 1};

	next.stone.born = time;
	next.history_at = l->life.history_at;
	if (l->life.number > 0) {
		struct buf text = BUF_INIT;

		int r;

		life_history_text(&l->life, &text);
		next.history_at += text.len;
		r = buf_error(&text);
		buf_release(&text);
		if (r < 0)
			return r;
	}
	l->life = next;
	l->on_view = true;
	know(l, FACT_BORN);
	(void)record(l, EVENT_BORN, time);
	return 0;
}

static int be_born(struct lives *l, const struct told *told, enum fact fact)
{
	const uint64_t *opened = told->deed->opened;

	(void)fact;
	/* It was about a life that has been removed since. */
	if (opened && l->life.number && l->life.removed > *opened)
		return 0;
	return begin(l, told->stone.born);
}

/*
 * A dead one is born again by somebody who says so, or by a stone whose birth is after the death. A birth
 * that was told by opening a file and counts from its close is about the life that was over at the open:
 * `exec 9>.born/a` must not make a ghost when its holder dies. And the birth of the dead life itself is after its death
 * where the clock was set back meanwhile.
 */
static int be_born_again(struct lives *l, const struct told *told, enum fact fact)
{
	const struct deed *deed = told->deed;
	const struct stone *over = &l->life.stone;
	int64_t born = told->stone.born;

	if (deed->kind == DEED_BIRTH ? !deed->opened || l->life.seq[FACT_DIED] <= *deed->opened
				     : born > over->died && born != over->born)
		return be_born(l, told, fact);
	return 0;
}

static int be_ready(struct lives *l, const struct told *told, enum fact fact)
{
	if (stone_has(&l->life.stone, FACT_READY))
		return 0;
	l->life.stone.ready = told->stone.ready;
	know(l, fact);
	(void)record(l, EVENT_READY, told->stone.ready);
	return 0;
}

/* Whoever writes a whole stone again says that it was ready: that is so, and no news. */
static int be_ready_too_late(struct lives *l, const struct told *told, enum fact fact)
{
	if (told->deed->kind == DEED_EARLY)
		return 0;
	return stone_has(&l->life.stone, fact) && l->life.stone.ready == told->stone.ready ? 0
											   : -EPERM;
}

static int write_epitaph(struct lives *l, const struct told *told, enum fact fact)
{
	if (stone_has(&l->life.stone, fact))
		return strcmp(l->life.stone.epitaph, told->stone.epitaph) == 0 ? 0 : -EPERM;
	memcpy(l->life.stone.epitaph, told->stone.epitaph, sizeof(told->stone.epitaph));
	know(l, fact);
	(void)record(l, EVENT_EPITAPH, told->deed->now);
	return 0;
}

static void know_code(struct lives *l, const struct told *told, struct event *event)
{
	l->life.stone.code = event->code = told->stone.code;
	event->has_code = true;
	know(l, FACT_CODE);
}

/* The death takes its code along: nobody ever sees one without the other. */
static int die(struct lives *l, const struct told *told, enum fact fact)
{
	struct event *event;

	(void)fact;
	l->life.stone.died = told->stone.died;
	know(l, FACT_DIED);
	event = record(l, EVENT_DIED, told->stone.died);
	if (stone_has(&told->stone, FACT_CODE))
		know_code(l, told, event);
	return 0;
}

static int add_code(struct lives *l, const struct told *told, enum fact fact)
{
	if (stone_has(&l->life.stone, fact))
		return l->life.stone.code == told->stone.code ? 0 : -EPERM;
	know_code(l, told, record(l, EVENT_EXITCODE, told->deed->now));
	return 0;
}

/* Something is told of somebody never heard of: a birth comes first. */
static action appear;

/* clang-format off */
static action *const actions[STATE_COUNT][FACT_COUNT] = {
	/*          BORN           READY              EPITAPH        DIED     CODE     */
	[NEVER] = { be_born,       appear,            appear,        appear,  appear   },
	[ALIVE] = { nothing,       be_ready,          write_epitaph, die,     die      },
	[DEAD]  = { be_born_again, be_ready_too_late, write_epitaph, nothing, add_code },
};
/* clang-format on */

static int appear(struct lives *l, const struct told *told, enum fact fact)
{
	int64_t time = told->deed->now;
	int r;

	if (fact == FACT_READY)
		time = told->stone.ready;
	else if (stone_has(&told->stone, FACT_DIED))
		time = told->stone.died;
	r = begin(l, time);
	return r < 0 ? r : actions[ALIVE][fact](l, told, fact);
}

/* ---- deeds ---- */

static void imply(struct told *told, enum fact fact, int64_t *time)
{
	if (stone_has(&told->stone, fact))
		return;
	told->stone.facts |= FACT_BIT(fact);
	*time = told->deed->now;
}

static void understand(struct told *told, const struct lives *l)
{
	const struct deed *deed = told->deed;
	struct stone *stone = &told->stone;

	/* A birth or a readiness is told by the file alone; what is written into it is not looked at. */
	if (deed->stone && deed->kind != DEED_BIRTH && deed->kind != DEED_READY)
		*stone = *deed->stone;
	if (deed->kind == DEED_BIRTH || (deed->creates && !l->on_view && !stone->facts))
		imply(told, FACT_BORN, &stone->born);
	if (deed->kind == DEED_READY)
		imply(told, FACT_READY, &stone->ready);
	if (deed->kind == DEED_DEATH)
		imply(told, FACT_DIED, &stone->died);
	if (!stone_has(stone, FACT_DIED))
		stone->died = deed->now;
}

/*
 * What lay underneath may be old: a stone that an earlier mount left, or that was taken in before. It
 * tells nothing new if it is about a life before the latest, or about the latest and that was removed. Whose times are
 * from both before and after the latest birth is who is alive since: what he takes for his birth is by a clock or a
 * graveyard of his own.
 */
static bool stale(const struct lives *l, const struct stone *told)
{
	const struct stone *latest = &l->life.stone;
	int64_t first = stone_has(told, FACT_BORN)    ? told->born
			: stone_has(told, FACT_READY) ? told->ready
						      : told->died;

	if (l->life.number == 0)
		return false;
	if (l->on_view)
		return first < latest->born && stone_last(told) < latest->born;
	return first < latest->born || first <= stone_last(latest) ||
	       (l->removed && first <= l->removed);
}

static void raise_to(int64_t *time, int64_t known, int64_t coarse)
{
	if (*time < known && known - *time < coarse)
		*time = known;
}

static void after_removal(const struct stone *known, struct stone *stone, int64_t coarse)
{
	int64_t next = stone_last(known) + 1;

	raise_to(&stone->born, next, coarse);
	raise_to(&stone->ready, next, coarse);
	raise_to(&stone->died, next, coarse);
}

/*
 * A file's mtime is that of a clock's tick, which may be before what was told through the mount just before the file
 * was written. What comes after that is about it: an agent born and dead within one tick is dead. If that was removed
 * meanwhile, it is about the next.
 */
static void set_right(const struct lives *l, struct told *told)
{
	const struct stone *known = &l->life.stone;
	struct stone *stone = &told->stone;
	int64_t coarse = told->deed->coarse;
	bool same = stone->born == known->born;

	if (l->life.number == 0 || coarse == 0)
		return;
	if (!l->on_view) {
		after_removal(known, stone, same ? 0 : coarse);
		return;
	}
	if (stone_has(known, FACT_DIED) && !stone_has(stone, FACT_DIED) && !same)
		raise_to(&stone->born, known->died + 1, coarse);
	raise_to(&stone->born, known->born, coarse);
	raise_to(&stone->ready, known->born, coarse);
	raise_to(&stone->died, known->born, coarse);
}

/* A deed may be about one life: not about whoever came after it, nor about what was removed. */
static bool is_current(const struct lives *l, uint64_t life)
{
	return l->on_view && l->life.number == life;
}

int lives_apply(struct lives *l, const struct deed *deed)
{
	struct told told = {.deed = deed};

	if (deed->life && !is_current(l, deed->life))
		return 0;
	understand(&told, l);
	set_right(l, &told);
	if (deed->kind == DEED_EARLY && stale(l, &told.stone))
		return 0;
	for (enum fact fact = 0; fact < FACT_COUNT; fact++) {
		int r;

		if (!stone_has(&told.stone, fact))
			continue;
		r = actions[state_of(l)][fact](l, &told, fact);
		if (r < 0)
			return r;
	}
	return 0;
}

void lives_number(struct lives *l, uint64_t first)
{
	for (unsigned i = 0; i < l->count; i++)
		l->events[i].seq = first + i;
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		if (stone_has(&l->life.stone, fact) && l->life.seq[fact] == 0)
			l->life.seq[fact] = first + l->count - 1;
}
