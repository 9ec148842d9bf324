/* SPDX-License-Identifier: Apache-2.0 */
/* From a name in a directory to a node, and from a node to what it is like. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;
struct fs;
struct node;

/* What a name in a directory is: a view, and the text that it has in it. */
struct node_name {
	unsigned view;
	const char *text;
	size_t len;
};

/*
 * Takes a name in a directory apart. It need not exist, only be possible.
 * Errors: -ENOTDIR; -EINVAL no name of a tombstone; -ENOENT the file system's own names are others.
 */
int node_resolve(const struct node *parent, const char *name, struct node_name *ret_name);

bool node_is_directory(const struct node *node);

/* What there is under a name that was taken apart. -ENOENT, and view_ops.look()'s. */
int node_name_look(struct fs *fs, const struct node_name *name, struct file *ret_file);

/* What a node is like now. -ENOENT: it is not on view (any more, or yet). */
int node_look(struct fs *fs, const struct node *node, struct file *ret_file);
