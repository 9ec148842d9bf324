/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

static int open_again(uint32_t connection, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, FUSE_DEV_IOC_CLONE, &connection) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

int devices_open(int fd, int fds[DEVICES])
{
	fds[0] = fd;
	for (unsigned i = 1; i < DEVICES; i++) {
		int r = open_again((uint32_t)fd, &fds[i]);

		if (r < 0) {
			while (--i > 0)
				(void)close(fds[i]), fds[i] = -1;
			return r;
		}
	}
	return 0;
}

static unsigned least_parked(const struct devices *d)
{
	unsigned least = 0;

	for (unsigned i = 1; i < DEVICES; i++)
		if (d->parked[i] < d->parked[least])
			least = i;
	return least;
}

ssize_t devices_read_from(struct devices *d, unsigned device, void *buf, size_t size)
{
	ssize_t n;

	d->current = device;
	n = read(d->fds[device], buf, size);
	/* It was taken down while a request was being read; a moment later it is ENODEV. */
	if (n < 0 && errno == ECONNABORTED)
		errno = ENODEV;
	return n < 0 ? -errno : n;
}

ssize_t devices_read(struct devices *d, void *buf, size_t size)
{
	return devices_read_from(d, least_parked(d), buf, size);
}

int devices_give(const struct devices *d, unsigned device, const void *answer, size_t len)
{
	return write(d->fds[device], answer, len) < 0 ? -errno : 0;
}

ssize_t devices_write(struct devices *d, const struct iovec *iov, int count)
{
	return writev(d->fds[d->current], iov, count);
}
