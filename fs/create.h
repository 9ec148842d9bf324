/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening for writing. A creation is answered from session state alone, for the kernel holds the
 * directory's lock meanwhile. It counts from the first write, from utimensat(2), or else from the last close
 * (fs/change.c).
 */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

struct fs;
struct handle;
struct node;

void create_file(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 struct fuse_file_info *fi);

/* What is special about a handle that an existing file is opened for writing with. -EACCES, and the store's. */
int create_open(struct fs *fs, const struct node *node, struct handle *handle);
