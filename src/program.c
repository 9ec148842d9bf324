/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

static int open_program(const char *path)
{
	return open(path, O_PATH | O_CLOEXEC);
}

int program_find(struct program *p)
{
	ssize_t n = readlink("/proc/self/exe", p->path, sizeof(p->path) - 1);

	p->last = -1;
	p->fd = n < 0 ? -1 : open_program("/proc/self/exe");
	return p->fd < 0 ? -errno : 0;
}

int program_renew(struct program *p)
{
	int fd = open_program(p->path);

	if (fd < 0)
		return -errno;
	if (p->last >= 0)
		(void)close(p->fd);
	else
		p->last = p->fd;
	p->fd = fd;
	p->since = clock_monotonic();
	return 0;
}

void program_go_back(struct program *p)
{
	(void)close(p->fd);
	p->fd = p->last;
	p->last = -1;
}

void program_forget_last(struct program *p)
{
	if (p->last >= 0)
		(void)close(p->last);
	p->last = -1;
}
