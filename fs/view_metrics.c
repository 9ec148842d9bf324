/* SPDX-License-Identifier: Apache-2.0 */
/* .metrics: what is counted (fs/metrics.h), and what is so just now, as of the open. */
#include <errno.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "base/buf.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/metrics.h"
#include "fs/snapshot.h"
#include "fs/state.h"
#include "fs/view.h"

static int metrics_look(struct fs *fs, const struct view *view, const char *text, size_t len,
			struct file *ret_file)
{
	(void)view, (void)text, (void)len;
	*ret_file = (struct file){
		.size = METRICS_TEXT_MAX, .changed = fs->started, .uid = fs->uid, .gid = fs->gid};
	return 0;
}

static int look_now(struct fs *fs, struct metrics_now *ret_now)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct metrics_now now = {
		.leases = state_leases(fs->state),
		.waits = fs->waits,
		.libfuse = fuse_pkgversion(),
	};
	int r = store->ops->info(store, &now.store);

	if (r == 0)
		*ret_now = now;
	return r;
}

static int metrics_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	struct buf text = BUF_INIT;
	struct metrics_now now;
	int r = look_now(fs, &now);

	(void)node;
	if (r == 0) {
		metrics_text(fs->metrics, &now, &text);
		r = buf_error(&text);
	}
	if (r == 0)
		r = snapshot_keep(fs, text.data, text.len, &handle->snapshot);
	buf_release(&text);
	return r;
}

static int metrics_read(struct fs *fs, const struct view *view, const struct node *node,
			struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	char part[METRICS_TEXT_MAX];

	(void)view, (void)node;
	buf_add(text, part,
		state_snapshot_get(fs->state, handle->snapshot, offset, part,
				   size < sizeof(part) ? size : sizeof(part)));
	return 0;
}

const struct view_ops view_metrics_ops = {
	.look = metrics_look,
	.open = metrics_open,
	.read = metrics_read,
};
