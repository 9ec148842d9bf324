/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/change.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/stone.h"
#include "fs/announce.h"
#include "fs/batch.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/node.h"
#include "fs/park.h"
#include "fs/reply.h"
#include "fs/session.h"
#include "fs/state.h"
#include "fs/view.h"

/* What take_close() returns of a handle that is not done with. */
#define CLOSE_REST 1

static struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct writer writer_of(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct writer){ctx->uid, ctx->gid, ctx->pid, VIA_WRITE};
}

static struct deed deed_of(const struct view *view, const struct handle *handle)
{
	return (struct deed){
		.kind = view->deed,
		.creates = handle->flags & HANDLE_PENDING,
		/* Whether an existing name may be written to was judged at open; a created one may
		 * have become somebody else's since. */
		.judged = !(handle->flags & HANDLE_CREATED) || handle->flags & HANDLE_COUNTED,
		.now = handle->flags & HANDLE_OWED ? handle->closed : clock_now(),
		.by = {handle->uid, handle->gid, handle->pid, VIA_WRITE},
	};
}

/* A file that was removed since it was opened takes nothing any more: it would be born again. */
static int check_removed(struct fs *fs, const struct node *node, const struct handle *handle)
{
	struct life life;
	int r;

	if (handle->flags & HANDLE_PENDING ||
	    !graveyard_removed_since(fs->graveyard, handle->opened))
		return 0;
	r = graveyard_begun_at(fs->graveyard, node->text, node->len, handle->opened, &life);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return life.removed > handle->opened ? -ENOENT : 0;
}

/* Errors of the rules; all others are the store's, and pass. */
static bool is_final(int r)
{
	return r == -EPERM || r == -EACCES || r == -EINVAL || r == -ENOENT;
}

/*
 * Is something owed for this name? Then what is known of it is behind what has been told, and nothing can be judged
 * by it: a birth would be taken for one of the life whose death is owed, and the death for that of the next.
 */
int change_check_owed(struct fs *fs, const struct node *node)
{
	if (fs->owed == 0)
		return 0;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *owed = state_handle(fs->state, fh);
		const struct node *other = state_node(fs->state, owed->node);

		if (owed->flags & HANDLE_OWED && other && other->len == node->len &&
		    memcmp(other->text, node->text, node->len) == 0)
			return fs->owed_error;
	}
	return 0;
}

static int stage(struct fs *fs, const struct node *node, const struct handle *handle,
		 const struct deed *deed)
{
	int r = check_removed(fs, node, handle);

	if (r == 0 && !(handle->flags & HANDLE_OWED))
		r = change_check_owed(fs, node);

	if (r == 0)
		r = graveyard_stage(fs->graveyard, node->text, node->len, deed);
	if (is_final(r))
		log_warning("%s: refused what uid %u pid %d told: %s", node->text, handle->uid,
			    (int)handle->pid, strerror(-r));
	return r;
}

/* ---- writing ---- */

static void log_refused(const struct node *node, const struct handle *handle,
			const struct stone_error *error)
{
	log_warning("%s: refused what uid %u pid %d wrote, line %u: %s: '%s'", node->text,
		    handle->uid, (int)handle->pid, error->line, error->reason, error->text);
}

/* What was to count has. */
static uint32_t counted(uint32_t flags)
{
	return (flags & ~(uint32_t)HANDLE_PENDING) | HANDLE_COUNTED;
}

/* Stages what whole lines say. `handle` becomes what it is afterwards. */
static int take_lines(struct fs *fs, const struct node *node, struct handle *handle,
		      const char *text, size_t len)
{
	const struct view *view = view_get(node->view);
	struct deed deed = deed_of(view, handle);
	struct stone_error error;
	struct stone stone;
	int r = stone_parse(text, len, &stone, &error);

	if (r < 0) {
		log_refused(node, handle, &error);
		return r;
	}
	if (handle->flags & HANDLE_LEASE)
		return lease_told(fs, node, handle, &stone);
	deed.stone = &stone;
	r = stage(fs, node, handle, &deed);
	if (r == 0)
		handle->flags = counted(handle->flags);
	return r;
}

/* What was held, and what is written now: the lines that are complete, and a rest that is not. */
struct lines {
	char text[2 * STONE_WRITE_MAX];
	size_t len, whole;
};

static void join(struct fs *fs, const struct handle *handle, const char *data, size_t size,
		 struct lines *ret_lines)
{
	const char *held = NULL, *newline;
	size_t len = 0;

	if (handle->tail)
		held = state_tail(fs->state, handle->tail, &len);
	if (held)
		memcpy(ret_lines->text, held, len);
	memcpy(ret_lines->text + len, data, size);
	ret_lines->len = len + size;
	newline = memrchr(ret_lines->text, '\n', ret_lines->len);
	ret_lines->whole = newline ? (size_t)(newline + 1 - ret_lines->text) : 0;
}

static int write_stone(struct fs *fs, const struct node *node, struct handle *handle,
		       const char *data, size_t size)
{
	struct lines lines;
	size_t rest;
	int r = 0;

	join(fs, handle, data, size, &lines);
	rest = lines.len - lines.whole;
	if (rest > STONE_WRITE_MAX)
		return -EFBIG;
	if (lines.whole)
		r = take_lines(fs, node, handle, lines.text, lines.whole);
	handle->tail = 0;
	if (r == 0 && rest)
		r = state_tail_new(fs->state, lines.text + lines.whole, rest, &handle->tail);
	return r;
}

/* A write that tells by itself, whatever it says. */
static int write_told(struct fs *fs, const struct node *node, struct handle *handle)
{
	struct deed deed = deed_of(view_get(node->view), handle);
	int r = stage(fs, node, handle, &deed);

	if (r == 0)
		handle->flags = counted(handle->flags);
	return r;
}

static int take_write(struct fs *fs, const struct node *node, struct handle *handle,
		      const char *data, size_t size)
{
	enum deed_kind deed = view_get(node->view)->deed;

	if (size > STONE_WRITE_MAX) {
		log_warning("%s: refused %zu bytes at once of uid %u pid %d: more than %d",
			    node->text, size, handle->uid, (int)handle->pid, STONE_WRITE_MAX);
		return -EFBIG;
	}
	if (deed == DEED_STONE || deed == DEED_DEATH)
		return write_stone(fs, node, handle, data, size);
	return write_told(fs, node, handle);
}

/* A handle whose write was refused has nothing held, and creates nothing at its close. */
static struct handle refused(const struct handle *handle)
{
	struct handle after = *handle;

	after.tail = 0;
	after.flags &= ~(uint32_t)HANDLE_PENDING;
	return after;
}

void change_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		  struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	const struct handle *now = state_handle(fs->state, fi->fh);
	const struct node *node = now ? state_node(fs->state, now->node) : NULL;
	struct handle before, after;
	int r;

	(void)ino, (void)offset;
	if (!node || !(now->flags & HANDLE_WRITABLE)) {
		reply_err(req, -EBADF);
		return;
	}
	before = after = *now;
	r = take_write(fs, node, &after, data, size);
	before = refused(&before);
	batch_on_success(fs->batch, fi->fh, &after);
	batch_on_failure(fs->batch, fi->fh, &before);
	if (r < 0)
		reply_err(req, r);
	else
		reply_written(req, size);
}

/* ---- closing ---- */

static int take_tail(struct fs *fs, const struct node *node, struct handle *handle)
{
	char text[STONE_WRITE_MAX];
	size_t len;
	const char *held = state_tail(fs->state, handle->tail, &len);

	memcpy(text, held, len);
	handle->tail = 0;
	return take_lines(fs, node, handle, text, len);
}

/* Shells open, dup and close before they write: as long as nothing was written, this means nothing. */
void change_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	const struct handle *now = state_handle(fs->state, fi->fh);
	const struct node *node = now ? state_node(fs->state, now->node) : NULL;
	struct handle before, after;
	int r;

	(void)ino;
	if (!node || !(now->tail || now->flags & HANDLE_LEASE)) {
		reply_err(req, 0);
		return;
	}
	after = *now;
	if (now->flags & HANDLE_LEASE)
		lease_flushed(&after, fuse_req_ctx(req)->pid);
	before = refused(&after);
	r = after.tail ? take_tail(fs, node, &after) : 0;
	batch_on_success(fs->batch, fi->fh, &after);
	batch_on_failure(fs->batch, fi->fh, &before);
	reply_err(req, r);
}

/* Stages what a creation, or a birth, that nothing was written to tells at its close. */
static int take_pending(struct fs *fs, const struct node *node, const struct handle *handle)
{
	struct deed deed = deed_of(view_get(node->view), handle);

	if (deed.kind == DEED_BIRTH)
		deed.opened = &handle->opened;
	return stage(fs, node, handle, &deed);
}

static int close_lease(struct fs *fs, const struct node *node, uint64_t fh, struct handle *handle)
{
	int r;

	/* What it held is said now; if it is no code, that is too late to be told. */
	if (handle->tail)
		(void)take_tail(fs, node, handle);
	r = lease_close(fs, fh, handle);
	return r == 0 ? CLOSE_REST : r < 0 ? r : 0;
}

/* Stages what a close tells. CLOSE_REST: the handle is not done with, and has become what remains. */
static int take_close(struct fs *fs, uint64_t fh, struct handle *handle)
{
	const struct node *node = state_node(fs->state, handle->node);
	int r = 0;

	/* Its handle keeps it: this cannot be. */
	if (!node)
		log_error("a file is closed whose name is not known: what it was to tell is lost");
	if (node && handle->flags & HANDLE_LEASE)
		return close_lease(fs, node, fh, handle);
	/* A line is held here only if the file was never flushed: its last descriptor was in a message. */
	if (node && handle->tail)
		r = take_tail(fs, node, handle);
	else if (node && handle->flags & HANDLE_PENDING)
		r = take_pending(fs, node, handle);
	if (r == -ENOSPC && graveyard_full(fs->graveyard)) {
		log_warning("%s: one name more than --max-names, not born", node->text);
		return 0;
	}
	/* Nobody can be told any more. */
	return is_final(r) ? 0 : r;
}

/* The kernel does not listen to the answer, so what cannot be kept now is owed. */
void change_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	const struct handle *now = state_handle(fs->state, fi->fh);
	struct handle owed, rest;
	int r;

	(void)ino;
	if (!now) {
		reply_err(req, 0);
		return;
	}
	park_forget_poller(fs, fi->fh);
	owed = rest = *now;
	owed.flags |= HANDLE_OWED;
	owed.closed = clock_now();
	r = take_close(fs, fi->fh, &rest);
	batch_on_success(fs->batch, fi->fh, r == CLOSE_REST ? &rest : NULL);
	batch_on_failure(fs->batch, fi->fh, &owed);
	reply_err(req, r < 0 ? r : 0);
}

static int retry_owed(struct fs *fs, uint64_t fh, const struct handle *owed)
{
	struct handle handle = *owed;
	int done = take_close(fs, fh, &handle);
	int r = done < 0 ? done : fs_commit(fs);

	if (done < 0)
		graveyard_rollback(fs->graveyard);
	if (r < 0)
		return r;
	if (done == CLOSE_REST)
		lease_keep(fs, fh, &handle);
	else if (handle.flags & HANDLE_LEASE)
		lease_let_go(fs, fh);
	else
		state_handle_close(fs->state, fh);
	session_tell(fs);
	return 0;
}

void change_retry_owed(struct fs *fs)
{
	int r = 0;

	fs->owed = 0;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		struct handle handle = *state_handle(fs->state, fh);

		if (!(handle.flags & HANDLE_OWED))
			continue;
		/* Where one fails, so do the others: they are only counted. */
		if (r == 0)
			r = retry_owed(fs, fh, &handle);
		fs->owed += r < 0;
	}
	if (r < 0)
		fs->owed_error = r;
}

/* ---- attributes ---- */

/* Setting times is what touch(1) does, and it listens to the error. */
static int touch(struct fs *fs, fuse_req_t req, const struct node *node, uint64_t fh)
{
	const struct view *view = view_get(node->view);
	const struct handle *now = fh ? state_handle(fs->state, fh) : NULL;
	struct deed deed = {.kind = view->deed, .now = clock_now(), .by = writer_of(req)};
	struct handle before, after;
	int r;

	if (!view->writable)
		return -EACCES;
	if (!now && view->deed != DEED_BIRTH)
		return 0;
	if (!now) {
		r = change_check_owed(fs, node);
		return r < 0 ? r : graveyard_stage(fs->graveyard, node->text, node->len, &deed);
	}
	if (!(now->flags & HANDLE_PENDING))
		return 0;
	before = refused(now);
	after = *now;
	r = write_told(fs, node, &after);
	batch_on_success(fs->batch, fh, &after);
	batch_on_failure(fs->batch, fh, &before);
	return r;
}

static int change_attributes(struct fs *fs, fuse_req_t req, const struct node *node,
			     const struct stat *attr, int set, uint64_t fh)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct deed deed = {.now = clock_now(), .by = writer_of(req)};
	struct file file = {.uid = node->uid, .gid = node->gid};
	int r = node_look(fs, node, &file);

	if (r < 0 && !(r == -ENOENT && node->handles > 0))
		return r;
	if (ctx->uid != 0 && ctx->uid != file.uid)
		return -EPERM;
	if (node_is_directory(node) || !view_get(node->view)->directory)
		return 0;
	if (set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID) && r == 0)
		r = graveyard_chown(fs->graveyard, node->text, node->len,
				    set & FUSE_SET_ATTR_UID ? attr->st_uid : file.uid,
				    set & FUSE_SET_ATTR_GID ? attr->st_gid : file.gid, &deed);
	else
		r = 0;
	if (r == 0 && set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME))
		r = touch(fs, req, node, fh);
	return r;
}

/*
 * What utimensat(2) is called on is not told: the kernel passes a handle for ftruncate(2) only. It is the creation
 * that the caller has open itself, or else one of the same user (another thread's).
 */
static uint64_t find_pending(struct fs *fs, uint64_t id, const struct fuse_ctx *ctx)
{
	uint64_t of_user = 0;

	if (state_node(fs->state, id)->pending == 0)
		return 0;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (handle->node != id || !(handle->flags & HANDLE_PENDING))
			continue;
		if (handle->pid == ctx->pid)
			return fh;
		if (handle->uid == ctx->uid)
			of_user = fh;
	}
	return of_user;
}

void change_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int set,
		    struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	const struct node *node = state_node(fs->state, ino);
	int r = -ESTALE;

	if (announce_setattr(req, ino))
		return;
	if (node)
		r = change_attributes(fs, req, node, attr, set,
				      fi ? fi->fh : find_pending(fs, ino, fuse_req_ctx(req)));
	if (r < 0)
		reply_err(req, r);
	else
		reply_attr(fs, req, ino);
}

/* ---- removing ---- */

void change_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_of(req);
	const struct node *directory = state_node(fs->state, parent);
	struct deed deed = {.now = clock_now(), .by = writer_of(req)};
	int r = -EPERM;

	if (announce_unlink(req, parent, name))
		return;
	if (directory && directory->view == VIEW_ROOT && node_is_directory(directory) &&
	    name[0] != '.')
		r = graveyard_remove(fs->graveyard, name, strlen(name), &deed);
	reply_err(req, r);
}
