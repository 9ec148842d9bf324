/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int place_path(const char *directory, const char *view, const char *name, char ret_path[PATH_MAX])
{
	int n = snprintf(ret_path, PATH_MAX, "%s%s%s/%s", directory, view ? "/" : "",
			 view ? view : "", name);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int place_make(const char *path)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(prefix))
		return -ENAMETOOLONG;
	for (size_t at = 1; at <= len; at++) {
		if (path[at] != '/' && path[at] != '\0')
			continue;
		memcpy(prefix, path, at);
		prefix[at] = '\0';
		if (mkdir(prefix, 0777) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Each is a request, which takes longer than all the rest: as few as can be. */
static int look(const char *path, struct place *place)
{
	char wait[PATH_MAX];
	struct statfs fs;
	struct stat st;
	int r = place_path(path, NULL, ".wait", wait);

	if (r < 0)
		return r;
	if (statfs(path, &fs) < 0)
		return -errno;
	place->kind = PLACE_SERVED;
	if ((unsigned long)fs.f_type != PLACE_FUSE_MAGIC || stat(wait, &st) < 0) {
		place->kind = PLACE_PLAIN;
		if (stat(path, &st) < 0)
			return -errno;
	}
	place->device = st.st_dev;
	place->inode = st.st_ino;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

void place_look(const char *path, struct place *ret_place)
{
	struct place place = {.kind = PLACE_GONE};
	int r = look(path, &place);

	if (r < 0)
		place = (struct place){.kind = PLACE_GONE, .error = r};
	*ret_place = place;
}

bool place_same(const struct place *a, const struct place *b)
{
	return a->kind == b->kind && a->device == b->device && a->inode == b->inode;
}

bool place_moved(const char *path, const struct place *was)
{
	struct place now;

	place_look(path, &now);
	return !place_same(&now, was);
}

bool place_outage(int error)
{
	return error == -ENOTCONN || error == -ECONNABORTED || error == -ECANCELED;
}
