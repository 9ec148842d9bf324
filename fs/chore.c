/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/chore.h"

#include <errno.h>

#include "fs/fs.h"

static struct chore *first(const struct fs *fs)
{
	return list_entry(fs->chores.next, struct chore, link);
}

static void cut(struct chore *chore, int r)
{
	list_remove(&chore->link);
	chore->fs->devices.current = chore->device;
	chore->cut(chore, r);
	chore->free(chore);
}

/* Called by libfuse for FUSE_INTERRUPT: the reader got a signal. */
static void on_interrupt(fuse_req_t req, void *data)
{
	(void)req;
	cut(data, -EINTR);
}

void chore_begin(struct chore *chore)
{
	chore->device = chore->fs->devices.current;
	list_init(&chore->link);
	if (fuse_req_interrupted(chore->req)) {
		cut(chore, -EINTR);
		return;
	}
	list_append(&chore->fs->chores, &chore->link);
	fuse_req_interrupt_func(chore->req, on_interrupt, chore);
}

bool chores_go_on(const struct fs *fs)
{
	return !list_empty(&fs->chores);
}

void chores_continue(struct fs *fs)
{
	struct chore *chore = first(fs);
	enum chore_turn turn;

	fs->devices.current = chore->device;
	turn = chore->slice(chore);
	if (turn == CHORE_GOES_ON)
		return;
	list_remove(&chore->link);
	if (turn == CHORE_WAITS)
		list_append(&fs->chores, &chore->link);
	else
		chore->free(chore);
}

void chores_drain(struct fs *fs)
{
	while (chores_go_on(fs)) {
		fuse_req_interrupt_func(first(fs)->req, NULL, NULL);
		cut(first(fs), -ECANCELED);
	}
}
