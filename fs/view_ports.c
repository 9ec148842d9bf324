/* SPDX-License-Identifier: Apache-2.0 */
/* .wait/listening/PORT, .wait/drained/PORT: what comes is no event of the journal, but seen of the kernel's sockets. */
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/drain.h"
#include "core/port.h"
#include "core/vigil.h"
#include "fs/fs.h"
#include "fs/ports.h"
#include "fs/state.h"
#include "fs/view.h"

#define QUIET (10 * NSEC_PER_SEC)

/* As of the other waits: tools that start from a file's end read all of it, see view_wait.c. */
#define SIZE_SHOWN 4096

static enum ports_kind kind_of(const struct view *view)
{
	return view->drained ? PORTS_DRAINED : PORTS_LISTENING;
}

static int ports_file_look(struct fs *fs, const struct view *view, const char *text, size_t len,
			   struct file *ret_file)
{
	struct port_wait wait;
	int r = port_parse(text, len, view->drained, &wait);

	if (r < 0)
		return r;
	*ret_file = (struct file){
		.size = SIZE_SHOWN, .changed = fs->started, .uid = fs->uid, .gid = fs->gid};
	return 0;
}

static int ports_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	struct port_wait wait;
	int r = port_parse(node->text, node->len, view_get(node->view)->drained, &wait);

	(void)fs;
	if (r == 0 && wait.timeout >= 0 &&
	    __builtin_add_overflow(clock_monotonic(), wait.timeout, &handle->deadline))
		handle->deadline = INT64_MAX;
	return r;
}

/* What was seen of a port to be drained is kept in the handle: another process goes on with it. */
static int has_come(struct fs *fs, const struct view *view, const struct port_wait *wait,
		    struct handle *handle)
{
	struct drain_wait drain = {
		.quiet = wait->quiet < 0 ? QUIET : wait->quiet,
		.busy = handle->busy,
		.accounts = handle->accounts,
	};
	int r;

	if (!view->drained)
		return ports_listening(fs->ports, wait->port);
	r = ports_drained(fs->ports, wait->port, &drain);
	handle->busy = drain.busy;
	handle->accounts = drain.accounts;
	return r;
}

/* Once it has come it stays so for this open file, whatever becomes of the port. */
static int ports_read(struct fs *fs, const struct view *view, const struct node *node,
		      struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	struct buf whole = BUF_INIT;
	struct port_wait wait;
	int r = port_parse(node->text, node->len, view->drained, &wait);

	if (r == 0 && !(handle->flags & HANDLE_CAME)) {
		r = has_come(fs, view, &wait, handle);
		if (r == 0)
			return fs->read_only ? -ECANCELED : VIEW_PARK;
		if (r > 0)
			handle->flags |= HANDLE_CAME;
	}
	if (r < 0)
		return r;
	buf_addf(&whole, "%u\n", wait.port);
	r = buf_error(&whole);
	if (r == 0)
		view_slice(&whole, offset, size, text);
	buf_release(&whole);
	return r;
}

static unsigned ports_names(const struct node *node)
{
	(void)node;
	return 1;
}

static int ports_view_watch(struct fs *fs, const struct view *view, const struct node *node,
			    const struct handle *handle, struct vigil *vigil)
{
	struct port_wait wait;
	int r = port_parse(node->text, node->len, view->drained, &wait);

	(void)handle;
	return r < 0 ? r
		     : ports_watch(fs->ports, kind_of(view), wait.port, node->text, wait.digits,
				   vigil);
}

static void ports_view_unwatch(struct fs *fs, const struct view *view, const struct vigil *vigil)
{
	ports_unwatch(fs->ports, kind_of(view), vigil);
}

const struct view_ops view_ports_ops = {
	.look = ports_file_look,
	.read = ports_read,
	.watch = ports_view_watch,
	.unwatch = ports_view_unwatch,
	.names = ports_names,
	.open = ports_open,
};
