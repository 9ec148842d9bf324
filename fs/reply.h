/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error goes out here: -errno becomes errno here and nowhere else. When an answer reaches the kernel is the
 * batch's affair (fs/batch.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

struct file;
struct fs;
struct node;

/* What stat(2) shows of a node. `file` NULL: it is open, but not on view (being created, or removed). */
void reply_fill_stat(struct fs *fs, const struct node *node, const struct file *file,
		     struct stat *ret_stat);

/* `r`: 0 or -errno. */
void reply_err(fuse_req_t req, int r);
void reply_written(fuse_req_t req, size_t size);
/* What is on the node, with what is staged. */
void reply_attr(struct fs *fs, fuse_req_t req, uint64_t id);
void reply_entry(struct fs *fs, fuse_req_t req, uint64_t id, const struct file *file);
/* `cached`: it goes through the page cache, and stays there over opens. */
void reply_open(fuse_req_t req, uint64_t fh, bool cached, struct fuse_file_info *fi);
/* Of a file that is not on view yet. */
void reply_created(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t fh,
		   struct fuse_file_info *fi);
void reply_data(fuse_req_t req, const void *data, size_t size);
