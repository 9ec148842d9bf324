/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptors on which the kernel's requests arrive, and on which each has to be answered.
 *
 * The kernel keeps the requests that were read from an open /dev/fuse, and are not answered, in 256 chains, and
 * finds the one that an answer is for by walking a chain. With 10,000 reads parked on one descriptor there are 40
 * in each, and every answer to anybody walks past them: a third of the daemon's time. So the connection is
 * opened several times (FUSE_DEV_IOC_CLONE), and the next request is taken where the fewest are parked.
 */
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#define DEVICES 16

struct devices {
	int fds[DEVICES]; /* all of one connection; what is pending can be read from any */
	unsigned parked[DEVICES];
	unsigned current; /* the one of the request that is being executed, or answered */
};

/*
 * Opens the connection of `fd`, which is mounted, more often: fds[0] becomes `fd`, the others are new, and the
 * caller's; O_NONBLOCK, O_CLOEXEC. On failure all are closed but `fd`.
 * Errors: those of open(2) for /dev/fuse.
 */
int devices_open(int fd, int fds[DEVICES]);

/* Makes the one current on which the fewest are parked, and reads from it. As read(2), but -errno. */
ssize_t devices_read(struct devices *d, void *buf, size_t size);

/* Reads from this one, and makes it current. */
ssize_t devices_read_from(struct devices *d, unsigned device, void *buf, size_t size);

/* Writes an answer, or a notification. -errno of write(2). */
int devices_give(const struct devices *d, unsigned device, const void *answer, size_t len);

/* Writes to the current one. As writev(2). */
ssize_t devices_write(struct devices *d, const struct iovec *iov, int count);
