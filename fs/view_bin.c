/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .bin: programs, so that no image has to carry them; there is one, bury.
 *
 * A program is read through the page cache, as execve(2) and mmap(2) have it, and stays there from one open to the
 * next. Another process that serves may have another bury (SIGUSR2), and nobody must get a part of each: so it is
 * another generation of the file. Once it has been looked up the kernel has a new inode for it, and lets nobody use the
 * old one. Until then who has the old one gets ESTALE, also who opens it by /proc/PID/exe, without a lookup.
 */
#include <errno.h>

#include "base/buf.h"
#include "base/hash.h"
#include "fs/fs.h"
#include "fs/shared.h"
#include "fs/state.h"
#include "fs/view.h"

extern const char bury_image[], bury_image_end[]; /* bury_image.S */

static size_t bury_size(void)
{
	return (size_t)((uintptr_t)bury_image_end - (uintptr_t)bury_image);
}

/* Which bury it is: never 0. */
static uint32_t generation(struct fs *fs)
{
	uint64_t hash;

	if (fs->bury == 0) {
		hash = hash_bytes(HASH_INIT, bury_image, bury_size());
		fs->bury = (uint32_t)(hash ^ hash >> 32) | 1;
	}
	return fs->bury;
}

static int bin_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		    struct file *ret_file)
{
	(void)view, (void)text, (void)len;
	*ret_file = (struct file){
		.size = bury_size(),
		.changed = fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
		.generation = generation(fs),
	};
	return 0;
}

static int bin_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	(void)node;
	handle->hint = generation(fs);
	return fs->shared->bury == generation(fs) ? 0 : -ESTALE;
}

static int bin_read(struct fs *fs, const struct view *view, const struct node *node,
		    struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	size_t len = bury_size();

	(void)view, (void)node;
	if (handle->hint != generation(fs))
		return -ESTALE;
	if (offset < len)
		buf_add(text, bury_image + offset,
			size < len - offset ? size : len - (size_t)offset);
	return 0;
}

const struct view_ops view_bin_ops = {
	.look = bin_look,
	.open = bin_open,
	.read = bin_read,
};
