/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what the kernel may ask. A handler decodes, makes one call, and replies. */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

extern const struct fuse_lowlevel_ops fs_ops;
