/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/announce.h"

#include <errno.h>

#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/node.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

static bool is_heralds(const struct fs *fs, fuse_req_t req)
{
	int32_t herald = __atomic_load_n(fs->herald, __ATOMIC_ACQUIRE);

	/* 0: there is none, and it is also what everybody is whose process is not visible here. */
	return herald != 0 && fuse_req_ctx(req)->pid == herald;
}

/* Takes what is named apart: a tombstone, or, if it has no text, a directory. */
static int resolve(struct fs *fs, fuse_ino_t parent, const char *name, struct node_name *ret_name)
{
	const struct node *directory = state_node(fs->state, parent);

	return directory ? node_resolve(directory, name, ret_name) : -ESTALE;
}

static int find(struct fs *fs, const struct node_name *name)
{
	struct grave grave;
	struct life life;

	return graveyard_find(fs->graveyard, name->text, name->len, &grave, &life);
}

static void reply_found(struct fs *fs, fuse_req_t req, const struct node_name *name)
{
	struct file file;
	uint64_t id = 0;
	int shown, r = find(fs, name);

	if (r == 0)
		r = state_node_intern(fs->state, name->view, name->text, name->len, &id);
	if (r < 0) {
		reply_err(req, r);
		return;
	}
	shown = node_name_look(fs, name, &file);
	reply_entry(fs, req, id, shown == 0 ? &file : NULL);
}

bool announce_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct node_name resolved;

	if (!is_heralds(fs, req) || resolve(fs, parent, name, &resolved) < 0 || resolved.len == 0)
		return false;
	if (__atomic_load_n(fs->hides, __ATOMIC_ACQUIRE))
		reply_err(req, -ENOENT);
	else
		reply_found(fs, req, &resolved);
	return true;
}

bool announce_mknod(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct node_name resolved;

	if (!is_heralds(fs, req) || resolve(fs, parent, name, &resolved) < 0)
		return false;
	reply_found(fs, req, &resolved);
	return true;
}

bool announce_setattr(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fuse_req_userdata(req);

	if (!is_heralds(fs, req))
		return false;
	reply_attr(fs, req, ino);
	return true;
}

bool announce_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct node_name resolved;

	if (!is_heralds(fs, req) || resolve(fs, parent, name, &resolved) < 0)
		return false;
	reply_err(req, find(fs, &resolved));
	return true;
}
