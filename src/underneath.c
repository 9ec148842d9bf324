/* SPDX-License-Identifier: Apache-2.0 */
#include "underneath_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/stone.h"

/* The facts that say when. */
#define TIMES (FACT_BIT(FACT_BORN) | FACT_BIT(FACT_READY) | FACT_BIT(FACT_DIED))

/* By how much less than this is an mtime too early? It is that of the kernel's last tick, of 10 ms at most, which comes
 * late where processors are shared (6 ms of 4 were seen); and a file system may keep whole seconds. */
#define TICK (40 * NSEC_PER_MSEC)
#define COARSENESS(mtim) ((mtim).tv_nsec == 0 ? NSEC_PER_SEC + TICK : TICK)

/* A file counts when it is closed after writing, or moved in whole. */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)

int underneath_fd(const struct underneath *u)
{
	return u->inotify;
}

void underneath_close(struct underneath *u)
{
	if (!u)
		return;
	for (enum place p = 0; p < PLACE_COUNT; p++)
		if (u->fds[p] >= 0)
			(void)close(u->fds[p]);
	if (u->inotify >= 0)
		(void)close(u->inotify);
	free(u);
}

static int watch(struct underneath *u, enum place place)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", u->fds[place]);
	u->watches[place] = inotify_add_watch(u->inotify, path, EVENTS);
	return u->watches[place] < 0 ? -errno : 0;
}

static int open_place(struct underneath *u, enum place place)
{
	if (u->fds[place] >= 0)
		(void)close(u->fds[place]);
	u->fds[place] = openat(u->fds[PLACE_ROOT], place_names[place],
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (u->fds[place] >= 0)
		return watch(u, place);
	if (errno == EACCES)
		log_warning("underneath the mount, '%s' is somebody else's alone, ignoring",
			    place_names[place]);
	return errno == EACCES || errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0
											: -errno;
}

/* Those that are there by now, and were not. */
static int open_places(struct underneath *u)
{
	int r = 0;

	for (enum place p = PLACE_BORN; r == 0 && p < PLACE_COUNT; p++)
		if (u->fds[p] < 0)
			r = open_place(u, p);
	return r;
}

int underneath_reach(const char *path, int *ret_directory, int *ret_inotify)
{
	_cleanup_(cleanup_close) int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(cleanup_close) int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (directory < 0 || inotify < 0 || inotify_add_watch(inotify, path, EVENTS) < 0)
		return -errno;
	*ret_directory = take_fd(directory);
	*ret_inotify = take_fd(inotify);
	return 0;
}

int underneath_open(int directory, int inotify, int errands, struct graveyard *graveyard,
		    struct underneath **ret_u)
{
	struct underneath *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->graveyard = graveyard;
	for (enum place p = 0; p < PLACE_COUNT; p++)
		u->fds[p] = u->watches[p] = -1;
	u->fds[PLACE_ROOT] = directory;
	u->inotify = inotify;
	u->errands = errands;
	/* What is watched already keeps its number. */
	r = watch(u, PLACE_ROOT);
	if (r == 0)
		r = open_places(u);
	if (r < 0) {
		underneath_close(u);
		return r;
	}
	*ret_u = u;
	return 0;
}

/* ---- taking in ---- */

static void skip(enum place place, const char *name, const char *why)
{
	log_warning("underneath the mount, '%s/%s' is no stone: %s, ignoring", place_names[place],
		    name, why);
}

static int open_file(const struct underneath *u, enum place place, const char *name, int *ret_fd)
{
	int fd = openat(u->fds[place], name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == EACCES)
		return errand_open(u->errands, place, name, ret_fd);
	*ret_fd = fd;
	return fd < 0 ? -errno : 0;
}

/* What the file says; a file that is gone again says nothing (-ENOENT). */
static int read_stone(const struct underneath *u, enum place place, const char *name,
		      struct stat *ret_st, char *text, size_t size, size_t *ret_len,
		      const char **ret_why)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r = open_file(u, place, name, &fd);
	ssize_t n;

	*ret_why = "it cannot be opened";
	if (r < 0)
		return r;
	if (fstat(fd, ret_st) < 0)
		return -errno;
	*ret_why = "not a regular file";
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	*ret_why = "it cannot be read";
	n = read(fd, text, size);
	if (n < 0)
		return -errno;
	*ret_len = (size_t)n;
	*ret_why = "it is too long";
	/* What underneath_leave() wrote may be longer than what one write may carry. */
	return *ret_len > STONE_TEXT_MAX ? -EFBIG : 0;
}

static void say(struct stone *stone, enum fact fact, int64_t *field, int64_t time)
{
	if (!stone_has(stone, fact))
		*field = time;
	stone->facts |= FACT_BIT(fact);
}

/* What a file in this place tells, at the time when it was last written. */
static void tell(enum place place, struct stone *stone, int64_t time)
{
	if (place == PLACE_BORN || place == PLACE_READY)
		*stone = (struct stone){0};
	if (place == PLACE_READY)
		say(stone, FACT_READY, &stone->ready, time);
	else if (place == PLACE_DIED)
		say(stone, FACT_DIED, &stone->died, time);
	else
		say(stone, FACT_BORN, &stone->born, time);
	/* A code without a death is a death. */
	if (stone_has(stone, FACT_CODE))
		say(stone, FACT_DIED, &stone->died, time);
}

static int commit(struct underneath *u)
{
	return u->commit(u->commit_arg);
}

/* Written now, it is by one who cannot see what others say here: it would wait for ever. */
static void say_found(const struct underneath *u, const char *name)
{
	struct record r;

	record_begin(&r, u->all ? RECORD_INFO : RECORD_WARNING, "intake");
	record_text(&r, "name", name);
	record_text(&r, "msg",
		    u->all ? "found underneath the mount"
			   : "written underneath the mount, by one who does not see it: is "
			     "mountPropagation: HostToContainer, or rslave, missing?");
	record_end(&r);
}

static int stage(struct underneath *u, enum place place, const char *name,
		 const struct stone *stone, int64_t coarse, const struct stat *st)
{
	struct deed deed = {
		.kind = DEED_EARLY,
		.stone = stone,
		.coarse = coarse,
		.found = u->all,
		.now = clock_now(),
		.by = {st->st_uid, st->st_gid, 0, VIA_INTAKE},
	};
	unsigned events;
	int r = 0;

	if (!graveyard_has_room(u->graveyard))
		r = commit(u);
	events = graveyard_staged_events(u->graveyard);
	if (r == 0)
		r = graveyard_stage(u->graveyard, name, strlen(name), &deed);
	if (r == -EINVAL || r == -ENOENT || r == -EPERM || r == -EACCES ||
	    (r == -ENOSPC && graveyard_full(u->graveyard))) {
		log_warning("underneath the mount, '%s/%s' is not taken in: %s", place_names[place],
			    name,
			    r == -EINVAL   ? "it is no name of a tombstone"
			    : r == -ENOENT ? "--names does not have it"
			    : r == -EPERM  ? "it is known otherwise already"
			    : r == -ENOSPC ? "it is one name more than --max-names"
					   : "the name is somebody else's");
		return 0;
	}
	if (r == 0 && graveyard_staged_events(u->graveyard) > events)
		say_found(u, name);
	return r;
}

static int take_file(struct underneath *u, enum place place, const char *name)
{
	char text[STONE_TEXT_MAX + 1];
	struct stone_error error = {0};
	struct stone stone;
	struct stat st = {0};
	const char *why;
	size_t len = 0;
	int64_t coarse;
	int r;

	if (name[0] == '.' && place == PLACE_ROOT)
		return 0;
	r = read_stone(u, place, name, &st, text, sizeof(text), &len, &why);
	if (r < 0) {
		if (r != -ENOENT)
			skip(place, name, why);
		return 0;
	}
	if (place == PLACE_BORN || place == PLACE_READY)
		len = 0; /* the file alone tells */
	if (stone_parse(text, len, &stone, &error) < 0) {
		skip(place, name, error.reason);
		return 0;
	}
	/* Perhaps it was told before what is known. */
	coarse = u->all || u->behind || stone.facts & TIMES ? 0 : COARSENESS(st.st_mtim);
	tell(place, &stone, (int64_t)st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec);
	return stage(u, place, name, &stone, coarse, &st);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int take_place(struct underneath *u, enum place place)
{
	_cleanup_(close_dir) DIR *dir = NULL;
	_cleanup_(cleanup_close) int fd = -1;
	const struct dirent *entry;
	int r = 0;

	if (u->fds[place] < 0)
		return 0;
	/* Opened anew, it might be closed to us by now. */
	fd = fcntl(u->fds[place], F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)take_fd(fd);
	rewinddir(dir);
	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN ||
		    (entry->d_name[0] != '.' && entry->d_type != DT_DIR))
			r = take_file(u, place, entry->d_name);
	return r < 0 ? r : -errno;
}

static int take_all(struct underneath *u)
{
	int r = open_places(u);

	u->all = true;
	for (enum place p = 0; r == 0 && p < PLACE_COUNT; p++)
		r = take_place(u, p);
	u->all = false;
	return r;
}

/* One of the places may have been made just now: watched first, then looked through. */
static int take_directory(struct underneath *u, const char *name)
{
	for (enum place p = PLACE_BORN; p < PLACE_COUNT; p++) {
		int r;

		if (strcmp(name, place_names[p]) != 0)
			continue;
		r = open_place(u, p);
		return r < 0 ? r : take_place(u, p);
	}
	return 0;
}

static int take_event(struct underneath *u, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return take_all(u);
	if (event->len == 0)
		return 0;
	if (event->mask & IN_ISDIR)
		return event->wd == u->watches[PLACE_ROOT] ? take_directory(u, event->name) : 0;
	if (event->mask & IN_CREATE)
		return 0; /* it counts when it is closed */
	for (enum place p = 0; p < PLACE_COUNT; p++)
		if (event->wd == u->watches[p])
			return take_file(u, p, event->name);
	return 0;
}

static int take_events(struct underneath *u)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(u->inotify, buffer, sizeof(buffer));
	int r = 0;

	/* One buffer a call: who writes fast keeps nobody else from being served. */
	for (const char *p = buffer; r == 0 && n > 0 && p < buffer + n;) {
		const struct inotify_event *event = (const void *)p;

		r = take_event(u, event);
		p += sizeof(*event) + event->len;
	}
	return r;
}

/* Everything is looked through, so what was told need not be. */
/* Buffers that are dropped at once; what is left is only taken in twice. */
#define DROP_MAX 256

static void drop_events(struct underneath *u)
{
	char buffer[4096];

	for (int i = 0; i < DROP_MAX && read(u->inotify, buffer, sizeof(buffer)) > 0; i++)
		;
}

int underneath_take_in(struct underneath *u, bool all, int (*commit_with)(void *arg), void *arg)
{
	int r;

	u->commit = commit_with;
	u->commit_arg = arg;
	if (all)
		drop_events(u);
	r = all ? take_all(u) : take_events(u);
	if (r == 0)
		return commit(u);
	graveyard_rollback(u->graveyard);
	return r;
}

static bool has_come(const struct underneath *u)
{
	struct pollfd inotify = {.fd = u->inotify, .events = POLLIN};

	return poll(&inotify, 1, 0) > 0;
}

int underneath_catch_up(struct underneath *u, int64_t until, int (*commit_with)(void *arg),
			void *arg)
{
	int r = 0;

	while (r == 0 && has_come(u)) {
		u->behind = clock_monotonic() >= until;
		if (u->behind)
			break;
		r = underneath_take_in(u, false, commit_with, arg);
	}
	return r;
}

bool underneath_is_behind(struct underneath *u)
{
	u->behind = u->behind && has_come(u);
	return u->behind;
}
