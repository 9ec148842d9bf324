/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the worker, which has no capability, has the keeper do, over a pair of SOCK_SEQPACKET sockets that the keeper
 * makes. The worker reads what strangers write, so the keeper believes nothing of what it says: it does four things
 * only, with files underneath the mount only, and each of them is harmless whoever asks for it.
 *
 * The worker waits for the answer; it dies with the keeper, so it does not wait for ever. The keeper waits for
 * nobody: what cannot be sent at once is dropped, no file is opened that might make it wait, and none that lies
 * across a mount, which might be ours.
 */
#pragma once

#include <sys/types.h>

/* The directory underneath the mount, and those in it that tell as their likes in the mount do. */
enum place { PLACE_ROOT, PLACE_BORN, PLACE_READY, PLACE_DIED, PLACE_COUNT };

extern const char *const place_names[PLACE_COUNT];

/* What a stone that is left there is called until it is whole: the intake passes over it. */
#define UNFINISHED_STONE ".graveyardfs-leaving"

/* ---- the worker's side ---- */

/* Unmount now; tell that we are serving. Have no answer. -errno of send(2). */
int errand_unmount(int fd);
int errand_ready(int fd);

/*
 * Give UNFINISHED_STONE to its owner: as long as it is the daemon's, regular, and has no other name.
 * Errors: -EPERM it is not so, or the keeper may not; those of openat2(2) and send(2).
 */
int errand_chown(int fd, uid_t uid, gid_t gid);

/*
 * Open, for reading, a file that others than the daemon's user may not.
 * Errors: -EINVAL it cannot be a stone, by its name or by what it is; those of openat2(2) and send(2).
 */
int errand_open(int fd, enum place place, const char *name, int *ret_fd);

/* ---- the keeper's side ---- */

/* What is left to the caller. */
enum errand_left { ERRAND_LEFT_NOTHING, ERRAND_LEFT_UNMOUNT, ERRAND_LEFT_READY };

/* Receives an errand, if there is one, and does it. */
enum errand_left errand_do(int fd, int directory);

/* What one worker asked for, and was answered, is nothing to the next. */
void errand_forget(int keepers, int workers);
