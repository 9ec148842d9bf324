/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include <errno.h>
#include <limits.h>

#include "base/buf.h"
#include "core/graveyard.h"
#include "core/life.h"
#include "core/store.h"
#include "core/who.h"

/* What makes a wait of each kind come: the first life from the target on with this fact. */
static const struct wait_rule {
	enum fact fact;
	int code; /* FACT_CODE: this one; INT_MIN: any */
	unsigned interest;
} wait_rules[WAIT_KIND_COUNT] = {
	[WAIT_BORN] = {FACT_BORN, INT_MIN, 1u << EVENT_BORN},
	[WAIT_READY] = {FACT_READY, INT_MIN, 1u << EVENT_READY | 1u << EVENT_DIED},
	[WAIT_DIED] = {FACT_DIED, INT_MIN, 1u << EVENT_DIED},
	[WAIT_EXITCODE] = {FACT_DIED, INT_MIN, 1u << EVENT_DIED | 1u << EVENT_EXITCODE},
	[WAIT_SUCCEEDED] = {FACT_CODE, 0, 1u << EVENT_DIED | 1u << EVENT_EXITCODE},
};

unsigned wait_interest(enum wait_kind kind)
{
	return wait_rules[kind].interest;
}

/* Is what a @next wait would wait for over already in this life (as of the open)? */
static bool spent(enum wait_kind kind, const struct life *now)
{
	switch (kind) {
	case WAIT_BORN:
		return true;
	case WAIT_READY:
		return stone_has(&now->stone, FACT_READY) || stone_has(&now->stone, FACT_DIED);
	case WAIT_SUCCEEDED:
		return stone_has(&now->stone, FACT_CODE); /* one may still be added to a dead one */
	default:
		return stone_has(&now->stone, FACT_DIED);
	}
}

/* The life a wait is about: its number, though it may not have begun. 1 with *ret_now: it had. */
static int target(struct graveyard *g, enum wait_kind kind, const struct who_name *name, bool next,
		  uint64_t opened, uint64_t *ret_number, struct life *ret_now)
{
	bool had;
	int r = graveyard_begun_at(g, name->name, name->len, opened, ret_now);

	if (r == -ENOENT) {
		*ret_number = 1;
		return 0;
	}
	if (r < 0)
		return r;
	had = !(ret_now->removed && ret_now->removed <= opened);
	life_as_of(ret_now, opened);
	had = had && !(next && spent(kind, ret_now));
	*ret_number = ret_now->number + !had;
	return had;
}

static bool is_met(const struct wait_rule *rule, const struct life *life)
{
	return stone_has(&life->stone, rule->fact) &&
	       (rule->code == INT_MIN || life->stone.code == rule->code);
}

/* The first life from number `from` on that makes a wait come. -ENOENT: there is none yet. */
static int find_met(struct graveyard *g, const struct wait_rule *rule, const struct who_name *name,
		    uint64_t from, struct life *ret_life)
{
	struct store *store = graveyard_store(g);
	const struct grave *grave;
	const struct life *latest;
	int r = graveyard_latest(g, name->name, name->len, &grave, &latest);

	if (r < 0)
		return r;
	if (from < latest->number)
		return store->ops->first_life(store, grave->id, from, rule->fact, rule->code,
					      ret_life);
	if (from > latest->number || !is_met(rule, latest))
		return -ENOENT;
	*ret_life = *latest;
	return 0;
}

/* Was that life over before it was ready? */
static int is_over(struct graveyard *g, const struct who_name *name, uint64_t number)
{
	struct store *store = graveyard_store(g);
	const struct grave *grave;
	const struct life *latest;
	struct life life;
	int r = graveyard_latest(g, name->name, name->len, &grave, &latest);

	if (r < 0 || number > latest->number)
		return r == -ENOENT ? 0 : r;
	r = store->ops->life(store, grave->id, number, &life);
	return r < 0 ? r : stone_has(&life.stone, FACT_DIED) || life.removed;
}

static int look_ready(struct graveyard *g, const struct who_name *name, bool begun,
		      const struct life *now, struct wait_standing *standing)
{
	int r;

	if (begun && stone_has(&now->stone, FACT_DIED))
		return -ESRCH;
	if (standing->happened)
		return 0;
	r = is_over(g, name, standing->life);
	return r > 0 ? -ESRCH : r;
}

int wait_look_one(struct graveyard *g, enum wait_kind kind, const struct who_name *name, bool next,
		  uint64_t opened, struct wait_standing *ret_standing)
{
	const struct wait_rule *rule = &wait_rules[kind];
	struct wait_standing standing = {0};
	struct life now, life;
	int begun, r;

	begun = target(g, kind, name, next, opened, &standing.life, &now);
	if (begun < 0)
		return begun;
	r = find_met(g, rule, name, standing.life, &life);
	if (r < 0 && r != -ENOENT)
		return r;
	/* Readiness is waited for in one life; a death, in that one or (it was removed) a later one. */
	if (r == 0 && !(kind == WAIT_READY && life.number != standing.life)) {
		uint64_t at = life.seq[rule->fact];

		/* The code may come after the death: then it is with the code that it is known. */
		if (kind == WAIT_EXITCODE && life.seq[FACT_CODE] > at)
			at = life.seq[FACT_CODE];

		standing = (struct wait_standing){true, life.number, at > opened ? at : opened};
	}
	r = kind == WAIT_READY ? look_ready(g, name, begun, &now, &standing) : 0;
	if (r == 0)
		*ret_standing = standing;
	return r;
}

int wait_happened(struct graveyard *g, enum wait_kind kind, const struct who_name *name,
		  uint64_t opened)
{
	struct life now, life;
	uint64_t from;
	int begun = target(g, kind, name, false, opened, &from, &now), r;

	if (begun < 0)
		return begun;
	/* A dead one is not ready, though it was. */
	if (kind == WAIT_READY && begun && stone_has(&now.stone, FACT_DIED))
		from++;
	r = find_met(g, &wait_rules[kind], name, from, &life);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int wait_look(struct graveyard *g, enum wait_kind kind, const struct who *who, uint64_t opened,
	      uint64_t *ret_at)
{
	unsigned happened = 0, failed = 0;
	uint64_t first = UINT64_MAX, last = 0;

	for (struct who_name it = {0}; who_next_name(who, &it);) {
		struct wait_standing standing;
		int r = wait_look_one(g, kind, &it, who->next, opened, &standing);

		if (r < 0 && r != -ESRCH)
			return r;
		if (r == -ESRCH) {
			failed++;
		} else if (standing.happened) {
			happened++;
			first = standing.at < first ? standing.at : first;
			last = standing.at > last ? standing.at : last;
		}
	}
	if (who->all ? happened == who->count : happened > 0) {
		*ret_at = who->all ? last : first;
		return 1;
	}
	if (who->all ? failed > 0 : failed == who->count)
		return -ESRCH;
	return 0;
}

static int name_text(struct graveyard *g, enum wait_kind kind, const struct who *who,
		     const struct who_name *name, const struct wait_standing *standing,
		     struct buf *text)
{
	struct store *store = graveyard_store(g);
	const struct grave *grave;
	const struct life *latest;
	struct life life;
	int r = graveyard_latest(g, name->name, name->len, &grave, &latest);

	if (r < 0)
		return r;
	if (standing->life == latest->number)
		life = *latest;
	else
		r = store->ops->life(store, grave->id, standing->life, &life);
	if (r < 0)
		return r;
	life_as_of(&life, standing->at);
	if (kind != WAIT_EXITCODE) {
		if (who->count > 1)
			buf_addf(text, "Name: %.*s\n", (int)name->len, name->name);
		stone_format(&life.stone, text);
		return 0;
	}
	if (!stone_has(&life.stone, FACT_CODE))
		return -ENODATA;
	if (who->count > 1)
		buf_addf(text, "%.*s ", (int)name->len, name->name);
	/* A shell cannot exit with -1 (an error in dash and ash): 255, as the kernel would make it. */
	buf_addf(text, "%d\n", life.stone.code & 255);
	return 0;
}

int wait_text(struct graveyard *g, enum wait_kind kind, const struct who *who, uint64_t opened,
	      uint64_t at, struct buf *text)
{
	for (struct who_name it = {0}; who_next_name(who, &it);) {
		struct wait_standing standing;
		int r = wait_look_one(g, kind, &it, who->next, opened, &standing);

		if (r == -ESRCH)
			continue;
		if (r == 0 && standing.happened && standing.at <= at)
			r = name_text(g, kind, who, &it, &standing, text);
		if (r < 0)
			return r;
	}
	return buf_error(text);
}
