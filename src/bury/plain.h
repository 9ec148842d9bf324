/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stones in a plain directory: files that others see while they are written.
 *
 * kubexit empties a stone before it writes it, so one that says nothing is no news. We never do: a stone is born
 * with its text in it (a rename), and grows by one write each time, which kubexit's watch takes for what it is.
 *
 * Who keeps a stone holds a lock on it, and says so in it (`Lease: lock`, which kubexit does not look at). When
 * that process is gone, by whatever signal, the kernel drops the lock and then tells inotify that the file was
 * closed: so the others learn of its death. The lock is one of fcntl(2), which is dropped first; that of flock(2)
 * is dropped after the news. It is also dropped when its process closes any descriptor of that file: nothing else
 * here may open our own stone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stone;

/* A stone of ours in a plain directory. All private; fd -1: there is none. */
struct plain {
	int fd;
	size_t len;  /* of its text */
	size_t held; /* where it says that it is held; 0: nowhere */
};

/*
 * What a stone says now. One whose keeper is gone has died, without a code.
 * Errors: -ENOENT there is none; -EAGAIN it is no stone now: it may be one after the next write; -EFBIG it is longer
 * than any; -EINVAL it is no regular file; those of open(2) and read(2).
 */
int plain_read(const char *directory, const char *name, struct stone *ret_stone);

/* Puts a stone there, alive, in the place of any other, and holds it. Errors: those of the file system. */
int plain_begin(struct plain *plain, const char *directory, const char *name,
		const struct stone *stone);

/*
 * Adds to our stone what `more` says. If it is no longer ours, as somebody removed or replaced it, `whole` is put
 * there instead. Errors: those of the file system; then nothing has changed.
 */
int plain_add(struct plain *plain, const char *directory, const char *name,
	      const struct stone *more, const struct stone *whole);

/*
 * Lets go of it though we live, elsewhere: it does not say any more that somebody holds it, lest who sees it when what
 * is mounted over it has gone takes us for dead.
 */
void plain_leave(struct plain *plain);

/* Lets go of it. */
void plain_release(struct plain *plain);
