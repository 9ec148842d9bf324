/* SPDX-License-Identifier: Apache-2.0 */
#include "core/graveyard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/graveyard_private.h"
#include "core/journal.h"
#include "core/lives.h"
#include "core/vigil.h"

static int find_journal_end(struct graveyard *g)
{
	struct event last;
	int r = g->store->ops->last_event(g->store, &last);

	if (r < 0)
		return r;
	g->committed.seq = last.seq;
	g->committed.recorded = last.seq ? last.recorded : 0;
	r = journal_text_end(g->store, last.seq, &g->committed.text);
	g->staged = g->committed;
	g->removed = g->told = last.seq;
	return r;
}

int graveyard_new(struct store *store, struct vigils *vigils, const struct graveyard_config *config,
		  struct graveyard **ret_graveyard)
{
	struct graveyard *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->store = store;
	g->vigils = vigils;
	g->config = *config;
	r = find_journal_end(g);
	if (r == 0)
		r = graveyard_find_leases(g);
	if (r < 0) {
		graveyard_free(g);
		return r;
	}
	*ret_graveyard = g;
	return 0;
}

void graveyard_free(struct graveyard *g)
{
	free(g);
}

struct store *graveyard_store(const struct graveyard *g)
{
	return g->store;
}

uint64_t graveyard_seq(const struct graveyard *g)
{
	return g->committed.seq;
}

const struct journal_end *graveyard_end(const struct graveyard *g)
{
	return &g->committed;
}

int graveyard_count(struct graveyard *g, uint64_t *ret_count)
{
	uint64_t count;
	int r;

	if (!g->counted) {
		r = g->store->ops->count(g->store, STORE_LIST_ON_VIEW, &count);
		if (r < 0)
			return r;
		/* What is staged is in it already. */
		g->committed.on_view += (int64_t)count - g->staged.on_view;
		g->staged.on_view = (int64_t)count;
		g->counted = true;
	}
	*ret_count = (uint64_t)g->committed.on_view;
	return 0;
}

int graveyard_admits(const struct graveyard *g, const char *name, size_t len)
{
	if (!name_valid(name, len))
		return -EINVAL;
	return !g->config.names || name_listed(g->config.names, name, len) ? 0 : -ENOENT;
}

bool graveyard_admits_all(const struct graveyard *g)
{
	return !g->config.names;
}

/* ---- changing ---- */

static bool may_write(const struct grave *grave, uid_t uid)
{
	/* Who comes after a removal makes the name anew, as with any file. */
	return uid == 0 || uid == grave->uid || !grave->on_view;
}

int graveyard_may_write(struct graveyard *g, const char *name, size_t len, uid_t uid)
{
	const struct grave *grave;
	const struct life *life;
	int r = graveyard_latest(g, name, len, &grave, &life);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	return may_write(grave, uid) ? 0 : -EACCES;
}

int graveyard_begin(struct graveyard *g)
{
	int r;

	if (g->doomed || g->begun)
		return g->doomed;
	r = g->store->ops->begin(g->store);
	if (r == 0) {
		g->begun = true;
		g->deeds = g->count = 0;
		/* What somebody else wrote by hand is seen from here on. */
		recent_forget(&g->recent);
	}
	return r;
}

int graveyard_doom(struct graveyard *g, int r)
{
	if (r < 0)
		g->doomed = r;
	return r;
}

static int append(struct graveyard *g, const struct event *event, const struct grave *grave,
		  const struct deed *deed)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	struct event *e = &g->events[g->count];
	int r;

	*e = *event;
	e->seq = g->staged.seq + 1;
	e->recorded = deed->now;
	e->text_at = g->staged.text;
	if (e->what != EVENT_OWNER)
		e->by = deed->by;
	if (grave) {
		e->grave = grave->id;
		memcpy(e->name, grave->name, sizeof(e->name));
	}
	journal_line(e, &line);
	r = buf_error(&line);
	if (r == 0)
		r = g->store->ops->append(g->store, e);
	if (r < 0)
		return r;
	g->count++;
	g->staged.seq++;
	g->staged.text += line.len;
	g->staged.recorded = e->recorded;
	return 0;
}

/* The grave of a name, or a new one that is not kept yet, and its latest life. */
static int load(struct graveyard *g, const char *name, size_t len, struct grave *grave,
		struct lives *lives)
{
	const struct grave *known;
	const struct life *life;
	int r = graveyard_latest(g, name, len, &known, &life);

	*grave = (struct grave){0};
	*lives = (struct lives){0};
	if (r == -ENOENT) {
		memcpy(grave->name, name, len);
		return 0;
	}
	if (r < 0)
		return r;
	*grave = *known;
	lives->on_view = grave->on_view;
	lives->life = *life;
	return 0;
}

static int check_room(struct graveyard *g)
{
	uint64_t count;
	int r = g->store->ops->count(g->store, STORE_LIST_EVERY, &count);

	if (r < 0)
		return r;
	return count < g->config.max_names ? 0 : -ENOSPC;
}

bool graveyard_full(struct graveyard *g)
{
	return check_room(g) == -ENOSPC;
}

static int keep_grave(struct graveyard *g, struct grave *grave, const struct lives *lives,
		      const struct deed *deed)
{
	if (grave->on_view && grave->life == lives->life.number)
		return 0;
	if (!grave->on_view && grave->id)
		g->removed = g->staged.seq + 1;
	if (!grave->on_view) {
		grave->uid = deed->by.uid;
		grave->gid = deed->by.gid;
		g->staged.on_view++;
	}
	grave->on_view = true;
	grave->life = lives->life.number;
	return g->store->ops->put_grave(g->store, grave);
}

static bool dies(const struct lives *lives)
{
	for (unsigned i = 0; i < lives->count; i++)
		if (lives->events[i].what == EVENT_DIED)
			return true;
	return false;
}

static int keep(struct graveyard *g, struct grave *grave, struct lives *lives,
		const struct deed *deed)
{
	int r = keep_grave(g, grave, lives, deed);

	if (r < 0)
		return r;
	lives->life.grave = grave->id;
	lives_number(lives, g->staged.seq + 1);
	r = g->store->ops->put_life(g->store, &lives->life);
	for (unsigned i = 0; r == 0 && i < lives->count; i++)
		r = append(g, &lives->events[i], grave, deed);
	if (r == 0 && dies(lives))
		r = graveyard_drop_leases(g, grave->id, lives->life.number, -1);
	g->deeds++;
	if (r == 0)
		recent_remember(&g->recent, grave, &lives->life);
	return r;
}

int graveyard_apply(struct graveyard *g, struct grave *grave, struct lives *lives,
		    const struct deed *deed)
{
	int r = lives_apply(lives, deed);

	if (r < 0 || lives->count == 0)
		return r;
	if (!grave->id)
		r = check_room(g);
	if (r == 0)
		r = graveyard_begin(g);
	if (r < 0)
		return r;
	return graveyard_doom(g, keep(g, grave, lives, deed));
}

int graveyard_stage(struct graveyard *g, const char *name, size_t len, const struct deed *deed)
{
	struct grave grave;
	struct lives lives;
	int r;

	if (!graveyard_has_room(g))
		return -ENOBUFS;
	/* What is told of a life that has begun is about a name that was admitted then. */
	r = deed->life ? 0 : graveyard_admits(g, name, len);
	if (r == 0)
		r = load(g, name, len, &grave, &lives);
	if (r < 0)
		return r;
	if (deed->found)
		r = graveyard_look_back(g, deed->stone, &grave, &lives);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!deed->judged && grave.id && !may_write(&grave, deed->by.uid))
		return -EACCES;
	return graveyard_apply(g, &grave, &lives, deed);
}

/* What a removal and a handing over have in common. */
static int keep_one(struct graveyard *g, struct grave *grave, const struct life *life,
		    const struct event *event, const struct deed *deed)
{
	int r = g->store->ops->put_grave(g->store, grave);

	if (r == 0 && life->removed)
		r = g->store->ops->put_life(g->store, life);
	if (r == 0)
		r = append(g, event, grave, deed);
	if (r == 0)
		recent_remember(&g->recent, grave, life);
	g->deeds++;
	return graveyard_doom(g, r);
}

int graveyard_remove(struct graveyard *g, const char *name, size_t len, const struct deed *deed)
{
	struct event event = {.time = deed->now, .what = EVENT_REMOVED};
	struct grave grave;
	struct life life;
	int r;

	if (!graveyard_has_room(g))
		return -ENOBUFS;
	r = graveyard_find(g, name, len, &grave, &life);
	if (r < 0)
		return r;
	if (!may_write(&grave, deed->by.uid))
		return -EACCES;
	r = graveyard_begin(g);
	if (r < 0)
		return r;
	grave.on_view = false;
	g->staged.on_view--;
	event.life = life.number;
	g->removed = life.removed = g->staged.seq + 1;
	return keep_one(g, &grave, &life, &event, deed);
}

int graveyard_chown(struct graveyard *g, const char *name, size_t len, uid_t uid, gid_t gid,
		    const struct deed *deed)
{
	struct event event = {.time = deed->now,
			      .what = EVENT_OWNER,
			      .by = {uid, gid, deed->by.pid, deed->by.via}};
	struct grave grave;
	struct life life;
	int r;

	if (!graveyard_has_room(g))
		return -ENOBUFS;
	r = graveyard_find(g, name, len, &grave, &life);
	if (r < 0)
		return r;
	if (uid == grave.uid && gid == grave.gid)
		return 0;
	if (deed->by.uid != 0)
		return -EPERM;
	r = graveyard_begin(g);
	if (r < 0)
		return r;
	grave.uid = uid;
	grave.gid = gid;
	return keep_one(g, &grave, &life, &event, deed);
}

int graveyard_fresh(struct graveyard *g, int64_t now)
{
	struct event event = {.time = now, .what = EVENT_FRESH};
	struct deed deed = {.now = now};
	int r = graveyard_begin(g);

	if (r < 0)
		return r;
	g->removed = g->staged.seq + 1;
	g->staged.on_view = 0;
	r = g->store->ops->clear_view(g->store, g->removed);
	if (r == 0)
		r = append(g, &event, NULL, &deed);
	recent_forget(&g->recent);
	g->deeds++;
	return graveyard_doom(g, r);
}

/* ---- making it happen ---- */

bool graveyard_staged(const struct graveyard *g)
{
	return g->begun;
}

bool graveyard_staged_for(const struct graveyard *g, const char *name, size_t len)
{
	if (g->doomed)
		return true;
	for (unsigned i = 0; g->begun && i < g->count; i++)
		if (strlen(g->events[i].name) == len && memcmp(g->events[i].name, name, len) == 0)
			return true;
	return false;
}

uint64_t graveyard_staged_seq(const struct graveyard *g)
{
	return g->staged.seq > g->committed.seq ? g->staged.seq : 0;
}

unsigned graveyard_staged_events(const struct graveyard *g)
{
	return g->begun ? g->count : 0;
}

bool graveyard_has_room(const struct graveyard *g)
{
	return graveyard_has_room_for(g, 1);
}

bool graveyard_has_room_for(const struct graveyard *g, unsigned deeds)
{
	return !g->begun || g->deeds + deeds <= GRAVEYARD_BATCH;
}

static void undo(struct graveyard *g)
{
	g->count = 0;
	g->staged = g->committed;
	g->leased.staged = g->leased.committed;
	recent_forget(&g->recent);
}

void graveyard_rollback(struct graveyard *g)
{
	if (!g->begun)
		return;
	g->store->ops->rollback(g->store);
	g->begun = false;
	g->doomed = 0;
	undo(g);
}

int graveyard_commit(struct graveyard *g)
{
	int r;

	if (!g->begun)
		return 0;
	if (g->doomed) {
		r = g->doomed;
		graveyard_rollback(g);
		return r;
	}
	r = g->store->ops->commit(g->store);
	g->begun = false;
	if (r < 0) {
		undo(g);
		return r;
	}
	g->committed = g->staged;
	g->leased.committed = g->leased.staged;
	for (unsigned i = 0; i < g->count; i++)
		vigils_event(g->vigils, &g->events[i]);
	return 0;
}

/* A committed event: of the last commit, or from the journal. */
static int find_event(struct graveyard *g, uint64_t seq, struct event *ret_event)
{
	uint64_t before = g->committed.seq - g->count;

	if (seq <= before)
		return g->store->ops->event(g->store, seq, ret_event);
	*ret_event = g->events[seq - before - 1];
	return 0;
}

void graveyard_tell(struct graveyard *g, void (*each)(void *arg, const struct event *), void *arg)
{
	struct event event;

	while (!g->begun && g->told < g->committed.seq)
		if (find_event(g, ++g->told, &event) == 0)
			each(arg, &event);
}
