/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/own_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bury/place.h"
#include "bury/tools.h"

/* linux/memfd.h of Linux 6.3: without it vm.memfd_noexec=1 would have it not run. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#define PROGRAM "/proc/self/exe"

/* Without /proc nobody can tell. */
static bool is_served(void)
{
	struct statfs fs;

	return statfs(PROGRAM, &fs) == 0 && (unsigned long)fs.f_type == PLACE_FUSE_MAGIC;
}

static int make_memory(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("bury", flags | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("bury", flags);
	return fd < 0 ? -errno : fd;
}

/* A descriptor. */
static int copy_program(void)
{
	_cleanup_(cleanup_close) int from = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	_cleanup_(cleanup_close) int to = -1;
	int r;

	if (from < 0)
		return -errno;
	to = make_memory();
	if (to < 0)
		return to;
	r = tool_copy(from, to);
	if (r == 0 && fcntl(to, F_ADD_SEALS, SEALS) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(to);
}

int own_copy_run(char **argv)
{
	_cleanup_(cleanup_close) int fd = -1;

	if (!is_served())
		return 0;
	fd = copy_program();
	if (fd < 0)
		return fd;
	(void)fexecve(fd, argv, environ);
	return -errno;
}
