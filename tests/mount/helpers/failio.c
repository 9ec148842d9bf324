/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failio: preloaded under SQLite, makes what it writes to a database and its -wal fail.
 *
 * The environment's FAILIO names a control file. While there is one, it says "AFTER COUNT ERRNO WHICH": of the
 * calls after it came, the first AFTER go through, the next COUNT fail with ERRNO (a number), the rest go
 * through again. WHICH is "write" or "sync". A new control file begins anew.
 */
#undef _FILE_OFFSET_BITS /* it would give two of them one name */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool is_database(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return ends(path, "-wal") || ends(path, ".db");
}

/* The error that this call is to fail with; 0: none. */
static int error_for(int fd, const char *which)
{
	static struct timespec since;
	static unsigned long calls;
	unsigned long after, count;
	char text[128], what[16];
	struct stat st;
	ssize_t n;
	int control, error = 0;

	if (!getenv("FAILIO") || !is_database(fd))
		return 0;
	control = open(getenv("FAILIO"), O_RDONLY | O_CLOEXEC);
	if (control < 0)
		return 0;
	n = read(control, text, sizeof(text) - 1);
	if (n > 0 && fstat(control, &st) == 0) {
		text[n] = '\0';
		if (memcmp(&since, &st.st_mtim, sizeof(since)) != 0)
			calls = 0;
		since = st.st_mtim;
		if (sscanf(text, "%lu %lu %d %15s", &after, &count, &error, what) != 4 ||
		    strcmp(what, which) != 0)
			error = 0;
		else if (calls++ < after || calls > after + count)
			error = 0;
	}
	(void)close(control);
	return error;
}

#define REAL(function) ((__typeof__(&(function)))dlsym(RTLD_NEXT, #function))

#define OR_FAIL(which, call)                      \
	do {                                      \
		int error = error_for(fd, which); \
		if (!error)                       \
			return call;              \
		errno = error;                    \
		return -1;                        \
	} while (0)

ssize_t write(int fd, const void *data, size_t size)
{
	OR_FAIL("write", REAL(write)(fd, data, size));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	OR_FAIL("write", REAL(pwrite)(fd, data, size, offset));
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	OR_FAIL("write", REAL(pwrite64)(fd, data, size, offset));
}

int fsync(int fd)
{
	OR_FAIL("sync", REAL(fsync)(fd));
}

int fdatasync(int fd)
{
	OR_FAIL("sync", REAL(fdatasync)(fd));
}
