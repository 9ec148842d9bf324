/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/graveyard.h"
#include "fs/announce.h"
#include "fs/batch.h"
#include "fs/change.h"
#include "fs/create.h"
#include "fs/fs.h"
#include "fs/listing.h"
#include "fs/node.h"
#include "fs/park.h"
#include "fs/reading.h"
#include "fs/reply.h"
#include "fs/session.h"
#include "fs/state.h"
#include "fs/view.h"

static struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/*
	 * A RELEASE, which may be a death, is a background request: none may ever wait in line behind reads
	 * that are parked. So asynchronous reads are made synchronous ones, and the line is as long as it can
	 * be (by default the kernel lets 12 through).
	 */
	conn->want &= ~(unsigned)(FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO);
	conn->max_background = 65535;
	conn->congestion_threshold = 65535;
	/* Attributes come with a look at the store each: not for every name of a listing. */
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	conn->want &=
		~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
	conn->max_write = SESSION_WRITE_MAX;
	conn->max_readahead = 0;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_of(req);
	const struct node *directory = state_node(fs->state, parent);
	struct node_name resolved;
	struct file file;
	uint64_t id;
	int r = directory ? node_resolve(directory, name, &resolved) : -ESTALE;

	if (announce_lookup(req, parent, name))
		return;
	if (r >= 0)
		r = node_name_look(fs, &resolved, &file);
	if (r >= 0)
		r = state_node_intern(fs->state, resolved.view, resolved.text, resolved.len, &id);
	if (r < 0)
		reply_err(req, r);
	else
		reply_entry(fs, req, id, &file);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	reply_attr(fs_of(req), req, ino);
}

static bool tells(const struct view *view, int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY && view->writable &&
	       (view->deed == DEED_DEATH || view->deed == DEED_READY || view->leased);
}

static int open_file(struct fs *fs, fuse_req_t req, fuse_ino_t ino, int flags, uint64_t *ret_fh)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	const struct node *node = state_node(fs->state, ino);
	struct handle handle = {.node = ino, .deadline = INT64_MAX};
	const struct view *view;
	struct file file;
	int r = node ? node_look(fs, node, &file) : -ESTALE;

	/*
	 * It was there a moment ago, when the kernel looked it up: on ESTALE it looks again, but only once, and
	 * creates the file if that was asked for. Whoever tells of a death or of readiness may be unlucky
	 * twice, while the name is reborn and dies; what is written is judged then, and must not be lost.
	 */
	if (r == -ENOENT && tells(view_get(node->view), flags)) {
		handle.flags |= view_get(node->view)->leased ? 0 : HANDLE_PENDING;
		r = 0;
	}
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	handle.opened = graveyard_seq(fs->graveyard);
	handle.uid = ctx->uid;
	handle.gid = ctx->gid;
	handle.pid = ctx->pid;
	view = view_get(node->view);
	r = view->ops->open ? view->ops->open(fs, node, &handle) : 0;
	if (r >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		r = create_open(fs, node, &handle);
	if (r >= 0)
		r = batch_opens(fs->batch, &handle, ret_fh);
	if (r < 0 && handle.snapshot)
		state_snapshot_free(fs->state, handle.snapshot);
	return r;
}

static const struct view *view_of(struct fs *fs, fuse_ino_t ino)
{
	const struct node *node = state_node(fs->state, ino);

	return node ? view_get(node->view) : NULL;
}

static bool is_cached(struct fs *fs, fuse_ino_t ino)
{
	const struct view *view = view_of(fs, ino);

	return view && view->cached;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	uint64_t fh;
	int r = open_file(fs, req, ino, fi->flags, &fh);

	if (r < 0)
		reply_err(req, r);
	else
		reply_open(req, fh, is_cached(fs, ino), fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);

	/*
	 * No lock owner: sendfile, splice or mmap, which go through the page cache in spite of direct_io and
	 * would keep the page locked while the read is parked. busybox cat tries sendfile first, and falls
	 * back to read on this error.
	 */
	if (fi->lock_owner == 0 && !is_cached(fs, ino))
		reply_err(req, -EINVAL);
	else if (!state_handle(fs->state, fi->fh))
		reply_err(req, -EBADF);
	else if (view_of(fs, ino) && view_of(fs, ino)->sliced)
		reading_begin(fs, req, fi->fh, (uint64_t)offset, size);
	else
		park_read(fs, req, fi->fh, (uint64_t)offset, size, fi->flags & O_NONBLOCK);
}

/* The handle that the kernel wants to be notified by is in the request; libfuse only lends it. */
static void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		    struct fuse_pollhandle *ph)
{
	struct fs *fs = fs_of(req);
	const struct fuse_in_header *in = batch_request(fs->batch);
	const struct fuse_poll_in *arg = (const void *)(in + 1);

	(void)ino;
	if (!state_handle(fs->state, fi->fh))
		reply_err(req, -EBADF);
	else
		(void)fuse_reply_poll(req, park_poll(fs, fi->fh, ph ? arg->kh : 0));
	if (ph)
		fuse_pollhandle_destroy(ph);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	/* A listing keeps its place in the offset alone. */
	(void)fuse_reply_open(req, fi);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)fi;
	listing_serve(fs_of(req), req, ino, (uint64_t)offset, size);
}

static int may_access(struct fs *fs, const struct node *node, uid_t uid, int mask)
{
	const struct view *view = view_get(node->view);
	struct file file;
	int r = node_look(fs, node, &file);

	if (r < 0)
		return r;
	/* A directory's mode is not that of the files in it. */
	if (mask & X_OK && (node->len > 0 || !(view->mode & 0111)))
		return -EACCES;
	if (!(mask & W_OK))
		return 0;
	if (!view->directory || !view->writable)
		return -EACCES;
	return node->len ? graveyard_may_write(fs->graveyard, node->text, node->len, uid) : 0;
}

static void op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct fs *fs = fs_of(req);
	const struct node *node = state_node(fs->state, ino);

	reply_err(req, node ? may_access(fs, node, fuse_req_ctx(req)->uid, mask) : -ESTALE);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_of(req);
	struct store *store = graveyard_store(fs->graveyard);
	struct statvfs st = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};
	uint64_t count;
	int r = store->ops->count(store, STORE_LIST_EVERY, &count);

	(void)ino;
	if (r < 0) {
		reply_err(req, r);
		return;
	}
	st.f_files = fs->max_names > count ? fs->max_names : count;
	st.f_ffree = st.f_favail = st.f_files - count;
	(void)fuse_reply_statfs(req, &st);
}

/* ---- what a graveyard does not have ---- */

static void refuse(fuse_req_t req)
{
	reply_err(req, -EPERM);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)mode, (void)dev;
	if (!announce_mknod(req, parent, name))
		refuse(req);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	refuse(req);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	refuse(req);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	refuse(req);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		      const char *new_name, unsigned flags)
{
	(void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
	refuse(req);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino, (void)parent, (void)name;
	refuse(req);
}

const struct fuse_lowlevel_ops fs_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = change_setattr,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = change_unlink,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.open = op_open,
	.read = op_read,
	.write = change_write,
	.flush = change_flush,
	.release = change_release,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.statfs = op_statfs,
	.access = op_access,
	.create = create_file,
	.poll = op_poll,
};
