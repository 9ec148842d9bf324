/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that the mount covers. Stones that were written there before the mount, or are written by
 * a container that does not see it, are taken in, at the start and as they come; and when the mount goes, the
 * stones are left there as plain files, so that a loop on `test -f` still ends.
 *
 * It is reached through descriptors that were opened before the mount.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct graveyard;
struct underneath;

/* What has to be opened before the mount covers it: the directory, and an inotify(7) descriptor that watches it.
 * -errno of open(2) and inotify(7). */
int underneath_reach(const char *path, int *ret_directory, int *ret_inotify);

/*
 * Takes both over. Another process may have done so before. What this one may not do, it has done through `errands`
 * (errand.h), which stays the caller's. Errors: -ENOMEM; those of open(2) and inotify(7).
 */
int underneath_open(int directory, int inotify, int errands, struct graveyard *graveyard,
		    struct underneath **ret_u);
void underneath_close(struct underneath *u);

/* Readable when something came. */
int underneath_fd(const struct underneath *u);

/*
 * Stages what came (`all`: everything that is there), and has it committed by `commit`. What is no stone is
 * logged and left out; the same stone twice is nothing.
 * Errors: those of the store: take in all again later, nothing is lost.
 */
int underneath_take_in(struct underneath *u, bool all, int (*commit)(void *arg), void *arg);

/*
 * The same with what came, until that is all, or `until` (CLOCK_MONOTONIC) has come. In the latter case it is behind
 * until it has found nothing more to take in: what is told meanwhile by requests may have been told later, so that
 * files without times of their own are judged by their mtimes alone.
 */
int underneath_catch_up(struct underneath *u, int64_t until, int (*commit)(void *arg), void *arg);
bool underneath_is_behind(struct underneath *u);

/*
 * Writes stones on view as plain files, until all are there, or `until` (CLOCK_MONOTONIC) has come; the next call
 * goes on from there. A file that was changed at `since` (clock_file()) or later stays as it is. Logs what fails. True:
 * all are there.
 */
bool underneath_leave(struct underneath *u, int64_t until, int64_t since);
