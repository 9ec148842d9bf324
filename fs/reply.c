/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "fs/fs.h"
#include "fs/node.h"
#include "fs/shared.h"
#include "fs/state.h"
#include "fs/view.h"

/* Inode numbers are a hash of what the file is, and so the same over restarts and in listings. */
static ino_t inode_number(const struct node *node)
{
	uint16_t view = node->view;
	uint64_t hash = hash_bytes(HASH_INIT, &view, sizeof(view));

	hash = hash_bytes(hash, node->text, node->len);
	return (ino_t)(hash ? hash : 1);
}

static struct timespec to_timespec(int64_t ns)
{
	struct timespec t = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};

	if (t.tv_nsec < 0) {
		t.tv_sec--;
		t.tv_nsec += NSEC_PER_SEC;
	}
	return t;
}

static mode_t mode_of(const struct view *view, const struct node *node, const struct file *file)
{
	if (view->directory && node->len == 0)
		return S_IFDIR | view->mode;
	if (!view->directory)
		return S_IFREG | view->mode;
	return S_IFREG | ((file ? file->writable : view->writable) ? 0644 : 0444);
}

void reply_fill_stat(struct fs *fs, const struct node *node, const struct file *file,
		     struct stat *ret_stat)
{
	const struct view *view = view_get(node->view);
	struct stat st = {.st_blksize = 65536};

	st.st_ino = inode_number(node);
	st.st_mode = mode_of(view, node, file);
	/* A directory's 1 says, as on btrfs, that its subdirectories are not counted. */
	st.st_nlink = S_ISDIR(st.st_mode) || file || node->pending ? 1 : 0;
	st.st_uid = file ? file->uid : node->uid;
	st.st_gid = file ? file->gid : node->gid;
	st.st_size = file ? (off_t)file->size : 1;
	st.st_blocks = (st.st_size + 511) / 512;
	st.st_mtim = to_timespec(file ? file->changed : fs->started);
	st.st_atim = st.st_ctim = st.st_mtim;
	*ret_stat = st;
}

void reply_err(fuse_req_t req, int r)
{
	if (r < 0)
		log_debug("a request failed: %s", strerror(-r));
	(void)fuse_reply_err(req, -r);
}

void reply_written(fuse_req_t req, size_t size)
{
	(void)fuse_reply_write(req, size);
}

void reply_attr(struct fs *fs, fuse_req_t req, uint64_t id)
{
	const struct node *node = state_node(fs->state, id);
	struct file file;
	struct stat st;
	int r;

	if (!node) {
		reply_err(req, -ESTALE);
		return;
	}
	r = node_look(fs, node, &file);
	if (r < 0 && !(r == -ENOENT && node->handles > 0)) {
		reply_err(req, r);
		return;
	}
	reply_fill_stat(fs, node, r == 0 ? &file : NULL, &st);
	(void)fuse_reply_attr(req, &st, 0);
}

static void fill_entry(struct fs *fs, uint64_t id, const struct file *file,
		       struct fuse_entry_param *ret_entry)
{
	struct fuse_entry_param entry = {.ino = id, .generation = file ? file->generation : 0};

	reply_fill_stat(fs, state_node(fs->state, id), file, &entry.attr);
	*ret_entry = entry;
}

void reply_entry(struct fs *fs, fuse_req_t req, uint64_t id, const struct file *file)
{
	struct fuse_entry_param entry;

	fill_entry(fs, id, file, &entry);
	if (entry.generation)
		fs->shared->bury = (uint32_t)entry.generation;
	(void)fuse_reply_entry(req, &entry);
}

static void set_file(struct fuse_file_info *fi, uint64_t fh, bool cached)
{
	fi->fh = fh;
	fi->direct_io = !cached;
	fi->keep_cache = cached;
	/* A close tells nothing of what was only read: the kernel need not ask. */
	fi->noflush = (fi->flags & O_ACCMODE) == O_RDONLY;
}

void reply_open(fuse_req_t req, uint64_t fh, bool cached, struct fuse_file_info *fi)
{
	set_file(fi, fh, cached);
	(void)fuse_reply_open(req, fi);
}

void reply_created(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t fh,
		   struct fuse_file_info *fi)
{
	struct fuse_entry_param entry;

	set_file(fi, fh, false);
	fill_entry(fs, id, NULL, &entry);
	(void)fuse_reply_create(req, &entry, fi);
}

void reply_data(fuse_req_t req, const void *data, size_t size)
{
	(void)fuse_reply_buf(req, data, size);
}
