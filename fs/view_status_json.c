/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .status.json: the roll as one JSON object, a name a line; its schema is doc/status.schema.json. Each name's object is
 * the store's work. What would do something on a terminal, or end a <script>, is escaped in it, and bytes that
 * are no UTF-8 (which only a damaged database has) become U+FFFD: it is harmless wherever it is shown.
 *
 * How long the text before a name is only shows by telling it: whoever jumps back begins anew, in slices.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/roll.h"
#include "fs/state.h"
#include "fs/view.h"

#define SCHEMA 1

/* A name's line is at most so long: the letters of its members, four numbers and times, five counts; each byte of a
 * text is escaped with six at most. */
#define LINE_MAX (512 + GRAVE_NAME_MAX + 6 * STONE_EPITAPH_MAX)
#define ENDS_MAX 256

/* So that tools which go by the size read all of it, where it is not over a block: see fs/view_wait.c. */
#define SIZE_UNIT 4096u

static int json_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		     struct file *ret_file)
{
	uint64_t names;
	int r = roll_count(fs, &names);

	(void)view, (void)text, (void)len;
	if (r < 0)
		return r;
	*ret_file = (struct file){
		.size = (names * LINE_MAX + ENDS_MAX + SIZE_UNIT - 1) / SIZE_UNIT * SIZE_UNIT,
		.changed = graveyard_seq(fs->graveyard) ? graveyard_end(fs->graveyard)->recorded
							: fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
	};
	return 0;
}

static int json_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	(void)node;
	return roll_open(fs, handle);
}

static void put_head(struct fs *fs, const struct handle *handle, struct buf *text)
{
	char time[RFC3339_SIZE];

	(void)rfc3339_format(roll_taken(fs, handle), time);
	buf_addf(text, "{\"schema\":%d,\"seq\":%" PRIu64 ",\"time\":\"%s\",\"names\":[", SCHEMA,
		 handle->opened, time);
}

/* What is not ASCII, or has a meaning in HTML, is within a string there. */
static void put_harmless(const struct buf *json, struct buf *text)
{
	const char *at = json->data, *end = json->data + json->len;

	while (at < end) {
		uint32_t c = utf8_take(&at, end);
		char utf8[4];

		if (utf8_is_special(c) || c == '<' || c == '>' || c == '&')
			buf_addf(text, "\\u%04x", (unsigned)c);
		else
			buf_add(text, utf8, utf8_put(c, utf8));
	}
}

/* A name, with what separates it from what is before. */
static int put_name(struct fs *fs, const struct portrait *portrait, bool first, struct buf *text)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct store *store = graveyard_store(fs->graveyard);
	int r = store->ops->describe(store, portrait, &json);

	if (r < 0)
		return r;
	buf_adds(text, first ? "\n" : ",\n");
	put_harmless(&json, text);
	return 0;
}

/*
 * Tells the piece after the handle's place, which is that of a name (or the end) that begins at `extent`. The place moves on
 * if all of it was told.
 */
static int tell(struct fs *fs, struct handle *handle, bool first, uint64_t offset, size_t size,
		unsigned *budget, struct buf *text)
{
	_cleanup_(buf_release) struct buf piece = BUF_INIT;
	uint64_t place = handle->hint, from = offset + text->len;
	struct roll_call call;
	int r = roll_next(fs, handle, &place, budget, &call);

	if (r == VIEW_MORE)
		handle->hint = place;
	if (r == -ENOENT)
		buf_adds(&piece, "\n]}\n");
	else if (r == 0)
		r = put_name(fs, &call.portrait, first, &piece);
	if (r != 0 && r != -ENOENT)
		return r;
	view_slice(&piece, from - handle->extent, size - text->len, text);
	if (r == 0 && handle->extent + piece.len <= offset + size) {
		handle->hint = place;
		handle->extent += piece.len;
	}
	return buf_error(&piece) < 0 ? -ENOMEM : r;
}

static int json_read(struct fs *fs, const struct view *view, const struct node *node,
		     struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	unsigned budget = ROLL_SLICE;
	int r = 0;

	(void)view, (void)node;
	put_head(fs, handle, &head);
	if (buf_error(&head) < 0)
		return -ENOMEM;
	view_slice(&head, offset, size, text);
	if (handle->extent < head.len || handle->extent > offset + text->len) {
		handle->hint = 0;
		handle->extent = head.len;
	}
	while (r == 0 && text->len < size)
		r = tell(fs, handle, handle->extent == head.len, offset, size, &budget, text);
	return r == -ENOENT ? 0 : r;
}

const struct view_ops view_status_json_ops = {
	.look = json_look,
	.read = json_read,
	.open = json_open,
};
