/* SPDX-License-Identifier: Apache-2.0 */
/* One served mount: what main and the worker see of the file system. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct event;
struct fs;
struct graveyard;
struct vigils;

/*
 * Bytes of a write that the kernel sends at once. More than a write may carry (STONE_WRITE_MAX), so that
 * one that is too long arrives in one piece and can be refused.
 */
#define SESSION_WRITE_MAX 8192

struct session_config {
	struct graveyard *graveyard; /* these two outlive the session */
	struct vigils *vigils;
	const int *fuse_fds; /* of a mounted connection, from devices_open(); stay the caller's */
	bool gathers;        /* see struct fs */
	bool read_only;
	unsigned max_waits;
	uint64_t max_names;
	int64_t max_park;                                       /* ns; INT64_MAX: any */
	void (*on_event)(void *arg, const struct event *event); /* arg: the struct fs */
};

/* -ENOMEM, -EINVAL (libfuse would not have it; it has logged why). */
int session_new(const struct session_config *config, struct fs **ret_fs);
void session_free(struct fs *fs);

/* Serves what is waiting, up to a batch full. How many requests that were; -ENODEV: unmounted; another -errno of the device. */
int session_serve(struct fs *fs);

/* Is there work that is done in slices? Then this does one. */
bool session_goes_on(const struct fs *fs);
void session_continue(struct fs *fs);

/* Is a file open? Who was just woken still has to read to the end. */
bool session_in_use(const struct fs *fs);

/* Has a file been created that counts at its close (or at a write)? */
bool session_expects_close(const struct fs *fs);

/* Sends away, with ECANCELED, everybody who still waits. */
void session_drain(struct fs *fs);

/* Are there closings whose commit failed? If so, tries them again. */
bool session_owes(const struct fs *fs);
void session_retry(struct fs *fs);

/* Commits what somebody else staged (intake), and tells on_event. `arg`: the struct fs, as
 * underneath_take_in() hands it on. */
int session_commit(void *arg);
