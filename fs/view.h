/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view is one family of virtual files, and one row of the table in view.c: `.died`, with a file a dead
 * name, or `.log`, a single file. What a row does not say, its family of functions does; functions that a
 * row leaves NULL are not supported there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/graveyard.h"
#include "core/wait.h"

struct buf;
struct fs;
struct handle;
struct node;
struct vigil;
struct view;

/* In the order of the rows in view.c; a node is (view, text). */
enum view_id {
	VIEW_ROOT,
	VIEW_BORN,
	VIEW_READY,
	VIEW_ALIVE,
	VIEW_DIED,
	VIEW_EXITCODE,
	VIEW_LEASE,
	VIEW_HISTORY,
	VIEW_WAIT,
	VIEW_WAIT_BORN,
	VIEW_WAIT_READY,
	VIEW_WAIT_DIED,
	VIEW_WAIT_EXITCODE,
	VIEW_WAIT_SUCCEEDED,
	VIEW_WAIT_LISTENING,
	VIEW_WAIT_DRAINED,
	VIEW_EVENTS,
	VIEW_LOG,
	VIEW_STATUS,
	VIEW_STATUS_JSON,
	VIEW_METRICS,
	VIEW_HELP,
	VIEW_BIN,
	VIEW_BIN_BURY,
	VIEW_COUNT,
};

/* What stat(2) says of a file. */
struct file {
	uint64_t size;   /* at least the text's length, and never 0 */
	int64_t changed; /* ns since the Epoch: all three time stamps */
	uid_t uid;
	gid_t gid;
	bool writable;
	/* Another number: another file, of which nothing is in the page cache. */
	uint32_t generation;
};

/* What view->read() returns when there is nothing to read yet, and when it is to be called again for more. */
#define VIEW_PARK 1
#define VIEW_MORE 2

struct view_ops {
	/* Is there a file of this text (a name, WHO, what follows `.events`), and what is it like?
	 * -ENOENT, -EINVAL, and the store's. */
	int (*look)(struct fs *fs, const struct view *view, const char *text, size_t len,
		    struct file *ret_file);

	/*
	 * Appends the file's bytes from `offset` on, at most `size`; nothing at its end. 0, or VIEW_PARK
	 * where the reader has to wait, or VIEW_MORE where all of that would take long: then there may be more after
	 * what was appended, and nothing may have been; handle->hint tells the next call where to go on. May change the handle's hint and extent (a poll moves neither), and
	 * what is a wait's.
	 * Errors are read(2)'s.
	 */
	int (*read)(struct fs *fs, const struct view *view, const struct node *node,
		    struct handle *handle, uint64_t offset, size_t size, struct buf *text);

	/* What a reader that is to wait waits for: fills in interest, and names, of which there is
	 * room for view->names() many. NULL: the view never parks. */
	int (*watch)(struct fs *fs, const struct view *view, const struct node *node,
		     const struct handle *handle, struct vigil *vigil);

	/* That reader does not wait any more, or not any more just now. NULL: nothing is to be done. */
	void (*unwatch)(struct fs *fs, const struct view *view, const struct vigil *vigil);

	/* How many names watch() fills in. */
	unsigned (*names)(const struct node *node);

	/* Directories of names: shall this one be listed? NULL: every one of the list. */
	bool (*lists)(struct fs *fs, const struct view *view, const struct grave *grave,
		      const struct life *life);

	/* Sets what is special about a handle at its open (a deadline, a snapshot). */
	int (*open)(struct fs *fs, const struct node *node, struct handle *handle);
};

struct view {
	const char *name; /* in its parent; "" for the root */
	enum view_id parent;
	const struct view_ops *ops;
	bool directory;       /* of files; or a single file */
	bool endless;         /* what is read to its end may go on */
	bool unlisted;        /* directories: what is in it is not listed */
	bool suffixed;        /* a single file, whose name may be followed by "@…" */
	bool sliced;          /* is read by and by, in slices (VIEW_MORE), and never parks */
	bool cached;          /* goes through the page cache: what can be mapped, and run */
	mode_t mode;          /* of the directory itself, or of the single file */
	enum store_list list; /* directories: which names are looked through for the listing */

	/* For the families of functions. */
	unsigned needs, lacks; /* facts a life has to have, or not, to be in this view */
	bool leased;           /* and a lease has to be held on it */
	bool writable; /* its files may be written to, and made, by whoever may write to the name */
	enum deed_kind deed; /* writable: what that tells */
	enum wait_kind wait;
	bool drained; /* waits for ports: that it is drained, rather than listened on */
};

const struct view *view_get(enum view_id id);

/* Is it a directory that holds views only, and no names? */
bool view_holds_views(const struct view *view);

/* The view called so in a directory (with what follows its name, if it is suffixed). -ENOENT. */
int view_find(enum view_id parent, const char *name, size_t len, enum view_id *ret_id,
	      const char **ret_suffix);

/* The families, in the files of their names. */
extern const struct view_ops view_stone_ops, view_history_ops, view_wait_ops, view_ports_ops,
	view_events_ops, view_log_ops, view_status_ops, view_status_json_ops, view_metrics_ops,
	view_help_ops, view_bin_ops;

/* The part of a text that a reader asked for. */
void view_slice(const struct buf *whole, uint64_t offset, size_t size, struct buf *text);
