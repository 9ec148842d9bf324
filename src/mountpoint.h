/* SPDX-License-Identifier: Apache-2.0 */
/* Mounting, unmounting, and what is mounted at a place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum mountpoint_state {
	MOUNTPOINT_FREE,   /* no graveyard on top */
	MOUNTPOINT_SERVED, /* a graveyard, as far as the mount table tells */
	MOUNTPOINT_STALE,  /* a FUSE mount whose server is gone */
};

/*
 * The real path, in PATH_MAX bytes, of what may be the root of a mount whose server hangs. realpath(3) only reads links,
 * and such a root is none, so nothing is asked of it; save where a slash follows, which is left out. -errno of realpath(3).
 */
int mountpoint_find(const char *path, char *ret_real_path);

/* -errno: the place cannot be looked at. A place that does not exist is free. */
int mountpoint_look(const char *path, enum mountpoint_state *ret_state);

/* Makes the directory, with this mode, and those above it, where absent. -errno of mkdir(2). */
int mountpoint_make(const char *path, mode_t mode);

/*
 * Takes down what servers that are gone, or that hang, left there, however many; and aborts the connection of one that
 * hangs. Errors: -EBUSY a graveyard is served there, and answers; those of fork(2), pidfd_open(2), umount2(2) and mountpoint_look().
 */
int mountpoint_clear(const char *path);

/*
 * Mounts a graveyard and returns the descriptor of its connection (O_NONBLOCK, O_CLOEXEC), on which requests
 * arrive. Whoever closes the last copy of it ends the mount.
 * Errors: those of open(2) for /dev/fuse, and of mount(2).
 */
int mountpoint_mount(const char *path, bool read_only, int *ret_fd);

/* Takes a mount down, lazily if it is busy. The path is a real one, as for the next. -errno of umount2(2). */
int mountpoint_unmount(const char *path);

/* The same in front of a server that hangs: aborts the connection, too, so that its requests fail now. */
int mountpoint_abort(const char *path);

/*
 * Takes down every graveyard on top, served or not, and every other FUSE mount whose server is gone; lazily. How many those
 * were. Of a graveyard nothing is asked: it may hang. Errors: those of umount2(2), and of reading the mount table.
 */
int mountpoint_take_down(const char *path);

/* Does whoever serves the place answer? 1, 0; -errno it cannot be found out. Waits for at most five seconds. */
int mountpoint_answers(const char *path);

/*
 * How long the kernel waits for an answer before it aborts the whole connection: the lesser of
 * fs.fuse.default_request_timeout and max_request_timeout (Linux 6.15), never under its 15 s; INT64_MAX: for
 * ever. Nanoseconds.
 */
int64_t mountpoint_request_timeout(void);
