/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "bury/place.h"
#include "core/stone.h"

/* Last in what is written at birth: another line says that there is more to come. */
#define HELD "Lease: lock\n"

/* The longest stone there is, and more than that. */
#define TEXT_MAX (STONE_TEXT_MAX + sizeof(HELD))

static int lock(int fd, int command, struct flock *lock)
{
	*lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(fd, command, lock) < 0 ? -errno : 0;
}

static bool is_locked(int fd)
{
	struct flock found;

	return lock(fd, F_GETLK, &found) == 0 && found.l_type != F_UNLCK;
}

/* All of a file that is no longer than a stone may be: part of another may say what the whole does not. */
static int read_text(int fd, char text[TEXT_MAX + 1], size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = pread(fd, text + len, TEXT_MAX - len, (off_t)len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
	} while (n > 0 && len < TEXT_MAX);
	if (len == TEXT_MAX)
		return -EFBIG;
	text[len] = '\0';
	*ret_len = len;
	return 0;
}

/* `ret_held`: it says that somebody holds it. */
static int read_stone(int fd, struct stone *ret_stone, bool *ret_held)
{
	char text[TEXT_MAX + 1];
	size_t len = 0;
	int r = read_text(fd, text, &len);

	if (r < 0)
		return r;
	*ret_held = strstr(text, HELD);
	return stone_parse(text, len, ret_stone, NULL) < 0 ? -EAGAIN : 0;
}

int plain_read(const char *directory, const char *name, struct stone *ret_stone)
{
	char path[PATH_MAX];
	struct stat st;
	bool held;
	int r = place_path(directory, NULL, name, path);
	_cleanup_(cleanup_close) int fd =
		r < 0 ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return r < 0 ? r : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = read_stone(fd, ret_stone, &held);
	if (r < 0 || !held || stone_has(ret_stone, FACT_DIED) || is_locked(fd))
		return r;
	/* It may have written its end after we read, and gone. */
	r = read_stone(fd, ret_stone, &held);
	if (r == 0 && held)
		ret_stone->facts |= FACT_BIT(FACT_DIED);
	return r;
}

static int write_whole(int fd, const struct buf *text)
{
	ssize_t n;

	if (buf_error(text) < 0)
		return -ENOMEM;
	n = pwrite(fd, text->data, text->len, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == text->len ? 0 : -ENOSPC;
}

/* The file is to be seen with its text, and locked, so it gets its name last. */
static int put_there(int fd, const char *temporary, const char *path, struct buf *text,
		     size_t *ret_held)
{
	struct flock ours;
	int r;

	if (fchmod(fd, 0644) < 0)
		return -errno;
	/* Where the file system has no locks the stone does not speak of one. */
	if (ret_held && lock(fd, F_SETLK, &ours) == 0) {
		*ret_held = text->len;
		buf_adds(text, HELD);
	}
	r = write_whole(fd, text);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	/* kubexit's watch knows nothing of renames. The same bytes once more are an event that it does. */
	return r == 0 ? write_whole(fd, text) : r;
}

/* A new file in the place of whatever is there. `hold`: alive, and ours. */
static int put_stone(struct plain *plain, const char *directory, const char *name,
		     const struct stone *stone, bool hold)
{
	char path[PATH_MAX], temporary[PATH_MAX], hidden[NAME_MAX + 1];
	_cleanup_(cleanup_close) int fd = -1;
	struct buf text = BUF_INIT;
	size_t held = 0;
	int r = place_path(directory, NULL, name, path);

	(void)snprintf(hidden, sizeof(hidden), ".%.*s~", NAME_MAX - 2, name);
	if (r == 0)
		r = place_path(directory, NULL, hidden, temporary);
	if (r < 0)
		return r;
	(void)unlink(temporary); /* of one that was killed here */
	fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	stone_format(stone, &text);
	r = put_there(fd, temporary, path, &text, hold ? &held : NULL);
	if (r < 0)
		(void)unlink(temporary);
	plain_release(plain);
	if (r == 0)
		*plain = (struct plain){.fd = take_fd(fd), .len = text.len, .held = held};
	buf_release(&text);
	return r;
}

int plain_begin(struct plain *plain, const char *directory, const char *name,
		const struct stone *stone)
{
	return put_stone(plain, directory, name, stone, true);
}

/* Is the file that we hold the one that is there, as we left it? */
static bool is_ours(const struct plain *plain, const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat ours, there;

	return plain->fd >= 0 && place_path(directory, NULL, name, path) == 0 &&
	       fstat(plain->fd, &ours) == 0 && lstat(path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev &&
	       (size_t)ours.st_size == plain->len;
}

/* One write behind what is there. One that did not fit is taken back. */
static int append(struct plain *plain, const struct buf *text)
{
	ssize_t n;

	if (buf_error(text) < 0)
		return -ENOMEM;
	n = pwrite(plain->fd, text->data, text->len, (off_t)plain->len);
	if (n < 0)
		return -errno;
	if ((size_t)n < text->len)
		return ftruncate(plain->fd, (off_t)plain->len) < 0 ? -errno : -ENOSPC;
	plain->len += text->len;
	return 0;
}

int plain_add(struct plain *plain, const char *directory, const char *name,
	      const struct stone *more, const struct stone *whole)
{
	struct buf text = BUF_INIT;
	int r;

	if (!is_ours(plain, directory, name))
		return put_stone(plain, directory, name, whole, !stone_has(whole, FACT_DIED));
	stone_format(more, &text);
	r = append(plain, &text);
	buf_release(&text);
	return r;
}

void plain_leave(struct plain *plain)
{
	/* A comment. If that fails it can only be taken for dead. */
	if (plain->fd >= 0 && plain->held)
		(void)!pwrite(plain->fd, "#", 1, (off_t)plain->held);
	plain_release(plain);
}

void plain_release(struct plain *plain)
{
	if (plain->fd >= 0)
		(void)close(plain->fd);
	plain->fd = -1;
}
