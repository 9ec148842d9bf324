/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/chore.h"

#include <errno.h>

#include "base/clock.h"
#include "fs/fs.h"

static struct chore *first(const struct fs *fs)
{
	return list_entry(fs->chores.next, struct chore, link);
}

static struct chore *oldest(const struct fs *fs)
{
	return list_entry(fs->chore_ages.next, struct chore, age);
}

static void cut(struct chore *chore, int r)
{
	list_remove(&chore->link);
	list_remove(&chore->age);
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

static int64_t patience_of(const struct fs *fs)
{
	int64_t end;

	return __builtin_add_overflow(clock_monotonic(), fs->max_park, &end) ? INT64_MAX : end;
}

void chore_begin(struct chore *chore)
{
	chore->device = chore->fs->devices.current;
	chore->patience = patience_of(chore->fs);
	list_init(&chore->link);
	list_init(&chore->age);
	if (fuse_req_interrupted(chore->req)) {
		cut(chore, -EINTR);
		return;
	}
	list_append(&chore->fs->chores, &chore->link);
	list_append(&chore->fs->chore_ages, &chore->age);
	fuse_req_interrupt_func(chore->req, on_interrupt, chore);
}

bool chores_go_on(const struct fs *fs)
{
	return !list_empty(&fs->chores);
}

static void give_up(struct chore *chore, int r)
{
	fuse_req_interrupt_func(chore->req, NULL, NULL);
	cut(chore, r);
}

static bool is_late(const struct chore *chore)
{
	return chore->patience != INT64_MAX && chore->patience <= clock_monotonic();
}

void chores_continue(struct fs *fs)
{
	struct chore *chore = first(fs);
	enum chore_turn turn;

	if (is_late(oldest(fs))) {
		give_up(oldest(fs), -EAGAIN);
		return;
	}
	fs->devices.current = chore->device;
	turn = chore->slice(chore);
	if (turn == CHORE_GOES_ON)
		return;
	list_remove(&chore->link);
	if (turn == CHORE_WAITS) {
		list_append(&fs->chores, &chore->link);
		return;
	}
	list_remove(&chore->age);
	chore->free(chore);
}

void chores_drain(struct fs *fs)
{
	while (chores_go_on(fs))
		give_up(first(fs), -ECANCELED);
}
