/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `.lease/NAME`: whoever holds it open for writing keeps a life going, and the last close is the death.
 *
 * Where the kernel tells how the opener's process ended, that becomes the exit code, though nobody wrote one: the
 * process is known from the open on, by a pidfd. A code is only used if the process ended together with the lease:
 * each process that closes it asks for a FLUSH first, and waits for the answer; the last to do so before the lease
 * is released has to be the opener, and on its way out. (A descriptor in a message is closed without: but the kernel
 * closes the files of a process before it tells of its end, so one that is over while the lease is held has left it.)
 * As the code can be had only once the process was reaped, a death may be known before its code.
 *
 * A lease is a handle (HANDLE_LEASE), which outlives its close for as long as its code may still come
 * (HANDLE_REAPING). One of an earlier mount has no file, and ends with its process (HANDLE_REMAINS).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fs;
struct handle;
struct life;
struct node;
struct stone;
struct who;

/*
 * Opens a lease: stages a birth if there is no life, and the lease. Completes `handle`, whose node and opener are
 * set; the pidfd of its process is the next that holders_adopt() takes. Errors: those of graveyard_stage().
 */
int lease_open(struct fs *fs, const struct node *node, struct handle *handle);

/* What was written to it. Changes `handle`. -EINVAL: neither an exit code nor an epitaph; those of graveyard_stage(). */
int lease_told(struct fs *fs, const struct node *node, struct handle *handle,
	       const struct stone *stone);

/* A process closes one of its descriptors, as it ends or not. Changes `handle`. */
void lease_flushed(struct handle *handle, pid_t by);

/*
 * Stages what the end of a lease brings, or, of one that has ended, its code. 1: nothing more is to come of it, the
 * handle is to be let go; 0: `handle` is what remains until its code is known. Errors: those of graveyard_stage().
 */
int lease_close(struct fs *fs, uint64_t fh, struct handle *handle);
int lease_stage_code(struct fs *fs, uint64_t fh, const struct handle *handle);

/* Does at once what lease_close() stages, and what follows: no request has to be answered. */
void lease_finish(struct fs *fs, uint64_t fh);

/* What is done with the handle of a lease when that is committed. */
void lease_opened(struct fs *fs, uint64_t fh);
void lease_keep(struct fs *fs, uint64_t fh, const struct handle *handle);
void lease_let_go(struct fs *fs, uint64_t fh);

/* Is a lease held on this life of a name? */
bool lease_is_held(struct fs *fs, const char *name, size_t len, const struct life *life);

/* May a code still come for one of these names, soon enough to be waited for? */
bool lease_code_may_come(struct fs *fs, const struct who *who);

/* Looks at the processes that holders_collect() found; the device has been read empty since. */
void lease_judge(struct fs *fs);

/* Computes holders.patience, which is too early once such a handle was let go. */
void lease_look_for_patience(struct fs *fs);

/* It is `holders.patience`: who waits for a code waits no longer. */
void lease_lose_patience(struct fs *fs, int64_t now);

/* ---- fs/lease_again.c ---- */

/* Knows the holders of all leases again, which another process knew. */
void lease_take_over(struct fs *fs);

/* At the beginning of a mount: which leases of an earlier one go on? The store's errors. */
int lease_judge_old(struct fs *fs);
