/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "core/graveyard.h"
#include "fs/chore.h"
#include "fs/fs.h"
#include "fs/node.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

/* "." is followed by offset 1, ".." by 2, and what is numbered n by n + 2. */
#define DOTS 2

/* Names that are looked at before others are served. */
#define SLICE 500u

/* What read_entries() returns when it is to be called again. */
#define MORE 2

/* Appends an entry if it fits. 1: it did. */
static int add(struct fs *fs, fuse_req_t req, const struct node *as, const char *name,
	       uint64_t next, size_t size, struct buf *entries)
{
	char entry[512];
	struct stat st;
	size_t n;

	reply_fill_stat(fs, as, NULL, &st);
	n = fuse_add_direntry(req, entry, sizeof(entry), name, &st, (off_t)next);
	if (n > sizeof(entry) || entries->len + n > size)
		return 0;
	buf_add(entries, entry, n);
	return buf_error(entries) < 0 ? -ENOMEM : 1;
}

static int add_dots(struct fs *fs, fuse_req_t req, const struct node *node, uint64_t *offset,
		    size_t size, struct buf *entries)
{
	const struct node parent = {.view = view_get(node->view)->parent};
	int r = 1;

	if (*offset == 0) {
		r = add(fs, req, node, ".", 1, size, entries);
		*offset += r == 1;
	}
	if (r == 1 && *offset == 1) {
		r = add(fs, req, &parent, "..", DOTS, size, entries);
		*offset += r == 1;
	}
	return r;
}

/* .wait, .bin: the views in it. */
static int add_views(struct fs *fs, fuse_req_t req, const struct node *node, uint64_t offset,
		     size_t size, struct buf *entries)
{
	int r = 1;

	for (enum view_id id = VIEW_ROOT + 1; r == 1 && id < VIEW_COUNT; id++) {
		const struct node child = {.view = (uint16_t)id, .text = ""};

		if (view_get(id)->parent == node->view && id + DOTS > offset)
			r = add(fs, req, &child, view_get(id)->name, id + DOTS, size, entries);
	}
	return r;
}

static int is_listed(struct fs *fs, const struct view *view, const struct grave *grave)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct life life;
	int r;

	if (graveyard_admits(fs->graveyard, grave->name, strlen(grave->name)) < 0)
		return 0;
	if (!view->ops->lists)
		return 1;
	r = store->ops->life(store, grave->id, grave->life, &life);
	return r < 0 ? r : view->ops->lists(fs, view, grave, &life);
}

static int add_name(struct fs *fs, fuse_req_t req, const struct node *directory,
		    const struct grave *grave, size_t size, struct buf *entries)
{
	const struct node child = {
		.view = directory->view, .len = (uint16_t)strlen(grave->name), .text = grave->name};

	return add(fs, req, &child, grave->name, (uint64_t)grave->id + DOTS, size, entries);
}

/* `offset` becomes where to go on. MORE: nothing was found yet. */
static int add_names(struct fs *fs, fuse_req_t req, const struct node *node, uint64_t *offset,
		     size_t size, struct buf *entries)
{
	struct store *store = graveyard_store(fs->graveyard);
	const struct view *view = view_get(node->view);
	struct grave grave;
	int r = 0;

	for (unsigned looked = 0; looked < SLICE; looked++) {
		r = store->ops->list(store, view->list, (int64_t)(*offset - DOTS), &grave);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		r = is_listed(fs, view, &grave);
		if (r > 0)
			r = add_name(fs, req, node, &grave, size, entries);
		else if (r == 0)
			r = 1;
		if (r <= 0)
			return r;
		*offset = (uint64_t)grave.id + DOTS;
	}
	return entries->len > 0 ? 0 : MORE;
}

static int read_entries(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t *offset, size_t size,
			struct buf *entries)
{
	const struct node *node = state_node(fs->state, id);
	int r;

	buf_truncate(entries, 0);
	if (!node)
		return -ESTALE;
	r = add_dots(fs, req, node, offset, size, entries);
	if (r < 1)
		return r;
	if (view_get(node->view)->unlisted)
		return 0;
	if (!view_holds_views(view_get(node->view)))
		return add_names(fs, req, node, offset, size, entries);
	r = add_views(fs, req, node, *offset, size, entries);
	return r < 0 ? r : 0;
}

/* ---- in slices ---- */

struct listing {
	struct chore chore; /* first */
	uint64_t id, offset;
	size_t size;
};

static void answer(struct fs *fs, fuse_req_t req, int r)
{
	if (r < 0)
		reply_err(req, r);
	else
		reply_data(req, fs->text.data, fs->text.len);
}

static enum chore_turn slice(struct chore *chore)
{
	struct listing *listing = (struct listing *)chore;
	struct fs *fs = chore->fs;
	int r = read_entries(fs, chore->req, listing->id, &listing->offset, listing->size,
			     &fs->text);

	if (r == MORE)
		return CHORE_WAITS;
	answer(fs, chore->req, r);
	return CHORE_DONE;
}

static void listing_cut(struct chore *chore, int r)
{
	reply_err(chore->req, r);
}

static void listing_free(struct chore *chore)
{
	free(chore);
}

void listing_serve(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t offset, size_t size)
{
	int r = read_entries(fs, req, id, &offset, size, &fs->text);
	struct listing *listing = r == MORE ? malloc(sizeof(*listing)) : NULL;

	if (!listing) {
		answer(fs, req, r == MORE ? -ENOMEM : r);
		return;
	}
	*listing = (struct listing){
		.chore = {.fs = fs,
			  .req = req,
			  .slice = slice,
			  .cut = listing_cut,
			  .free = listing_free},
		.id = id,
		.offset = offset,
		.size = size,
	};
	chore_begin(&listing->chore);
}
