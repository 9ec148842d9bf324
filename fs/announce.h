/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The herald's requests: it makes changes through the mount that have happened already, so that the kernel tells
 * whoever watches (src/herald.h). They are let through, and change nothing. For the herald alone a name that is on
 * view is in every directory, whether it is shown there or not, or, while it hides them, in none: so it can create
 * what is there, and remove what is not there any more.
 *
 * A name that was removed since is in no directory for it either: of that nobody shall hear afterwards.
 */
#pragma once

#include <stdbool.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

/* Each answers the request if it is the herald's, and tells whether it was. */
bool announce_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
bool announce_mknod(fuse_req_t req, fuse_ino_t parent, const char *name);
bool announce_setattr(fuse_req_t req, fuse_ino_t ino);
bool announce_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
