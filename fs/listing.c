/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/listing.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/node.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

/* "." is followed by offset 1, ".." by 2, and what is numbered n by n + 2. */
#define DOTS 2

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

/* .wait: the views in it. */
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
	return r < 0 ? r : view->ops->lists(view, &life);
}

static int add_names(struct fs *fs, fuse_req_t req, const struct node *node, uint64_t offset,
		     size_t size, struct buf *entries)
{
	struct store *store = graveyard_store(fs->graveyard);
	const struct view *view = view_get(node->view);
	int64_t after = (int64_t)(offset - DOTS);
	struct grave grave;
	int r;

	while ((r = store->ops->list(store, view->list, after, &grave)) == 0) {
		const struct node child = {.view = node->view,
					   .len = (uint16_t)strlen(grave.name),
					   .text = grave.name};

		after = grave.id;
		r = is_listed(fs, view, &grave);
		if (r > 0)
			r = add(fs, req, &child, grave.name, (uint64_t)after + DOTS, size, entries);
		else if (r == 0)
			continue;
		if (r <= 0)
			return r;
	}
	return r == -ENOENT ? 0 : r;
}

int listing_read(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t offset, size_t size,
		 struct buf *entries)
{
	const struct node *node = state_node(fs->state, id);
	int r;

	if (!node)
		return -ESTALE;
	r = add_dots(fs, req, node, &offset, size, entries);
	if (r < 1)
		return r;
	if (node->view == VIEW_WAIT)
		r = add_views(fs, req, node, offset, size, entries);
	else
		r = add_names(fs, req, node, offset, size, entries);
	return r < 0 ? r : 0;
}
