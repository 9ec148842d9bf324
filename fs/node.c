/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/node.h"

#include <errno.h>
#include <string.h>

#include "fs/fs.h"
#include "fs/state.h"
#include "fs/view.h"

bool node_is_directory(const struct node *node)
{
	return view_get(node->view)->directory && node->len == 0;
}

int node_resolve(const struct node *parent, const char *name, struct node_name *ret_name)
{
	size_t len = strlen(name);
	enum view_id view;
	const char *suffix;

	if (!node_is_directory(parent))
		return -ENOTDIR;
	if (view_find(parent->view, name, len, &view, &suffix) == 0) {
		*ret_name = (struct node_name){view, suffix, strlen(suffix)};
		return 0;
	}
	if (view_holds_views(view_get(parent->view)) ||
	    (parent->view == VIEW_ROOT && name[0] == '.'))
		return -ENOENT;
	*ret_name = (struct node_name){parent->view, name, len};
	return 0;
}

/* A directory changes with every event. */
static int look_directory(struct fs *fs, struct file *ret_file)
{
	int64_t changed = graveyard_end(fs->graveyard)->recorded;

	*ret_file = (struct file){
		.size = 4096,
		.changed = changed ? changed : fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
	};
	return 0;
}

int node_name_look(struct fs *fs, const struct node_name *name, struct file *ret_file)
{
	const struct view *view = view_get(name->view);

	if (view->directory && name->len == 0)
		return look_directory(fs, ret_file);
	return view->ops->look(fs, view, name->text, name->len, ret_file);
}

int node_look(struct fs *fs, const struct node *node, struct file *ret_file)
{
	struct node_name name = {node->view, node->text, node->len};

	return node_name_look(fs, &name, ret_file);
}
