/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading keeps its place in the text to itself until it ends: two readers of one open file, each on the way to a
 * place of its own, would send each other back to the beginning for ever.
 *
 * Only the first in line has a text that grows. One that has none yet lets others go first after each slice; one whose
 * text does not grow for long is answered with what it has.
 */
#include "fs/reading.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "fs/chore.h"
#include "fs/fs.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

/* Slices that bring nothing, before that. */
#define BARREN_MAX 32u

struct reading {
	struct chore chore; /* first */
	uint64_t fh;
	uint64_t offset;
	size_t size;
	uint64_t hint, extent; /* what becomes of the handle's */
	struct buf text;
	unsigned barren; /* slices, one after the other */
};

static int read_view(struct fs *fs, struct handle *handle, uint64_t offset, size_t size,
		     struct buf *text)
{
	const struct node *node = state_node(fs->state, handle->node);
	const struct view *view;
	int r;

	if (!node)
		return -ESTALE;
	view = view_get(node->view);
	r = view->ops->read(fs, view, node, handle, offset, size, text);
	return r < 0 || buf_error(text) == 0 ? r : -ENOMEM;
}

static bool has_changed(const struct handle *handle, const struct handle *before)
{
	return handle->hint != before->hint || handle->extent != before->extent ||
	       handle->flags != before->flags || handle->busy != before->busy ||
	       handle->accounts != before->accounts;
}

int reading_look(struct fs *fs, uint64_t fh, struct handle *handle, uint64_t offset, size_t size,
		 bool moves)
{
	const struct handle before = *handle;
	int r;

	buf_truncate(&fs->text, 0);
	r = read_view(fs, handle, offset, size, &fs->text);
	if (r < 0)
		return r;
	if (!moves) {
		handle->hint = before.hint;
		handle->extent = before.extent;
	}
	if (has_changed(handle, &before))
		state_handle_set(fs->state, fh, handle);
	return r;
}

/* ---- in slices ---- */

static int read_slice(struct reading *reading)
{
	struct fs *fs = reading->chore.fs;
	const struct handle *now = state_handle(fs->state, reading->fh);
	size_t got = reading->text.len;
	struct handle handle;
	int r;

	if (!now)
		return -ESTALE;
	handle = *now;
	handle.hint = reading->hint;
	handle.extent = reading->extent;
	buf_truncate(&fs->text, 0);
	r = read_view(fs, &handle, reading->offset + got, reading->size - got, &fs->text);
	if (r < 0)
		return r;
	buf_add(&reading->text, fs->text.data, fs->text.len);
	reading->hint = handle.hint;
	reading->extent = handle.extent;
	return buf_error(&reading->text) < 0 ? -ENOMEM : r;
}

static void keep_place(const struct reading *reading)
{
	struct fs *fs = reading->chore.fs;
	const struct handle *now = state_handle(fs->state, reading->fh);
	struct handle handle;

	if (!now)
		return;
	handle = *now;
	handle.hint = reading->hint;
	handle.extent = reading->extent;
	state_handle_set(fs->state, reading->fh, &handle);
}

/* Of one that failed, too, the place is kept: whoever is interrupted, and tries again, goes on from there. */
static void answer(const struct reading *reading, int r)
{
	keep_place(reading);
	if (r < 0 && reading->text.len == 0)
		reply_err(reading->chore.req, r);
	else
		reply_data(reading->chore.req, reading->text.data, reading->text.len);
}

static enum chore_turn slice(struct chore *chore)
{
	struct reading *reading = (struct reading *)chore;
	size_t before = reading->text.len;
	int r = read_slice(reading);

	reading->barren = reading->text.len > before ? 0 : reading->barren + 1;
	if (r == VIEW_MORE && reading->text.len == 0)
		return CHORE_WAITS;
	if (r == VIEW_MORE && reading->text.len < reading->size && reading->barren < BARREN_MAX)
		return CHORE_GOES_ON;
	answer(reading, r);
	return CHORE_DONE;
}

static void cut(struct chore *chore, int r)
{
	answer((struct reading *)chore, r);
}

static void reading_free(struct chore *chore)
{
	struct reading *reading = (struct reading *)chore;

	buf_release(&reading->text);
	free(reading);
}

void reading_begin(struct fs *fs, struct fuse_req *req, uint64_t fh, uint64_t offset, size_t size)
{
	const struct handle *handle = state_handle(fs->state, fh);
	struct reading *reading = malloc(sizeof(*reading));

	if (!reading) {
		reply_err(req, -ENOMEM);
		return;
	}
	*reading = (struct reading){
		.chore = {.fs = fs, .req = req, .slice = slice, .cut = cut, .free = reading_free},
		.fh = fh,
		.offset = offset,
		.size = size,
		.hint = handle->hint,
		.extent = handle->extent,
	};
	chore_begin(&reading->chore);
}
