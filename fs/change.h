/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that tell of births, readiness and deaths. Each ends in one deed that is staged, or in none.
 *
 * A creation is answered from session state alone, for the kernel holds the directory's lock meanwhile. It
 * counts from the first write, from utimensat(2), or else from the last close.
 */
#pragma once

#include <stdint.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

struct fs;
struct handle;
struct node;

void change_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		   struct fuse_file_info *fi);
void change_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		  struct fuse_file_info *fi);
void change_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void change_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void change_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int set,
		    struct fuse_file_info *fi);
void change_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);

/* Flags of a handle that an existing file is opened for writing with. -EACCES, and the store's. */
int change_open(struct fs *fs, const struct node *node, struct handle *handle);

/* Closings whose commit failed: tries them again, each in a transaction of its own. */
void change_retry_owed(struct fs *fs);
