/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/create.h"

#include <errno.h>
#include <fcntl.h>

#include "core/graveyard.h"
#include "fs/batch.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/node.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

/* What can be told at once that a new file will not be taken. */
static int check_creation(struct fs *fs, const struct view *view, const struct node_name *name,
			  const struct fuse_ctx *ctx)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct grave grave;
	struct life life;
	uint64_t count;
	int r = graveyard_admits(fs->graveyard, name->text, name->len);

	if (r == 0)
		r = graveyard_may_write(fs->graveyard, name->text, name->len, ctx->uid);
	if (r < 0)
		return r;
	r = graveyard_find(fs->graveyard, name->text, name->len, &grave, &life);
	if (r == 0 && view->deed == DEED_READY && stone_has(&life.stone, FACT_DIED))
		return -EPERM;
	if (r != -ENOENT)
		return r;
	r = store->ops->count(store, STORE_LIST_EVERY, &count);
	if (r == 0 && count >= fs->max_names &&
	    store->ops->find(store, name->text, name->len, &grave) == -ENOENT)
		r = -ENOSPC;
	return r;
}

/* It counts from the open, and is answered once that is kept. */
static int open_new_lease(struct fs *fs, struct handle *handle, int flags, uint64_t *ret_node,
			  uint64_t *ret_fh)
{
	const struct node *node = state_node(fs->state, handle->node);
	int r;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return -ENOENT;
	r = lease_open(fs, node, handle);
	if (r < 0)
		return r;
	*ret_node = handle->node;
	return batch_opens(fs->batch, handle, ret_fh);
}

static int open_new(struct fs *fs, fuse_req_t req, const struct node_name *name, int flags,
		    uint64_t *ret_node, uint64_t *ret_fh)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct handle handle = {.deadline = INT64_MAX};
	struct file file;
	int r = state_node_intern(fs->state, name->view, name->text, name->len, &handle.node);

	if (r < 0)
		return r;
	handle.opened = graveyard_seq(fs->graveyard);
	handle.uid = ctx->uid;
	handle.gid = ctx->gid;
	handle.pid = ctx->pid;
	if ((flags & O_ACCMODE) != O_RDONLY)
		handle.flags |= HANDLE_WRITABLE;
	/* Somebody may have been faster than this request. */
	r = node_look(fs, state_node(fs->state, handle.node), &file);
	if (r < 0 && r != -ENOENT)
		return r;
	if (view_get(name->view)->leased)
		return open_new_lease(fs, &handle, flags, ret_node, ret_fh);
	if (flags & O_EXCL && (r == 0 || state_node(fs->state, handle.node)->pending))
		return -EEXIST;
	handle.flags |= HANDLE_PENDING | HANDLE_CREATED;
	state_node_own(fs->state, handle.node, ctx->uid, ctx->gid);
	*ret_node = handle.node;
	return batch_opens(fs->batch, &handle, ret_fh);
}

void create_file(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	const struct node *directory = state_node(fs->state, parent);
	struct node_name resolved;
	const struct view *view;
	uint64_t id = 0, fh = 0;
	int r = directory ? node_resolve(directory, name, &resolved) : -ESTALE;

	(void)mode;
	if (r == -ENOENT)
		r = -EINVAL; /* what starts with a dot is ours */
	if (r < 0) {
		reply_err(req, r);
		return;
	}
	view = view_get(resolved.view);
	r = view->directory && view->writable
		    ? check_creation(fs, view, &resolved, fuse_req_ctx(req))
		    : -EPERM;
	if (r == 0)
		r = open_new(fs, req, &resolved, fi->flags, &id, &fh);
	if (r < 0)
		reply_err(req, r);
	else
		reply_created(fs, req, id, fh, fi);
}

int create_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	const struct view *view = view_get(node->view);
	int r;

	if (!view->directory || !view->writable)
		return -EACCES;
	r = graveyard_may_write(fs->graveyard, node->text, node->len, handle->uid);
	if (view->leased)
		return r < 0 ? r : lease_open(fs, node, handle);
	handle->flags |= HANDLE_WRITABLE;
	/* `.born/NAME` is there for a dead one too: opening it for writing tells of a birth. */
	if (view->deed == DEED_BIRTH)
		handle->flags |= HANDLE_PENDING;
	return r;
}
