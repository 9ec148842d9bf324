/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of open files: by one call of their view, or slice by slice. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct fs;
struct fuse_req;
struct handle;

/*
 * What view->read() says of an open file, after which its handle, of which `handle` is a copy, is as that left it.
 * `moves`: its place in the text, too. The text is in fs->text. Errors are read(2)'s.
 */
int reading_look(struct fs *fs, uint64_t fh, struct handle *handle, uint64_t offset, size_t size,
		 bool moves);

/* Answers with all that was asked for, or what there is, in slices. For files that never have a reader wait. */
void reading_begin(struct fs *fs, struct fuse_req *req, uint64_t fh, uint64_t offset, size_t size);
