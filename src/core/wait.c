/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include <errno.h>
#include <limits.h>

#include "base/buf.h"
#include "core/graveyard.h"
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
	[WAIT_EXITCODE] = {FACT_DIED, INT_MIN, 1u << EVENT_DIED},
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
	default:
		return stone_has(&now->stone, FACT_DIED);
	}
}

/* The life a wait is about: its number, though it may not have begun. 1 with *ret_now: it had. */
static int target(struct graveyard *g, enum wait_kind kind, const struct grave *grave, bool next,
		  uint64_t opened, uint64_t *ret_number, struct life *ret_now)
{
	struct store *store = graveyard_store(g);
	struct life now;
	bool had;
	int r = store->ops->life_at(store, grave->id, opened, &now);

	if (r == -ENOENT) {
		*ret_number = 1;
		return 0;
	}
	if (r < 0)
		return r;
	had = !(now.removed && now.removed <= opened);
	life_as_of(&now, opened);
	*ret_number = had && !(next && spent(kind, &now)) ? now.number : now.number + 1;
	*ret_now = now;
	return had && *ret_number == now.number;
}

int wait_look_one(struct graveyard *g, enum wait_kind kind, const char *name, size_t len, bool next,
		  uint64_t opened, struct wait_standing *ret_standing)
{
	const struct wait_rule *rule = &wait_rules[kind];
	struct wait_standing standing = {.life = 1};
	struct store *store = graveyard_store(g);
	struct life now, life;
	struct grave grave;
	int begun, r;

	r = store->ops->find(store, name, len, &grave);
	if (r == -ENOENT) {
		*ret_standing = standing;
		return 0;
	}
	if (r < 0)
		return r;
	begun = target(g, kind, &grave, next, opened, &standing.life, &now);
	if (begun < 0)
		return begun;
	if (kind == WAIT_READY && begun && stone_has(&now.stone, FACT_DIED))
		return -ESRCH;
	r = store->ops->first_life(store, grave.id, standing.life, rule->fact, rule->code, &life);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && !(kind == WAIT_READY && life.number != standing.life)) {
		uint64_t at = life.seq[rule->fact];

		standing = (struct wait_standing){true, life.number, at > opened ? at : opened};
	} else if (kind == WAIT_READY) {
		/* Not ready in that life: if it is over, it never will be. */
		r = store->ops->life(store, grave.id, standing.life, &life);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && (stone_has(&life.stone, FACT_DIED) || life.removed))
			return -ESRCH;
	}
	*ret_standing = standing;
	return 0;
}

int wait_look(struct graveyard *g, enum wait_kind kind, const struct who *who, uint64_t opened,
	      uint64_t *ret_at)
{
	unsigned happened = 0, failed = 0;
	uint64_t first = UINT64_MAX, last = 0;

	for (struct who_name it = {0}; who_next_name(who, &it);) {
		struct wait_standing standing;
		int r = wait_look_one(g, kind, it.name, it.len, who->next, opened, &standing);

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
	struct grave grave;
	struct life life;
	int r = store->ops->find(store, name->name, name->len, &grave);

	if (r == 0)
		r = store->ops->life(store, grave.id, standing->life, &life);
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
		int r = wait_look_one(g, kind, it.name, it.len, who->next, opened, &standing);

		if (r == -ESRCH)
			continue;
		if (r == 0 && standing.happened && standing.at <= at)
			r = name_text(g, kind, who, &it, &standing, text);
		if (r < 0)
			return r;
	}
	return buf_error(text);
}
