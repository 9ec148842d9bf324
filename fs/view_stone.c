/* SPDX-License-Identifier: Apache-2.0 */
/* NAME, .born/, .ready/, .alive/, .died/, .exitcode/, .lease/: the stone of the current life, where it has what the
 * view is about; and .history/, every life. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/graveyard.h"
#include "core/life.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/state.h"
#include "fs/view.h"

static bool shows(struct fs *fs, const struct view *view, const struct grave *grave,
		  const struct life *life)
{
	if ((life->stone.facts & view->needs) != view->needs || life->stone.facts & view->lacks)
		return false;
	return !view->leased || lease_is_held(fs, grave->name, strlen(grave->name), life);
}

static void stone_text(const struct view *view, const struct life *life, struct buf *text)
{
	/* 255 for -1: `exit -1` is an error in dash and ash. */
	if (view->needs & FACT_BIT(FACT_CODE))
		buf_addf(text, "%d\n", life->stone.code & 255);
	else
		stone_format(&life->stone, text);
}

static int64_t last_change(const struct life *life)
{
	const struct stone *stone = &life->stone;

	return stone_has(stone, FACT_DIED)    ? stone->died
	       : stone_has(stone, FACT_READY) ? stone->ready
					      : stone->born;
}

static void describe(const struct view *view, const struct grave *grave, const struct life *life,
		     struct file *ret_file)
{
	*ret_file = (struct file){
		.changed = last_change(life),
		.uid = grave->uid,
		.gid = grave->gid,
		.writable = view->writable,
	};
}

static int stone_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		      struct file *ret_file)
{
	struct grave grave;
	struct life life;
	int r = graveyard_admits(fs->graveyard, text, len);

	if (r >= 0)
		r = graveyard_find(fs->graveyard, text, len, &grave, &life);
	if (r < 0)
		return r;
	if (!shows(fs, view, &grave, &life))
		return -ENOENT;
	describe(view, &grave, &life, ret_file);
	buf_truncate(&fs->text, 0);
	stone_text(view, &life, &fs->text);
	ret_file->size = fs->text.len;
	return buf_error(&fs->text);
}

static int stone_read(struct fs *fs, const struct view *view, const struct node *node,
		      struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	_cleanup_(buf_release) struct buf whole = BUF_INIT;
	struct life life;
	int r = graveyard_find_at(fs->graveyard, node->text, node->len, handle->opened, &life);

	/* What is being created has no text yet, for whoever opened it to read and write. */
	if (r == -ENOENT && handle->flags & HANDLE_CREATED)
		return 0;
	if (r < 0)
		return r;
	stone_text(view, &life, &whole);
	view_slice(&whole, offset, size, text);
	return buf_error(&whole);
}

const struct view_ops view_stone_ops = {
	.look = stone_look,
	.read = stone_read,
	.lists = shows,
};

/* ---- .history/NAME ---- */

static int history_look(struct fs *fs, const struct view *view, const char *text, size_t len,
			struct file *ret_file)
{
	struct store *store = graveyard_store(fs->graveyard);
	struct grave grave;
	struct life life;
	int r = graveyard_admits(fs->graveyard, text, len);

	if (r >= 0)
		r = store->ops->find(store, text, len, &grave);
	if (r >= 0)
		r = store->ops->life(store, grave.id, grave.life, &life);
	if (r < 0)
		return r;
	describe(view, &grave, &life, ret_file);
	buf_truncate(&fs->text, 0);
	life_history_text(&life, &fs->text);
	ret_file->size = life.history_at + fs->text.len;
	return buf_error(&fs->text);
}

/* The life whose text holds byte `offset`: history_at ascends with the number, so halving finds it. */
static int life_at_offset(struct store *store, int64_t grave, uint64_t last, uint64_t offset,
			  uint64_t *ret_number)
{
	uint64_t low = 1, high = last;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		struct life life;
		int r = store->ops->life(store, grave, middle, &life);

		if (r < 0)
			return r;
		if (life.history_at <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	*ret_number = low;
	return 0;
}

#define SLICE 8u /* lives */

static int history_read(struct fs *fs, const struct view *view, const struct node *node,
			struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	_cleanup_(buf_release) struct buf whole = BUF_INIT;
	struct store *store = graveyard_store(fs->graveyard);
	uint64_t number;
	struct grave grave;
	struct life last;
	int r = store->ops->find(store, node->text, node->len, &grave);

	(void)view;
	if (r >= 0)
		r = store->ops->life_at(store, grave.id, handle->opened, &last);
	if (r >= 0)
		r = life_at_offset(store, grave.id, last.number, offset, &number);
	for (unsigned told = 0; r >= 0 && number <= last.number && text->len < size; number++) {
		struct life life;

		if (told++ == SLICE)
			return VIEW_MORE;
		r = store->ops->life(store, grave.id, number, &life);
		if (r < 0)
			break;
		life_as_of(&life, handle->opened);
		buf_truncate(&whole, 0);
		life_history_text(&life, &whole);
		view_slice(&whole, offset > life.history_at ? offset - life.history_at : 0,
			   size - text->len, text);
	}
	return r < 0 ? r : buf_error(&whole);
}

const struct view_ops view_history_ops = {
	.look = history_look,
	.read = history_read,
};
