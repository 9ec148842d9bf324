/* SPDX-License-Identifier: Apache-2.0 */
/* .wait/…/WHO: the text is that of an event which may be still to come. */
#include <errno.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/vigil.h"
#include "core/wait.h"
#include "core/who.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/state.h"
#include "fs/view.h"
#include "fs/waiting.h"

#define SIZE_UNIT 4096u
#define SIZE_MAX_SHOWN 16384u

/*
 * The text's length is not known before the event: at least as much as it can be. Tools that start from a file's
 * end (tail, wc -c) read it all if the size is a multiple of the page size and not over st_blksize, as in sysfs;
 * tail -n only goes back over two empty blocks of 8 KiB, hence the upper limit.
 */
static uint64_t size_of(const struct view *view, const struct who *who)
{
	uint64_t name = who->count > 1 ? sizeof("Name: \n") + GRAVE_NAME_MAX : 0;

	uint64_t size = who->count * (name + (view->wait == WAIT_EXITCODE ? 8 : STONE_TEXT_MAX));

	size = (size + SIZE_UNIT - 1) / SIZE_UNIT * SIZE_UNIT;
	return size < SIZE_MAX_SHOWN ? size : SIZE_MAX_SHOWN;
}

static int wait_file_look(struct fs *fs, const struct view *view, const char *text, size_t len,
			  struct file *ret_file)
{
	struct who who;
	int r = who_parse(text, len, &who);

	if (r < 0)
		return r;
	for (struct who_name it = {0}; who_next_name(&who, &it);) {
		r = graveyard_admits(fs->graveyard, it.name, it.len);
		if (r < 0)
			return r;
	}
	*ret_file = (struct file){.size = size_of(view, &who),
				  .changed = fs->started,
				  .uid = fs->uid,
				  .gid = fs->gid};
	return 0;
}

static int wait_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	struct who who;
	int r = who_parse(node->text, node->len, &who);

	(void)fs;
	if (r == 0 && who.timeout >= 0 &&
	    __builtin_add_overflow(clock_monotonic(), who.timeout, &handle->deadline))
		handle->deadline = INT64_MAX;
	return r;
}

/* The text of a wait that has come depends on its WHO and its open alone: it is kept for the next reader,
 * who very often wants the same. */
static int render(struct fs *fs, const struct view *view, const struct node *node,
		  const struct handle *handle)
{
	struct who who;
	uint64_t at;
	int r;

	fs->memo.node = 0;
	buf_truncate(&fs->memo.text, 0);
	r = who_parse(node->text, node->len, &who);
	if (r < 0)
		return r;
	r = wait_look(fs->graveyard, view->wait, &who, handle->opened, &at);
	if (r == 0)
		return fs->read_only ? -ECANCELED : VIEW_PARK;
	if (r > 0)
		r = wait_text(fs->graveyard, view->wait, &who, handle->opened, at, &fs->memo.text);
	if (r == -ENODATA && lease_code_may_come(fs, &who))
		return VIEW_PARK;
	if (r < 0)
		return r;
	fs->memo.node = handle->node;
	fs->memo.opened = handle->opened;
	return 0;
}

static int wait_read(struct fs *fs, const struct view *view, const struct node *node,
		     struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	if (fs->memo.node != handle->node || fs->memo.opened != handle->opened) {
		int r = render(fs, view, node, handle);

		if (r != 0)
			return r;
	}
	view_slice(&fs->memo.text, offset, size, text);
	return 0;
}

static unsigned wait_names(const struct node *node)
{
	struct who who;

	return who_parse(node->text, node->len, &who) < 0 ? 0 : who.count;
}

/* Of the first `count` names. */
static void stop_counting(struct fs *fs, const struct view *view, const struct vigil_name *names,
			  unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		waiting_remove(fs->waiting, view->wait, names[i].name, names[i].len);
}

/* All of them, until wait_unwatch(), whatever becomes of one meanwhile: the next worker counts the same. */
static int count_waiting(struct fs *fs, const struct view *view, const struct vigil *vigil)
{
	struct grave grave;
	struct life life;

	for (unsigned i = 0; i < vigil->count; i++) {
		const struct vigil_name *n = &vigil->names[i];
		int r = waiting_add(fs->waiting, view->wait, n->name, n->len);

		if (r < 0) {
			stop_counting(fs, view, vigil->names, i);
			return r;
		}
		if (graveyard_find(fs->graveyard, n->name, n->len, &grave, &life) == 0)
			waiting_on_view(fs->waiting, n->name, n->len, true);
	}
	return 0;
}

static void wait_unwatch(struct fs *fs, const struct view *view, const struct vigil *vigil)
{
	stop_counting(fs, view, vigil->names, vigil->count);
}

static int wait_watch(struct fs *fs, const struct view *view, const struct node *node,
		      const struct handle *handle, struct vigil *vigil)
{
	struct vigil_name *n = vigil->names;
	struct who who;
	int r = who_parse(node->text, node->len, &who);

	if (r < 0)
		return r;
	vigil->interest = wait_interest(view->wait);
	for (struct who_name it = {0}; who_next_name(&who, &it); n++) {
		struct wait_standing standing;

		r = wait_look_one(fs->graveyard, view->wait, &it, who.next, handle->opened,
				  &standing);
		if (r < 0 && r != -ESRCH)
			return r;
		/* One of any that is over already is watched in vain, from no life on. */
		*n = (struct vigil_name){.name = it.name,
					 .len = it.len,
					 .life = r == 0 ? standing.life : UINT64_MAX};
	}
	return count_waiting(fs, view, vigil);
}

const struct view_ops view_wait_ops = {
	.look = wait_file_look,
	.read = wait_read,
	.watch = wait_watch,
	.unwatch = wait_unwatch,
	.names = wait_names,
	.open = wait_open,
};
