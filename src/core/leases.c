/* SPDX-License-Identifier: Apache-2.0 */
#include "core/leases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/graveyard_private.h"

/* Is anybody on the list? */
static int look(struct graveyard *g)
{
	struct lease lease;
	int r = g->store->ops->next_lease(g->store, NULL, &lease);

	if (r < 0 && r != -ENOENT)
		return r;
	g->leased.staged = r == 0;
	return 0;
}

int graveyard_find_leases(struct graveyard *g)
{
	int r = look(g);

	g->leased.committed = g->leased.staged;
	return r;
}

int graveyard_drop_leases(struct graveyard *g, int64_t grave, uint64_t life, pid_t pid)
{
	int r;

	if (!g->leased.staged)
		return 0;
	r = g->store->ops->drop_leases(g->store, grave, life, pid);
	return r < 0 ? r : look(g);
}

/* ---- while mounted ---- */

static bool lives_on(const struct grave *grave, const struct life *life, uint64_t number)
{
	return grave->on_view && life->number == number && !stone_has(&life->stone, FACT_DIED);
}

static int put(struct graveyard *g, const struct lease *lease)
{
	int r = graveyard_begin(g);

	if (r < 0)
		return r;
	g->deeds++;
	r = g->store->ops->put_lease(g->store, lease);
	if (r == 0)
		g->leased.staged = true;
	return graveyard_doom(g, r);
}

/* As graveyard_drop_leases(), with a transaction if that takes one. */
static int drop(struct graveyard *g, int64_t grave, uint64_t life, pid_t pid)
{
	int r;

	if (!g->leased.staged)
		return 0;
	r = graveyard_begin(g);
	if (r < 0)
		return r;
	g->deeds++;
	return graveyard_doom(g, graveyard_drop_leases(g, grave, life, pid));
}

int graveyard_lease(struct graveyard *g, const char *name, size_t len, uint64_t life, pid_t pid,
		    int64_t start)
{
	struct lease lease = {.life = life, .pid = pid, .start = start};
	const struct grave *grave;
	const struct life *latest;
	int r = graveyard_latest(g, name, len, &grave, &latest);

	if (r < 0 || !lives_on(grave, latest, life))
		return r;
	lease.grave = grave->id;
	return put(g, &lease);
}

int graveyard_unlease(struct graveyard *g, const char *name, size_t len, uint64_t life, pid_t pid)
{
	const struct grave *grave;
	const struct life *latest;
	int r = graveyard_latest(g, name, len, &grave, &latest);

	return r < 0 ? r : drop(g, grave->id, life, pid);
}

/* ---- at its start ---- */

/* Ends a life on nobody's behalf: the file system found out. */
static int end(struct graveyard *g, struct grave *grave, const struct life *life,
	       const char *epitaph, enum via via, int64_t now)
{
	struct stone stone = {.facts = FACT_BIT(FACT_EPITAPH)};
	struct lives lives = {.on_view = true, .life = *life};
	struct deed deed = {
		.kind = DEED_DEATH, .life = life->number, .now = now, .by = {.via = via}};

	(void)snprintf(stone.epitaph, sizeof(stone.epitaph), "%s", epitaph);
	if (!stone_has(&life->stone, FACT_EPITAPH))
		deed.stone = &stone;
	return graveyard_apply(g, grave, &lives, &deed);
}

/* Not to be called where a deed is half staged. */
static int commit_if_full(struct graveyard *g)
{
	return graveyard_has_room(g) ? 0 : graveyard_commit(g);
}

/* Ends a step at the start of a mount: all of the rest, or nothing of it. */
static int finish(struct graveyard *g, int r)
{
	if (r == 0)
		return graveyard_commit(g);
	graveyard_rollback(g);
	return r;
}

static int end_all(struct graveyard *g, int64_t now)
{
	struct grave grave = {.id = 0};
	struct life life;
	int r;

	while ((r = g->store->ops->list(g->store, STORE_LIST_ALIVE, grave.id, &grave)) == 0) {
		r = g->store->ops->life(g->store, grave.id, grave.life, &life);
		if (r == 0)
			r = end(g, &grave, &life, "lost in a reboot", VIA_REBOOT, now);
		if (r == 0)
			r = commit_if_full(g);
		if (r < 0)
			return r;
	}
	return r == -ENOENT ? drop(g, 0, 0, -1) : r;
}

static int put_boot(struct graveyard *g, const char *boot_id)
{
	int r = graveyard_begin(g);

	return r < 0 ? r : graveyard_doom(g, g->store->ops->put_boot(g->store, boot_id));
}

int graveyard_boot(struct graveyard *g, const char *boot_id, int64_t now)
{
	char last[BOOT_ID_SIZE];
	int r = g->store->ops->boot(g->store, last);

	if (r == 0 && strcmp(last, boot_id) == 0)
		return 0;
	if (r == 0)
		r = end_all(g, now);
	else if (r == -ENOENT)
		r = 0;
	if (r == 0)
		r = put_boot(g, boot_id);
	return finish(g, r);
}

struct judge {
	struct graveyard *g;
	bool (*alive)(void *arg, const struct lease *lease);
	void (*goes_on)(void *arg, const char *name, const struct lease *lease);
	void *arg;
	int64_t now;
};

/* The grave of a lease and its life, where that goes on. -ENOENT: it does not. */
static int load(struct graveyard *g, const struct lease *lease, struct grave *ret_grave,
		struct life *ret_life)
{
	/* Ids are without gaps. */
	int r = g->store->ops->list(g->store, STORE_LIST_EVERY, lease->grave - 1, ret_grave);

	if (r == 0)
		r = g->store->ops->life(g->store, lease->grave, lease->life, ret_life);
	if (r == 0 && !lives_on(ret_grave, ret_life, ret_grave->life))
		r = -ENOENT;
	return r;
}

/*
 * Goes through the holders of a life, from the first to the last, striking off who is not alive. All within one
 * transaction with what comes of it: a life that lost only some of them to a kill would be judged by the
 * others, but one that lost all by nobody.
 */
static int judge_holders(const struct judge *judge, const char *name, struct lease *lease,
			 bool *ret_goes_on)
{
	struct store *store = judge->g->store;
	struct lease next = *lease;
	int r;

	*ret_goes_on = false;
	do {
		*lease = next;
		r = 0;
		if (lease->pid && judge->alive(judge->arg, lease)) {
			judge->goes_on(judge->arg, name, lease);
			*ret_goes_on = true;
		} else {
			r = drop(judge->g, lease->grave, lease->life, lease->pid);
		}
		if (r == 0)
			r = store->ops->next_lease(store, lease, &next);
	} while (r == 0 && next.grave == lease->grave && next.life == lease->life);
	return r == -ENOENT ? 0 : r;
}

/* Judges the life of a lease, its first; on return it is its last, to go on from. */
static int judge_life(const struct judge *judge, struct lease *lease)
{
	struct grave grave;
	struct life life;
	bool still = false;
	int r = load(judge->g, lease, &grave, &life);

	if (r == -ENOENT)
		return drop(judge->g, lease->grave, lease->life, -1);
	if (r == 0)
		r = judge_holders(judge, grave.name, lease, &still);
	if (r != 0 || still)
		return r;
	return end(judge->g, &grave, &life, STONE_LEASE_LOST, VIA_LOST, judge->now);
}

int graveyard_judge_leases(struct graveyard *g, bool (*alive)(void *arg, const struct lease *lease),
			   void (*goes_on)(void *arg, const char *name, const struct lease *lease),
			   void *arg, int64_t now)
{
	const struct judge judge = {g, alive, goes_on, arg, now};
	struct lease lease = {.grave = 0};
	int r;

	while ((r = g->store->ops->next_lease(g->store, &lease, &lease)) == 0) {
		r = judge_life(&judge, &lease);
		if (r == 0)
			r = commit_if_full(g);
		if (r < 0)
			return finish(g, r);
	}
	return finish(g, r == -ENOENT ? 0 : r);
}
