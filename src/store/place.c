/* SPDX-License-Identifier: Apache-2.0 */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

char *place_beside(const char *path, const char *suffix)
{
	size_t size = strlen(path) + strlen(suffix) + 1;
	char *beside = malloc(size);

	if (beside)
		(void)snprintf(beside, size, "%s%s", path, suffix);
	return beside;
}

int64_t place_size(const char *path, const char *suffix)
{
	char *beside = place_beside(path, suffix);
	struct stat st;
	int r;

	if (!beside)
		return -ENOMEM;
	r = stat(beside, &st) < 0 ? -errno : 0;
	free(beside);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
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

/* "DIRECTORY/NAME", DIRECTORY without symbolic links. */
static int resolve(const char *directory, const char *name, char **ret_path)
{
	char *real = realpath(directory, NULL), *slash;

	if (!real)
		return -errno;
	slash = place_beside(real, strcmp(real, "/") ? "/" : "");
	free(real);
	*ret_path = slash ? place_beside(slash, name) : NULL;
	free(slash);
	return *ret_path ? 0 : -ENOMEM;
}

static int make_and_resolve(const char *path, const char *name, char **ret_path)
{
	char *copy = strdup(path), *directory;
	int r;

	if (!copy)
		return -ENOMEM;
	directory = dirname(copy);
	r = make_directories(directory);
	if (r == 0)
		r = resolve(directory, name, ret_path);
	free(copy);
	return r;
}

int place_prepare(const char *path, const struct why *why, char **ret_path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *found = realpath(path, NULL);
	int r;

	if (found) {
		*ret_path = found;
		return 0;
	}
	if (*name == '\0')
		return why_not(why, -EISDIR, "'%s' names no file", path);
	r = make_and_resolve(path, name, ret_path);
	if (r < 0)
		return why_not(why, r, "unable to make the directory of '%s': %s", path,
			       strerror(-r));
	return 0;
}

static int lock_file(const char *name, const char *path, const struct why *why, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd =
		open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

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

int place_lock(const char *path, const struct why *why, int *ret_fd)
{
	char *name = place_beside(path, "-lock");
	int r;

	if (!name)
		return why_not(why, -ENOMEM, "no memory for the path '%s'", path);
	r = lock_file(name, path, why, ret_fd);
	free(name);
	return r;
}

int place_sync_directory(const char *path)
{
	_cleanup_(cleanup_close) int fd = -1;
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
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
