/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/roll.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/snapshot.h"
#include "fs/state.h"
#include "fs/view.h"
#include "fs/waiting.h"

/* A place is the id of the last grave, or this and how many of those waited for were looked at. */
#define WAITED (UINT64_C(1) << 63)

/* Of an index alone, by which it is found who comes so much later: as much work as ROLL_SLICE names are. */
#define SKIP_SLICE 2048u
#define SKIP_LEAST 32u

int roll_open(struct fs *fs, struct handle *handle)
{
	_cleanup_(buf_release) struct buf snapshot = BUF_INIT;
	int r = snapshot_room(fs, waiting_size(fs->waiting));

	if (r == 0)
		r = waiting_take(fs->waiting, clock_now(), &snapshot);
	return r < 0 ? r : snapshot_keep(fs, snapshot.data, snapshot.len, &handle->snapshot);
}

int64_t roll_taken(struct fs *fs, const struct handle *handle)
{
	return waiting_taken(fs->state, handle->snapshot);
}

int roll_count(struct fs *fs, uint64_t *ret_count)
{
	uint64_t on_view;
	int r = graveyard_count(fs->graveyard, &on_view);

	if (r == 0)
		*ret_count = on_view + waiting_off_view(fs->waiting);
	return r;
}

/*
 * What has been removed since is not on the list any more, and what came back is where it was not. Where anything did,
 * the list of all names is looked through instead.
 */
static bool is_list_of_then(struct fs *fs, const struct handle *handle)
{
	return !graveyard_removed_since(fs->graveyard, handle->opened);
}

static int next_on_view(struct fs *fs, const struct handle *handle, uint64_t *place,
			struct roll_call *ret_call)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct grave grave;
	int r = store->ops->list(
		store, is_list_of_then(fs, handle) ? STORE_LIST_ON_VIEW : STORE_LIST_EVERY,
		(int64_t)*place, &grave);

	if (r == -ENOENT) {
		*place = WAITED;
		return VIEW_MORE;
	}
	if (r < 0)
		return r;
	*place = (uint64_t)grave.id;
	if (graveyard_admits(fs->graveyard, grave.name, strlen(grave.name)) < 0)
		return VIEW_MORE;
	r = graveyard_grave_at(fs->graveyard, &grave, handle->opened, &ret_call->life);
	if (r < 0)
		return r == -ENOENT ? VIEW_MORE : r;
	memcpy(ret_call->name, grave.name, sizeof(grave.name));
	ret_call->portrait.life = &ret_call->life;
	waiting_find(fs->state, handle->snapshot, grave.name, ret_call->portrait.waiting);
	return 0;
}

static int next_waited(struct fs *fs, const struct handle *handle, uint64_t *place,
		       struct roll_call *ret_call)
{
	struct waited waited;
	int r;

	if (!waiting_nth(fs->state, handle->snapshot, *place & ~WAITED, &waited))
		return -ENOENT;
	++*place;
	r = graveyard_find_at(fs->graveyard, waited.name, strlen(waited.name), handle->opened,
			      &ret_call->life);
	if (r != -ENOENT)
		return r < 0 ? r : VIEW_MORE; /* it was on view */
	memcpy(ret_call->name, waited.name, sizeof(waited.name));
	ret_call->portrait.life = NULL;
	memcpy(ret_call->portrait.waiting, waited.counts, sizeof(waited.counts));
	return 0;
}

int roll_next(struct fs *fs, const struct handle *handle, uint64_t *place, unsigned *budget,
	      struct roll_call *ret_call)
{
	int r = VIEW_MORE;

	ret_call->portrait.name = ret_call->name;
	while (r == VIEW_MORE && *budget > 0) {
		--*budget;
		r = *place & WAITED ? next_waited(fs, handle, place, ret_call)
				    : next_on_view(fs, handle, place, ret_call);
	}
	return r;
}

int roll_skip(struct fs *fs, const struct handle *handle, uint64_t *place, uint64_t rows)
{
	struct store *store = graveyard_store(fs->graveyard);
	uint64_t n = rows < SKIP_SLICE ? rows : SKIP_SLICE;

	if (*place & WAITED || !is_list_of_then(fs, handle) || !graveyard_admits_all(fs->graveyard))
		return 0;
	/* Who has come since comes last: of those there is nobody before who was there. */
	for (; n >= SKIP_LEAST; n /= 2) {
		struct grave grave;
		struct life life;
		int r = store->ops->skip_on_view(store, (int64_t)*place, n - 1, &grave);

		if (r == 0)
			r = graveyard_grave_at(fs->graveyard, &grave, handle->opened, &life);
		if (r == 0) {
			*place = (uint64_t)grave.id;
			return (int)n;
		}
		if (r != -ENOENT)
			return r;
	}
	return 0;
}
