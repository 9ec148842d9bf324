/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on where another process was killed: its answers are given, the kernel sends what is not answered again
 * (FUSE_NOTIFY_RESEND, Linux 6.9), and that is executed in the order in which it was asked first. Nobody who asked
 * notices.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fs;
struct shared;

/* Remembers the connection's first request, and changes in it what libfuse shall not see. */
void resume_keep_init(struct shared *shared, char *request, size_t len);

/*
 * Takes over from another process.
 * Errors: -ENOSYS the kernel cannot send again; -ENOMEM; those of the device and of the store.
 */
int resume_start(struct fs *fs);

/* Is there something that was sent again, and is not executed yet? */
bool resume_goes_on(const struct fs *fs);

/* Takes the next such request into `request`, which has room for any. Its length, and on which device it came; 0: no more. */
size_t resume_next(struct fs *fs, char *request, unsigned *ret_device);
void resume_free(struct fs *fs);

/* Have so many processes ended while they executed this request that it has to be its doing? */
bool resume_refuses(const struct shared *shared, uint64_t unique);
