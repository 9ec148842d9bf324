/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wing and Gong's search: take any operation that began before all others that are left have ended, as long as
 * its result is right in the state that was reached; go back where none is. What failed once, a set of
 * operations done and the state they led to, is not tried again (Lowe).
 */
#include "linear.h"

#include "must.h"

#include <inttypes.h>

/* ---- the journal ---- */

static void take_event(struct history *h, struct lived *now, unsigned life, const char *time,
		       const char *what, int code)
{
	bool alive = h->lives > 0 && !now->died;

	if (strcmp(what, "born") == 0 && !alive && life == h->lives + 1 && life <= LIVES_MOST) {
		now = &h->lived[++h->lives];
		now->code = now->code_at_death = NO_CODE;
		(void)snprintf(now->born, sizeof(now->born), "%s", time);
	} else if (life != h->lives) {
		fail("%s: '%s' of life %u in life %u", h->name, what, life, h->lives);
	} else if (strcmp(what, "ready") == 0 && alive && !now->ready) {
		now->ready = true;
	} else if (strcmp(what, "died") == 0 && alive) {
		now->died = true;
		now->code = now->code_at_death = code;
	} else if (strcmp(what, "exitcode") == 0 && now->died && now->code == NO_CODE) {
		now->code = code;
	} else {
		fail("%s: the journal has '%s' in the wrong place", h->name, what);
	}
}

void history_take_line(struct history *h, const char *line)
{
	char time[TIME_SIZE], what[16], code[16];
	unsigned life;

	must(sscanf(line, "%*u %39s %*s %u %15s %15s", time, &life, what, code) == 4);
	take_event(h, &h->lived[h->lives], life, time, what,
		   strcmp(code, "-") == 0 ? NO_CODE : atoi(code));
}

static unsigned find_life(const struct history *h, const char *born)
{
	for (unsigned life = 1; life <= h->lives; life++)
		if (strcmp(h->lived[life].born, born) == 0)
			return life;
	fail("%s: somebody read of a birth at '%s', which the journal does not have", h->name,
	     born);
}

/* ---- one operation ---- */

enum phase { NEVER, ALIVE, DEAD };

struct state {
	uint16_t life;
	int16_t code;
	uint8_t phase;
	bool ready;
};

static bool die(struct state *s, int code)
{
	if (s->phase != DEAD) {
		s->life = s->phase == NEVER ? 1 : s->life;
		s->phase = DEAD;
		s->code = (int16_t)code;
		return true;
	}
	if (code == NO_CODE || code == s->code)
		return true;
	if (s->code != NO_CODE)
		return false;
	s->code = (int16_t)code;
	return true;
}

static bool get_ready(struct state *s)
{
	if (s->phase == DEAD)
		return false;
	s->life = s->phase == NEVER ? 1 : s->life;
	s->phase = ALIVE;
	s->ready = true;
	return true;
}

static bool be_born(struct state *s)
{
	if (s->phase != ALIVE)
		*s = (struct state){.life = s->life + 1, .phase = ALIVE, .code = NO_CODE};
	return true;
}

static bool shows(const struct state *s, const struct op *op)
{
	if (op->error)
		return op->error == ENOENT && s->phase == NEVER;
	return s->phase != NEVER && op->life == s->life && op->seen.ready == s->ready &&
	       op->seen.died == (s->phase == DEAD) && op->seen.code == s->code;
}

/* A wait is about the life at its open, and tells of it as it was when it ended, or at the open. */
static bool waits(const struct history *h, const struct state *s, const struct op *op)
{
	if (op->error)
		return s->phase != DEAD;
	if (s->phase == DEAD)
		return shows(s, op);
	return op->life == (s->phase == NEVER ? 1 : s->life) && op->seen.died &&
	       op->seen.ready == h->lived[op->life].ready &&
	       op->seen.code == h->lived[op->life].code_at_death;
}

/* Could this be what happens next? `s` becomes the state after it. */
static bool step(const struct history *h, const struct op *op, struct state *s)
{
	switch (op->kind) {
	case OP_BIRTH:
		return be_born(s) && op->error == 0;
	case OP_READY:
		return op->error == (get_ready(s) ? 0 : EPERM);
	case OP_DEATH:
		return op->error == (die(s, op->code) ? 0 : EPERM);
	case OP_STONE:
		return shows(s, op);
	case OP_DEAD:
		return op->error == (s->phase == DEAD ? 0 : ENOENT);
	case OP_WAIT:
		return waits(h, s, op);
	case OP_WOKEN:
		return op->error == ETIMEDOUT || s->life > op->life ||
		       (s->life == op->life && s->phase == DEAD);
	case OP_KINDS:
		break;
	}
	return false;
}

/* ---- the search ---- */

#define TRIED_MOST (1u << 20)

struct tried {
	uint64_t done, state;
};

static struct tried tried[TRIED_MOST];
static unsigned tried_count;

static uint64_t pack(const struct state *s)
{
	return (uint64_t)s->life << 32 | (uint64_t)(uint16_t)s->code << 16 | s->phase << 8 |
	       s->ready;
}

/* Notes that this is tried now; false: it was before. */
static bool note(uint64_t done, uint64_t state)
{
	uint64_t i = (done * 0x9e3779b97f4a7c15u ^ state * 0xc2b2ae3d27d4eb4fu) >> 44;

	for (;; i++) {
		struct tried *t = &tried[i % TRIED_MOST];

		if (t->done == done && t->state == state)
			return false;
		if (t->done || t->state)
			continue;
		*t = (struct tried){done, state};
		if (++tried_count > TRIED_MOST / 2)
			fail("a history has too many orders to be searched");
		return true;
	}
}

static bool is_end(const struct history *h, const struct state *s)
{
	const struct lived *last = &h->lived[h->lives];

	if (h->lives == 0)
		return s->phase == NEVER;
	return s->life == h->lives && s->ready == last->ready && (s->phase == DEAD) == last->died &&
	       s->code == last->code;
}

static bool search(const struct history *h, uint64_t done, struct state state)
{
	uint64_t all = h->count == 64 ? UINT64_MAX : (UINT64_C(1) << h->count) - 1;
	int64_t first_end = INT64_MAX;

	if (done == all)
		return is_end(h, &state);
	if (!note(done, pack(&state)))
		return false;
	for (unsigned i = 0; i < h->count; i++)
		if (!(done >> i & 1) && h->ops[i].to < first_end)
			first_end = h->ops[i].to;
	for (unsigned i = 0; i < h->count; i++) {
		struct state next = state;

		if (done >> i & 1 || h->ops[i].from > first_end)
			continue;
		if (step(h, &h->ops[i], &next) && search(h, done | UINT64_C(1) << i, next))
			return true;
	}
	return false;
}

bool history_is_linearizable(struct history *h)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->ops[i].error == 0 && h->ops[i].seen.born[0])
			h->ops[i].life = find_life(h, h->ops[i].seen.born);
	memset(tried, 0, sizeof(tried));
	tried_count = 0;
	return search(h, 0, (struct state){.code = NO_CODE});
}

void history_print(const struct history *h)
{
	static const char *const kinds[OP_KINDS] = {"birth", "ready", "death", "stone",
						    "dead",  "wait",  "woken"};

	for (unsigned i = 0; i < h->count; i++) {
		const struct op *op = &h->ops[i];

		fprintf(stderr, "%s: %" PRId64 "..%" PRId64 " %s %d: %s; life %u%s%s code %d\n",
			h->name, op->from - h->ops[0].from, op->to - h->ops[0].from,
			kinds[op->kind], op->code, strerror(op->error), op->life,
			op->seen.ready ? " ready" : "", op->seen.died ? " died" : "",
			op->seen.code);
	}
}
