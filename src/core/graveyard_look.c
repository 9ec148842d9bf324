/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at lives: as they are, and as they were. */
#include "core/graveyard_private.h"

#include <errno.h>

#include "core/life.h"

/* So many lives may have been since a file was taken in that is found again. */
#define LOOK_BACK 16

int graveyard_latest(struct graveyard *g, const char *name, size_t len,
		     const struct grave **ret_grave, const struct life **ret_life)
{
	return recent_look(&g->recent, g->store, name, len, ret_grave, ret_life);
}

int graveyard_find(struct graveyard *g, const char *name, size_t len, struct grave *ret_grave,
		   struct life *ret_life)
{
	const struct grave *grave;
	const struct life *life;
	int r = graveyard_latest(g, name, len, &grave, &life);

	if (r < 0)
		return r;
	if (!grave->on_view)
		return -ENOENT;
	*ret_grave = *grave;
	*ret_life = *life;
	return 0;
}

int graveyard_find_at(struct graveyard *g, const char *name, size_t len, uint64_t seq,
		      struct life *ret_life)
{
	int r = graveyard_begun_at(g, name, len, seq, ret_life);

	if (r < 0)
		return r;
	if (ret_life->removed && ret_life->removed <= seq)
		return -ENOENT;
	life_as_of(ret_life, seq);
	return 0;
}

int graveyard_begun_at(struct graveyard *g, const char *name, size_t len, uint64_t seq,
		       struct life *ret_life)
{
	const struct grave *grave;
	const struct life *latest;
	int r = graveyard_latest(g, name, len, &grave, &latest);

	if (r < 0)
		return r;
	if (latest->seq[FACT_BORN] > seq)
		return g->store->ops->life_at(g->store, grave->id, seq, ret_life);
	*ret_life = *latest;
	return 0;
}

int graveyard_grave_at(struct graveyard *g, const struct grave *grave, uint64_t seq,
		       struct life *ret_life)
{
	struct life life;
	int r = g->store->ops->life(g->store, grave->id, grave->life, &life);

	if (r == 0 && life.seq[FACT_BORN] > seq)
		r = g->store->ops->life_at(g->store, grave->id, seq, &life);
	if (r == 0 && life.removed && life.removed <= seq)
		r = -ENOENT;
	if (r < 0)
		return r;
	life_as_of(&life, seq);
	*ret_life = life;
	return 0;
}

bool graveyard_removed_since(const struct graveyard *g, uint64_t seq)
{
	return g->removed > seq;
}

/* What was taken in before a removal is not to come back by being looked at again. */
static int find_removal(struct graveyard *g, struct lives *lives)
{
	struct event event;
	int r = g->store->ops->event(g->store, lives->life.removed, &event);

	/* Before a --fresh nothing was mounted: what was written then is not known yet. */
	if (r == 0 && event.what == EVENT_REMOVED)
		lives->removed = event.recorded;
	return r;
}

static bool begins_as(const struct stone *found, const struct stone *life)
{
	if (stone_has(found, FACT_BORN))
		return found->born == life->born;
	if (stone_has(found, FACT_READY))
		return stone_has(life, FACT_READY) && found->ready == life->ready;
	return stone_has(life, FACT_DIED) && found->died == life->died;
}

/* Who was alive in a later life, too, ends otherwise than this one did. */
static bool is_of(const struct stone *found, const struct stone *life)
{
	return begins_as(found, life) &&
	       (!stone_has(found, FACT_DIED) ||
		(stone_has(life, FACT_DIED) && found->died == life->died));
}

/* Where the clock was set back, what was taken in for an earlier life is later than the latest began. */
int graveyard_look_back(struct graveyard *g, const struct stone *found, const struct grave *grave,
			struct lives *lives)
{
	const struct life *latest = &lives->life;
	struct life life;
	int r;

	if (latest->number == 0)
		return 0;
	if (begins_as(found, &latest->stone))
		return !lives->on_view;
	r = lives->on_view || !latest->removed ? 0 : find_removal(g, lives);
	if (r < 0 || stone_last(found) < latest->stone.born)
		return r;
	for (uint64_t n = 1; n < latest->number && n <= LOOK_BACK; n++) {
		r = g->store->ops->life(g->store, grave->id, latest->number - n, &life);
		if (r < 0)
			return r;
		if (is_of(found, &life.stone))
			return 1;
	}
	return 0;
}
