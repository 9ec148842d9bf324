/* SPDX-License-Identifier: Apache-2.0 */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

char *place_beside(const char *path, const char *suffix)
{
	char *beside = malloc(strlen(path) + strlen(suffix) + 1);

	if (beside)
		strcpy(stpcpy(beside, path), suffix);
	return beside;
}

int64_t place_size(const char *path, const char *suffix)
{
	_cleanup_(cleanup_free) char *beside = place_beside(path, suffix);
	struct stat st;

	if (!beside)
		return -ENOMEM;
	if (stat(beside, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	return st.st_size;
}

/* mkdir -p; `directory` is cut at each slash for a moment. */
static int make_directories(char *directory)
{
	for (char *slash = strchr(directory + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(directory, 0700); /* what matters is whether the last one is there */
		*slash = '/';
	}
	return mkdir(directory, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int resolve_parent(char *path, const char *name, char **ret_path)
{
	_cleanup_(cleanup_free) char *directory = NULL, *slash = NULL;
	char *parent = dirname(path);
	int r = make_directories(parent);

	if (r < 0)
		return r;
	directory = realpath(parent, NULL);
	if (!directory)
		return -errno;
	slash = place_beside(directory, strcmp(directory, "/") ? "/" : "");
	*ret_path = slash ? place_beside(slash, name) : NULL;
	return *ret_path ? 0 : -ENOMEM;
}

int place_prepare(const char *path, const struct why *why, char **ret_path)
{
	_cleanup_(cleanup_free) char *copy = strdup(path);
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *found = realpath(path, NULL);
	int r;

	if (found) {
		*ret_path = found;
		return 0;
	}
	if (!copy)
		return why_not(why, -ENOMEM, "no memory for the path '%s'", path);
	if (*name == '\0')
		return why_not(why, -EISDIR, "'%s' names no file", path);
	r = resolve_parent(copy, name, ret_path);
	if (r < 0)
		return why_not(why, r, "unable to make the directory of '%s': %s", path,
			       strerror(-r));
	return 0;
}

int place_lock(const char *path, const struct why *why, int *ret_fd)
{
	_cleanup_(cleanup_free) char *name = place_beside(path, "-lock");
	_cleanup_(cleanup_close) int fd = -1;

	if (!name)
		return why_not(why, -ENOMEM, "no memory for the path '%s'", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return why_not(why, -errno, "unable to open '%s': %s", name, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = take_fd(fd);
		return 0;
	}
	if (errno == EWOULDBLOCK)
		return why_not(why, -EBUSY,
			       "'%s' is in use by another graveyardfs, which holds '%s'", path,
			       name);
	return why_not(why, -errno, "unable to lock '%s': %s", name, strerror(errno));
}

int place_sync_directory(const char *path)
{
	_cleanup_(cleanup_free) char *copy = strdup(path);
	_cleanup_(cleanup_close) int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

void place_remove(const char *path)
{
	static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		_cleanup_(cleanup_free) char *name = place_beside(path, suffixes[i]);

		if (name)
			(void)unlink(name);
	}
}
