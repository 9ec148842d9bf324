/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold: preloaded under the worker, holds it at a chosen place, to be killed there; or kills it.
 *
 * The environment's HOLD names a file. While there is one, it has an order:
 *
 *	commit		hold before SQLite's next write
 *	answer OPCODE	hold before the answer to the next request of that kind (see <linux/fuse.h>)
 *	poison NAME	die of each request that has NAME in it
 *	start		die of the first request
 *
 * Once it is held, there is HOLD.held.
 */
#undef _FILE_OFFSET_BITS /* it would give two of them one name */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define RESENT (UINT64_C(1) << 63)

static uint64_t awaited; /* the request whose answer is to be held back */

static bool is_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 229);
}

/* Is there such an order? Then its argument is in the text. */
static bool ordered(const char *what, char text[64])
{
	size_t len = strlen(what);
	ssize_t n = -1;
	int fd = getenv("HOLD") ? open(getenv("HOLD"), O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		n = read(fd, text, 63);
		(void)close(fd);
	}
	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, what, len) != 0)
		return false;
	memmove(text, text + len, strlen(text + len) + 1);
	return true;
}

/* Only a SIGKILL ends it. */
__attribute__((noreturn)) static void hold(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s.held", getenv("HOLD"));
	(void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	for (;;)
		(void)poll(NULL, 0, -1);
}

static void look_at(const void *data, size_t size)
{
	const struct fuse_in_header *in = data;
	char text[64];

	if (ordered("start", text))
		__builtin_trap();
	if (ordered("poison ", text) && memmem(data, size, text, strlen(text)))
		__builtin_trap();
	if (ordered("answer ", text) && in->opcode == strtoul(text, NULL, 10))
		awaited = in->unique & ~RESENT;
}

static void hold_before_commit(void)
{
	char text[64];

	if (ordered("commit", text))
		hold();
}

#define REAL(function) ((__typeof__(&(function)))dlsym(RTLD_NEXT, #function))

ssize_t read(int fd, void *data, size_t size)
{
	ssize_t n = REAL(read)(fd, data, size);

	if (n >= (ssize_t)sizeof(struct fuse_in_header) && is_device(fd))
		look_at(data, (size_t)n);
	return n;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	const struct fuse_out_header *out = iov[0].iov_base;

	if (awaited && iov[0].iov_len >= sizeof(*out) && out->unique == awaited && is_device(fd))
		hold();
	return REAL(writev)(fd, iov, count);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	hold_before_commit();
	return REAL(pwrite)(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	hold_before_commit();
	return REAL(pwrite64)(fd, data, size, offset);
}
