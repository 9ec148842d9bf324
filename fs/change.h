/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that tell of births, readiness and deaths, hand names over, and remove them. Each ends in one deed that is staged, or in none.
 */
#pragma once

#include <stdint.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

struct fs;
struct node;

void change_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		  struct fuse_file_info *fi);
void change_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void change_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void change_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int set,
		    struct fuse_file_info *fi);
void change_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);

/*
 * Is something owed for this name? Then what is known of it is behind what has been told, and nothing can be judged by
 * it. 0; the error for which it is owed.
 */
int change_check_owed(struct fs *fs, const struct node *node);

/* Closings whose commit failed: tries them again, each in a transaction of its own. */
void change_retry_owed(struct fs *fs);
