/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directory listings that stream: the offset after a name is its number in the store, which never changes,
 * so a listing of a million names keeps nothing in memory, and births and removals meanwhile neither repeat
 * nor hide another name.
 */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

struct fs;

/*
 * Replies with directory entries from `offset` on, at most `size` bytes. Where many names have to be passed
 * over before one that is listed (one alive among a million), that is done in slices.
 */
void listing_serve(struct fs *fs, fuse_req_t req, uint64_t id, uint64_t offset, size_t size);
