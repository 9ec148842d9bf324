/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold: preloaded under the worker, holds it at a chosen place, to be killed there; or kills it.
 *
 * The environment's HOLD names a file. While there is one, it has an order:
 *
 *	commit		hold before SQLite's next write
 *	answer OPCODE	hold before the answer to the next request of that kind (enum fuse_opcode)
 *	poison NAME	die whenever SQLite is asked about that name
 *	start		die of the first request, whatever it is
 *
 * Once it is held, there is HOLD.held.
 */
#undef _FILE_OFFSET_BITS /* it would give two of them one name */
#include <dlfcn.h>
#include <fcntl.h>
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

/* How what is read from the device begins, and what is written to it. */
struct request {
	uint32_t len, opcode;
	uint64_t unique;
};
struct answer {
	uint32_t len;
	int32_t error;
	uint64_t unique;
};

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

static void look_at(const struct request *request)
{
	char text[64];

	if (ordered("start", text))
		__builtin_trap();
	if (ordered("answer ", text) && request->opcode == strtoul(text, NULL, 10))
		awaited = request->unique & ~RESENT;
}

static void hold_before_answer(int fd, const void *data, size_t size)
{
	const struct answer *answer = data;

	if (awaited && size >= sizeof(*answer) && answer->unique == awaited && is_device(fd))
		hold();
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

	if (n >= (ssize_t)sizeof(struct request) && is_device(fd))
		look_at(data);
	return n;
}

ssize_t write(int fd, const void *data, size_t size)
{
	hold_before_answer(fd, data, size);
	return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	hold_before_answer(fd, iov[0].iov_base, iov[0].iov_len);
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

/* As <sqlite3.h> has it. */
struct sqlite3_stmt;
int sqlite3_bind_text(struct sqlite3_stmt *statement, int index, const char *value, int size,
		      void (*destroy)(void *));

int sqlite3_bind_text(struct sqlite3_stmt *statement, int index, const char *value, int size,
		      void (*destroy)(void *))
{
	char text[64];

	if (ordered("poison ", text) && size == (int)strlen(text) &&
	    memcmp(value, text, (size_t)size) == 0)
		__builtin_trap();
	return REAL(sqlite3_bind_text)(statement, index, value, size, destroy);
}
