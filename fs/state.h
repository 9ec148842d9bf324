/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session state: what is neither in the database nor may be lost while the mount lives. Which names the
 * kernel knows (nodes), what is open (handles), lines that are not complete yet (tails), and what an open file shows
 * that is in no journal (snapshots).
 *
 * All of it lies in one shared mapping of fixed tables (fs/table.h), from which another process goes on when this
 * one was killed, at whatever moment: each change is one store that is there or not, and to change a handle, which
 * takes several, is begun with a note of what it is to become. What can be computed from the slots (free lists, the
 * hash of nodes, counts) is in the memory of the process alone, and is made anew from them.
 *
 * The tables are sparse: a page of them costs memory once it was used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/stone.h"
#include "core/who.h"

struct state;

/* ---- nodes: what the kernel calls an inode ---- */

/*
 * A file or directory that the kernel has looked up: a view, and the name in it ("" for the view itself).
 * The same pair has the same id for as long as it is known. Views are known for ever, names while handles
 * are open on them, and of the others those that were looked up last.
 *
 * The kernel's references (LOOKUP against FORGET) are not counted: it keeps what it looked up until it is
 * short of memory, a million names if there are so many. Entry timeouts being 0 it looks a name up again
 * before it uses it, so an id that is not known any more only comes from whoever looked it up very long ago;
 * ESTALE makes the kernel look again.
 */
struct node {
	uint16_t view; /* enum view_id */
	uint16_t len;
	const char *text; /* `len` bytes and a NUL; stays where it is while the node is kept */
	uint32_t handles; /* open on it */
	uint32_t pending; /* of these: creations that have not been counted */
	uid_t uid; /* who created it last: a file that is open but not on view needs an owner */
	gid_t gid;
};

/* ---- handles: what FUSE calls fh ---- */

enum handle_flags {
	HANDLE_WRITABLE = 1u << 0,
	HANDLE_PENDING = 1u << 1, /* a creation, or birth, that counts at a write or at the close */
	HANDLE_CREATED = 1u << 2, /* by CREATE: the file was absent at the open */
	HANDLE_COUNTED = 1u << 3, /* a write was taken */
	HANDLE_OWED = 1u << 4,    /* closed, but its commit failed and is tried again */

	/* fs/lease.h */
	HANDLE_LEASE = 1u << 5,
	HANDLE_CODE = 1u << 6,   /* an exit code was written to it */
	HANDLE_ENDING = 1u << 7, /* the last process that closed it was its opener, as it ended */
	HANDLE_GONE = 1u << 8,   /* its opener has ended before it: what code that had is nothing */
	HANDLE_REAPING = 1u << 9,   /* ended, and its code may still come */
	HANDLE_EXPECTED = 1u << 10, /* so soon, until `deadline`, that it is waited for */
	HANDLE_REMAINS = 1u << 11,  /* of an earlier mount: ends with its process */

	HANDLE_CAME = 1u << 12, /* fs/view_ports.c: what is waited for */
};

struct handle {
	uint64_t node;
	uint64_t opened; /* the journal's last number at the open: what the text is as of */
	union {
		int64_t closed; /* HANDLE_OWED: when, CLOCK_REALTIME */
		int64_t busy;   /* `.wait/drained`: see struct drain_wait */
	};
	int64_t deadline; /* of a wait, or HANDLE_EXPECTED; CLOCK_MONOTONIC; INT64_MAX: none */
	union {
		uint64_t
			hint; /* `.log`, `.events`: see journal_read(); `.status`, `.status.json`: see roll_next() */
		uint64_t life; /* HANDLE_LEASE: which it keeps going */
	};
	union {
		uint64_t
			extent; /* `.events`: the furthest byte read; `.status`: the row after `hint`; `.status.json`: where that begins */
		uint64_t
			start; /* HANDLE_LEASE: when its process started, struct process in base/process.h */
	};
	uint64_t poll; /* the kernel's poll handle, to be told once; 0: none */
	union {
		uint64_t process; /* HANDLE_LEASE: its id, likewise */
		int64_t accounts; /* `.wait/drained`: see struct drain_wait */
	};
	uid_t uid; /* the opener's */
	gid_t gid;
	pid_t pid;
	uint32_t flags;
	uint32_t tail;     /* slot of the held line; 0: none. Set by state_handle_set(). */
	int32_t code;      /* HANDLE_CODE */
	uint32_t snapshot; /* taken at the open; 0: none */
};

struct state_limits {
	unsigned names; /* that are known though nothing is open on them */
	unsigned handles, tails;
	unsigned blocks; /* of 4 KiB, for snapshots */
};

/* How large a mapping has to be. -ENOMEM. */
int state_size(const struct state_limits *limits, size_t *ret_size);

/*
 * The state in a mapping, the caller's, which is all zeros or was left there by another process with the same
 * limits; with a node for the root (id 1, view 0, ""). -ENOMEM.
 */
int state_new(const struct state_limits *limits, void *mapping, struct state **ret_state);
void state_free(struct state *s);

/* Computes again what can be computed: what nothing refers to is let go. -ENOMEM. */
int state_recount(struct state *s);

/*
 * The id of a node, which is made if it is not known.
 * Errors: -ENFILE no more slots; -ENAMETOOLONG.
 */
int state_node_intern(struct state *s, unsigned view, const char *text, size_t len,
		      uint64_t *ret_id);
/* The id of a node that is known; 0: it is not. */
uint64_t state_node_find(struct state *s, unsigned view, const char *text, size_t len);
/* NULL: not known. Valid until the next state_node_intern(), or longer while a handle is open on it. */
const struct node *state_node(const struct state *s, uint64_t id);
/* It is used: if nothing is open on it, it is the last to be dropped now. */
void state_node_use(struct state *s, uint64_t id);
/* Who created it last. */
void state_node_own(struct state *s, uint64_t id, uid_t uid, gid_t gid);

/* What the next handle is going to be called. -ENFILE. */
int state_handle_reserve(struct state *s, uint64_t *ret_fh);
void state_handle_unreserve(struct state *s, uint64_t fh);

/* Opens a handle that was reserved, and keeps its node as long. Does nothing if it is open already. */
void state_handle_open(struct state *s, uint64_t fh, const struct handle *handle);
/* NULL: no such handle. Valid until the handle is set or closed. */
const struct handle *state_handle(const struct state *s, uint64_t fh);
/* Replaces a handle. The tail that it had is let go if the new one has another. */
void state_handle_set(struct state *s, uint64_t fh, const struct handle *handle);
void state_handle_close(struct state *s, uint64_t fh);
/* The next open handle after `fh` (0: the first); 0: no more. */
uint64_t state_handle_next(const struct state *s, uint64_t fh);
/* How many handles are open, and how many can be. */
unsigned state_open(const struct state *s);
unsigned state_handles(const struct state *s);

/* How many handles wait to be counted (HANDLE_PENDING). */
unsigned state_pending(const struct state *s);

/* How many hold a lease: HANDLE_LEASE, and neither HANDLE_REAPING nor HANDLE_OWED. */
unsigned state_leases(const struct state *s);

/* The handle's place in the table: from 1 to limits.handles. */
unsigned state_handle_index(uint64_t fh);

/* A line that is not complete, at most STONE_WRITE_MAX bytes. -ENFILE. It is let go with its handle, or
 * by state_tail_free(). */
int state_tail_new(struct state *s, const char *text, size_t len, uint32_t *ret_tail);
void state_tail_free(struct state *s, uint32_t tail);
const char *state_tail(const struct state *s, uint32_t tail, size_t *ret_len);

/* ---- snapshots: what an open file shows that no number of the journal tells ---- */

/*
 * Keeps `len` bytes, which then are in handle.snapshot, and let go with the handle; or by state_snapshot_free(), where
 * it is not opened after all. (Handles that are set keep the one that they have, or let it go.)
 * Errors: -ENFILE: no room, or more than half of all that there can be.
 */
int state_snapshot_new(struct state *s, const void *data, size_t len, uint32_t *ret_snapshot);
/* Is there room for one of so many bytes? */
bool state_snapshot_fits(const struct state *s, size_t len);
void state_snapshot_free(struct state *s, uint32_t snapshot);
size_t state_snapshot_len(const struct state *s, uint32_t snapshot);
/* Copies what there is from `offset` on, at most `size` bytes. How many that were. Costs nothing but the copying. */
size_t state_snapshot_get(const struct state *s, uint32_t snapshot, uint64_t offset, void *to,
			  size_t size);
