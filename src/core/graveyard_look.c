/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at lives: as they are, and as they were. */
#include "core/graveyard_private.h"

#include <errno.h>

#include "core/life.h"

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
