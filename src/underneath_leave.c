/* SPDX-License-Identifier: Apache-2.0 */
#include "underneath_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/stone.h"

static int give_to_owner(const struct underneath *u, int fd, const struct grave *grave)
{
	int r = fchown(fd, grave->uid, grave->gid) < 0 ? -errno : 0;

	if (r == -EPERM)
		r = errand_chown(u->errands, grave->uid, grave->gid);
	/* Without the capability the file stays the daemon's: it says the same. */
	return r == -EPERM ? 0 : r;
}

static int write_file(const struct underneath *u, const struct grave *grave, const struct buf *text)
{
	_cleanup_(cleanup_close) int fd =
		openat(u->fds[PLACE_ROOT], UNFINISHED_STONE,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text->data, text->len);
	if (n != (ssize_t)text->len)
		return n < 0 ? -errno : -ENOSPC;
	return give_to_owner(u, fd, grave);
}

/* All of it, or nothing: half a stone would be taken in at the next start as another life. */
static int leave_file(const struct underneath *u, const struct grave *grave, const struct buf *text)
{
	int directory = u->fds[PLACE_ROOT], r;

	(void)unlinkat(directory, UNFINISHED_STONE, 0);
	r = write_file(u, grave, text);
	if (r == 0 && renameat(directory, UNFINISHED_STONE, directory, grave->name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(directory, UNFINISHED_STONE, 0);
	return r;
}

/* What is written once the mount is gone is newer than what is known here. */
static bool is_newer(const struct underneath *u, const char *name, int64_t since)
{
	struct stat st;

	return since != INT64_MAX &&
	       fstatat(u->fds[PLACE_ROOT], name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (int64_t)st.st_ctim.tv_sec * NSEC_PER_SEC + st.st_ctim.tv_nsec >= since;
}

static int leave_stone(struct underneath *u, const struct grave *grave, int64_t since,
		       struct buf *text)
{
	struct store *store = graveyard_store(u->graveyard);
	struct life life;
	int r;

	if (is_newer(u, grave->name, since))
		return 0;
	r = store->ops->life(store, grave->id, grave->life, &life);
	if (r < 0)
		return r;
	buf_truncate(text, 0);
	stone_format(&life.stone, text);
	r = buf_error(text);
	return r < 0 ? r : leave_file(u, grave, text);
}

bool underneath_leave(struct underneath *u, int64_t until, int64_t since)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct store *store = graveyard_store(u->graveyard);
	struct grave grave;
	int r;

	while ((r = store->ops->list(store, STORE_LIST_ON_VIEW, u->left, &grave)) == 0) {
		if (clock_monotonic() >= until)
			return false;
		u->left = grave.id;
		r = leave_stone(u, &grave, since, &text);
		if (r < 0)
			log_error("%s: unable to leave the stone underneath: %s", grave.name,
				  strerror(-r));
		/* Then the next ones fail, too, and a million lines help nobody. */
		if (r == -ENOSPC || r == -EIO || r == -EROFS || r == -EACCES)
			break;
	}
	if (r != -ENOENT)
		log_error("unable to leave all stones underneath: %s", strerror(-r));
	return true;
}
