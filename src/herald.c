/* SPDX-License-Identifier: Apache-2.0 */
#include "herald.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "exit_status.h"
#include "handover.h"
#include "mountpoint.h"
#include "news.h"
#include "sandbox.h"

struct herald {
	const char *mountpoint;
	struct handover *handover;
	int root;    /* of the mount, while there is something to announce; else -1 */
	dev_t mount; /* which it is; 0: not looked yet */
};

/* ---- announcing ---- */

static int create(struct herald *h, const char *path)
{
	int r;

	__atomic_store_n(&h->handover->hides, 1, __ATOMIC_RELEASE);
	r = mknodat(h->root, path, S_IFREG | 0644, 0);
	__atomic_store_n(&h->handover->hides, 0, __ATOMIC_RELEASE);
	return r;
}

static int modify(struct herald *h, const char *path)
{
	static const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};

	return utimensat(h->root, path, times, AT_SYMLINK_NOFOLLOW);
}

static int erase(struct herald *h, const char *path)
{
	return unlinkat(h->root, path, 0);
}

static void announce(struct herald *h, const struct news *news)
{
	static const struct {
		enum news_of of;
		const char *directory;
		int (*make)(struct herald *h, const char *path);
	} changes[] = {
		{NEWS_CREATE, "", create},
		{NEWS_MODIFY, "", modify},
		{NEWS_BORN_CREATE, ".born/", create},
		{NEWS_READY_CREATE, ".ready/", create},
		{NEWS_READY_DELETE, ".ready/", erase},
		{NEWS_DIED_CREATE, ".died/", create},
		{NEWS_DIED_MODIFY, ".died/", modify},
		{NEWS_DIED_DELETE, ".died/", erase},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char path[16 + sizeof(news->name)];

		if (!(news->of & changes[i].of))
			continue;
		(void)snprintf(path, sizeof(path), "%s%s", changes[i].directory, news->name);
		/* ENOENT: it was removed since. */
		if (changes[i].make(h, path) < 0)
			log_debug("inotify does not tell of '%s': %s", path, strerror(errno));
	}
}

/* ---- the mount ---- */

/* What is the device of a directory? The mount is not asked. */
static dev_t device_of(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &stx) < 0)
		return 0;
	return makedev(stx.stx_dev_major, stx.stx_dev_minor);
}

/* If somebody has unmounted it, what is there now is not to be written to. It is looked at after it was opened: what
 * the mount table shows now was there already. */
static bool is_ours(struct herald *h, int fd)
{
	enum mountpoint_state state;

	if (!h->mount && mountpoint_look(h->mountpoint, &state) == 0 && state == MOUNTPOINT_SERVED)
		h->mount = device_of(fd);
	return h->mount && device_of(fd) == h->mount;
}

static void enter(struct herald *h)
{
	int fd = open(h->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && is_ours(h, fd)) {
		h->root = fd;
		return;
	}
	log_debug("inotify tells nothing: the mount is not at '%s'", h->mountpoint);
	if (fd >= 0)
		(void)close(fd);
}

static void leave(struct herald *h)
{
	(void)close(h->root);
	h->root = -1;
}

/* ---- what there is to announce ---- */

/* It comes from who reads what strangers write. */
static bool is_sound(const struct news *news, ssize_t size)
{
	size_t len = (size_t)size - offsetof(struct news, name);

	return size > (ssize_t)offsetof(struct news, name) && news->name[len - 1] == '\0' &&
	       name_valid(news->name, len - 1);
}

/*
 * Takes a message off only when it is announced: if this process is killed meanwhile, the next one announces it
 * again. -errno, or 0 at the end.
 */
static int next(struct herald *h)
{
	int fd = h->handover->news, wait = h->root < 0 ? 0 : MSG_DONTWAIT;
	struct news news;
	ssize_t size = recv(fd, &news, sizeof(news), MSG_PEEK | wait);

	if (size < 0 && errno == EAGAIN) {
		leave(h);
		return 1;
	}
	if (size <= 0)
		return size < 0 ? -errno : 0;
	if (h->root < 0)
		enter(h);
	if (h->root >= 0 && is_sound(&news, size))
		announce(h, &news);
	return recv(fd, &news, sizeof(news), 0) < 0 ? -errno : 1;
}

int herald_run(const char *mountpoint)
{
	struct herald h = {.mountpoint = mountpoint, .root = -1};
	int r;

	(void)prctl(PR_SET_NAME, "gyfs-herald");
	h.handover = handover_map(HANDOVER_FD, 0);
	if (!h.handover)
		return EXIT_SYSTEM;
	if (h.handover->layout != HANDOVER_LAYOUT)
		return EXIT_OTHER_LAYOUT;
	/* The mount may lie where only root can go. */
	r = sandbox_drop(CAP_TO_MASK(CAP_DAC_READ_SEARCH));
	if (r < 0) {
		log_error("unable to drop capabilities: %s", strerror(-r));
		return EXIT_SYSTEM;
	}
	h.handover->hides = 0;
	/* Before the first request; the keeper, who says so too, may come later. */
	__atomic_store_n(&h.handover->herald, getpid(), __ATOMIC_RELEASE);
	while ((r = next(&h)) > 0)
		;
	if (r < 0)
		log_error("unable to hear what to announce: %s", strerror(-r));
	return r < 0 ? EXIT_SYSTEM : EXIT_OK;
}
