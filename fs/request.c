/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/request.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>

#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/state.h"
#include "fs/view.h"

/* Does it open a lease? That is a birth, though the request is one that others look with. */
static bool opens_lease(const struct fs *fs, const struct fuse_in_header *in)
{
	const struct node *node;

	if (in->opcode != FUSE_OPEN && in->opcode != FUSE_CREATE)
		return false;
	node = state_node(fs->state, in->nodeid);
	return node && node->view == VIEW_LEASE;
}

bool request_in_order(const struct fs *fs, const void *request)
{
	const struct fuse_in_header *in = request;

	switch (in->opcode) {
	case FUSE_WRITE:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_SETATTR:
	case FUSE_UNLINK:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INIT:
	case FUSE_DESTROY:
		return true;
	default:
		return opens_lease(fs, in);
	}
}

bool request_tells(const struct fs *fs, const void *request)
{
	const struct fuse_in_header *in = request;
	const struct handle *handle;

	switch (in->opcode) {
	case FUSE_CREATE:
	case FUSE_MKNOD:
	case FUSE_WRITE:
	case FUSE_SETATTR:
	case FUSE_UNLINK:
		return true;
	case FUSE_OPEN:
		return (((const struct fuse_open_in *)(in + 1))->flags & O_ACCMODE) != O_RDONLY;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		handle = state_handle(fs->state, request_handle(request));
		return handle && handle->flags & HANDLE_WRITABLE;
	default:
		return false;
	}
}

bool request_answer_is_kept(const void *request)
{
	switch (((const struct fuse_in_header *)request)->opcode) {
	case FUSE_WRITE:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_SETATTR:
	case FUSE_UNLINK:
	case FUSE_OPEN:
	case FUSE_CREATE:
		return true;
	default:
		return false;
	}
}

bool request_is_elsewhere(const struct fs *fs, const void *request)
{
	const struct fuse_in_header *in = request;
	const char *name = (const char *)(in + 1);
	const struct node *node;

	switch (in->opcode) {
	case FUSE_CREATE:
	case FUSE_MKNOD: /* has an argument of the same length */
		name += sizeof(struct fuse_create_in);
		break;
	case FUSE_LOOKUP:
		break;
	case FUSE_OPEN:
	case FUSE_GETATTR:
		node = state_node(fs->state, in->nodeid);
		name = node ? node->text : "";
		break;
	default:
		return false;
	}
	return !graveyard_staged_for(fs->graveyard, name, strlen(name));
}

uint64_t request_handle(const void *request)
{
	const struct fuse_in_header *in = request;
	const void *arg = in + 1;

	switch (in->opcode) {
	case FUSE_WRITE:
		return ((const struct fuse_write_in *)arg)->fh;
	case FUSE_FLUSH:
		return ((const struct fuse_flush_in *)arg)->fh;
	case FUSE_RELEASE:
		return ((const struct fuse_release_in *)arg)->fh;
	case FUSE_SETATTR:
		return ((const struct fuse_setattr_in *)arg)->valid & FATTR_FH
			       ? ((const struct fuse_setattr_in *)arg)->fh
			       : 0;
	default:
		return 0;
	}
}
