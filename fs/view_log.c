/* SPDX-License-Identifier: Apache-2.0 */
/* .log: the journal as it was at the open. .events: the same text, and more of it as it comes. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "core/journal.h"
#include "core/vigil.h"
#include "fs/fs.h"
#include "fs/state.h"
#include "fs/view.h"

static int log_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		    struct file *ret_file)
{
	uint64_t size = graveyard_end(fs->graveyard)->text;

	(void)view, (void)text, (void)len;
	*ret_file = (struct file){
		.size = size ? size : 1,
		.changed = size ? graveyard_end(fs->graveyard)->recorded : fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
	};
	return 0;
}

/* About ten lines: a thirtieth of a millisecond. */
#define SLICE 1024u

static int read_slice(struct fs *fs, uint64_t last, uint64_t offset, size_t size, uint64_t *hint,
		      struct buf *text)
{
	size_t before = text->len, most = size < SLICE ? size : SLICE;
	int r = journal_read(graveyard_store(fs->graveyard), last, offset, most, hint, text);

	return r < 0 ? r : most < size && text->len - before == most ? VIEW_MORE : 0;
}

static int log_read(struct fs *fs, const struct view *view, const struct node *node,
		    struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	(void)view, (void)node;
	return read_slice(fs, handle->opened, offset, size, &handle->hint, text);
}

const struct view_ops view_log_ops = {
	.look = log_look,
	.read = log_read,
};

/* ---- .events, .events@now, .events@SEQ ---- */

/* The number of the last event before those that are shown. */
static int events_after(const char *suffix, size_t len, uint64_t now, uint64_t *ret_seq)
{
	uint64_t seq = 0;

	if (len == 0) {
		*ret_seq = 0;
		return 0;
	}
	if (len == 4 && memcmp(suffix, "@now", 4) == 0) {
		*ret_seq = now;
		return 0;
	}
	if (len < 2 || len > 20)
		return -EINVAL;
	for (size_t i = 1; i < len; i++) {
		if (suffix[i] < '0' || suffix[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(seq, 10, &seq) ||
		    __builtin_add_overflow(seq, (uint64_t)(suffix[i] - '0'), &seq))
			return -EINVAL;
	}
	*ret_seq = seq > 0 ? seq - 1 : 0;
	return 0;
}

static int events_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		       struct file *ret_file)
{
	uint64_t after;
	int r = events_after(text, len, 0, &after);

	return r < 0 ? r : log_look(fs, view, text, len, ret_file);
}

static int events_read(struct fs *fs, const struct view *view, const struct node *node,
		       struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	struct store *store = graveyard_store(fs->graveyard);
	uint64_t last = graveyard_seq(fs->graveyard), after, base;
	int r = events_after(node->text, node->len, handle->opened, &after);

	(void)view;
	if (r < 0)
		return r;
	if (after < last) {
		r = journal_text_end(store, after, &base);
		if (r == 0 && __builtin_add_overflow(base, offset, &base))
			r = -EINVAL;
		if (r == 0)
			r = read_slice(fs, last, base, size, &handle->hint, text);
		if (r < 0)
			return r;
	}
	if (offset + text->len > handle->extent)
		handle->extent = offset + text->len;
	return text->len > 0 || fs->read_only ? r : VIEW_PARK;
}

static int events_watch(struct fs *fs, const struct view *view, const struct node *node,
			const struct handle *handle, struct vigil *vigil)
{
	(void)fs, (void)view, (void)node, (void)handle, (void)vigil;
	return 0; /* no names: whatever happens */
}

static unsigned events_names(const struct node *node)
{
	(void)node;
	return 0;
}

const struct view_ops view_events_ops = {
	.look = events_look,
	.read = events_read,
	.watch = events_watch,
	.names = events_names,
};
