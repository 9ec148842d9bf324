/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that have to wait, and those who wait by poll(2). A parked read is a list node and its request, not a
 * thread. It is owned by its vigil; whoever ends it (an event, the deadline, an interrupt, the drain) takes it
 * off first and replies then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fs;
struct fuse_req;

/* Replies with what there is to read, or parks the request until there is something. */
void park_read(struct fs *fs, struct fuse_req *req, uint64_t fh, uint64_t offset, size_t size,
	       bool nonblock);

/*
 * Is there something to read? If not, and `kernel_handle` is not 0, the kernel is told when there is, once.
 * Returns what is ready, of POLLIN and the like.
 */
unsigned park_poll(struct fs *fs, uint64_t fh, uint64_t kernel_handle);

/* Tells whoever polls this file, if anybody does, that it is to look again. */
void park_tell_poller(struct fs *fs, uint64_t fh);

/* The handle is about to go: nobody polls it any more. */
void park_forget_poller(struct fs *fs, uint64_t fh);
void park_free_pollers(struct fs *fs);
