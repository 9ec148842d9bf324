/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .status: a table for people, 80 columns. Every row is as long as the others, so that the size is known
 * without writing the table, and a reader at any offset can be served.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/state.h"
#include "fs/view.h"

#define ROW 80
#define NAME_WIDTH 33

static int status_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		       struct file *ret_file)
{
	uint64_t rows;
	int r = graveyard_count(fs->graveyard, &rows);

	(void)view, (void)text, (void)len;
	if (r < 0)
		return r;
	*ret_file = (struct file){
		.size = ROW * (1 + rows),
		.changed = graveyard_seq(fs->graveyard) ? graveyard_end(fs->graveyard)->recorded
							: fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
	};
	return 0;
}

static void put_row(struct buf *text, const char *name, const char *state, const char *life,
		    const char *born, const char *died, const char *code)
{
	bool cut = strlen(name) > NAME_WIDTH;

	buf_addf(text, "%-*.*s%s %-5s %4.4s %-14s %-14s %4s\n", NAME_WIDTH - cut, NAME_WIDTH - cut,
		 name, cut ? "~" : "", state, life, born, died, code);
}

/* "11-21 03:00:00" of a time in UTC; "-" if there is none. */
static void put_time(const struct stone *stone, enum fact fact, int64_t ns, char ret_text[15])
{
	char time[RFC3339_SIZE];

	(void)snprintf(ret_text, 15, "-");
	if (!stone_has(stone, fact))
		return;
	(void)rfc3339_format(ns, time);
	(void)snprintf(ret_text, 15, "%.5s %.8s", time + 5, time + 11);
}

static void put_life(struct buf *text, const char *name, const struct life *life)
{
	const struct stone *stone = &life->stone;
	char born[15], died[15], number[24], code[12] = "-";

	put_time(stone, FACT_BORN, stone->born, born);
	put_time(stone, FACT_DIED, stone->died, died);
	(void)snprintf(number, sizeof(number), life->number > 9999 ? "****" : "%llu",
		       (unsigned long long)life->number);
	if (stone_has(stone, FACT_CODE))
		(void)snprintf(code, sizeof(code), "%d", stone->code);
	put_row(text, name,
		stone_has(stone, FACT_DIED)    ? "dead"
		: stone_has(stone, FACT_READY) ? "ready"
					       : "alive",
		number, born, died, code);
}

/*
 * The next name after `*after` that was on view at `opened`. What has been removed since is not on the list
 * any more, so where anything has, the list of all names is looked through instead.
 */
static int next_row(struct fs *fs, uint64_t opened, int64_t *after, struct grave *ret_grave,
		    struct life *ret_life)
{
	struct store *store = graveyard_store(fs->graveyard);
	enum store_list list = graveyard_removed_since(fs->graveyard, opened) ? STORE_LIST_EVERY
									      : STORE_LIST_ON_VIEW;

	for (;;) {
		int r = store->ops->list(store, list, *after, ret_grave);

		if (r < 0)
			return r;
		*after = ret_grave->id;
		r = graveyard_find_at(fs->graveyard, ret_grave->name, strlen(ret_grave->name),
				      opened, ret_life);
		if (r != -ENOENT)
			return r;
	}
}

/* Makes the handle's place the row `row`: onward from where it is, or from the first. */
static int seek_row(struct fs *fs, struct handle *handle, uint64_t row)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct grave grave;
	int r;

	if (handle->extent == row)
		return 0;
	if (!graveyard_removed_since(fs->graveyard, handle->opened)) {
		/* Who has come since comes after: the list is the one of the open. */
		r = row ? store->ops->skip_on_view(store, row - 1, &grave) : 0;
		if (r == 0) {
			handle->hint = row ? (uint64_t)grave.id : 0;
			handle->extent = row;
		}
		return r;
	}
	if (handle->extent > row)
		handle->hint = handle->extent = 0;
	while (handle->extent < row) {
		int64_t after = (int64_t)handle->hint;
		struct life life;

		r = next_row(fs, handle->opened, &after, &grave, &life);
		if (r < 0)
			return r;
		handle->hint = (uint64_t)after;
		handle->extent++;
	}
	return 0;
}

static int status_read(struct fs *fs, const struct view *view, const struct node *node,
		       struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	size_t skip = (size_t)(offset % ROW);
	struct buf rows = BUF_INIT;
	int r = 0;

	(void)view, (void)node;
	if (offset < ROW)
		put_row(&rows, "NAME", "STATE", "LIFE", "BORN (UTC)", "DIED (UTC)", "CODE");
	else
		r = seek_row(fs, handle, offset / ROW - 1);
	while (r == 0 && rows.len < skip + size) {
		int64_t after;
		struct grave grave;
		struct life life;

		if (offset < ROW && rows.len == ROW)
			r = seek_row(fs, handle, 0);
		after = (int64_t)handle->hint;
		if (r == 0)
			r = next_row(fs, handle->opened, &after, &grave, &life);
		if (r < 0)
			break;
		put_life(&rows, grave.name, &life);
		/* The handle's place stays at the last row that may have to be told again. */
		if (rows.len <= skip + size) {
			handle->hint = (uint64_t)after;
			handle->extent++;
		}
	}
	if (r == 0 || r == -ENOENT)
		view_slice(&rows, skip, size, text);
	r = r == 0 || r == -ENOENT ? buf_error(&rows) : r;
	buf_release(&rows);
	return r;
}

const struct view_ops view_status_ops = {
	.look = status_look,
	.read = status_read,
};
