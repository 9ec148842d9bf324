/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the file system needs to know: one struct, passed, never global. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "fs/device.h"
#include "fs/holders.h"
#include "fs/view.h"

struct batch;
struct event;
struct kept;
struct metrics;
struct ports;
struct resume;
struct shared;
struct fuse_session;
struct graveyard;
struct state;
struct vigils;
struct waiting;
struct parked;

struct fs {
	struct graveyard *graveyard;
	struct vigils *vigils;
	struct waiting *waiting; /* who is waited for */
	struct ports *ports;
	struct state *state;
	struct batch *batch;
	struct fuse_session *session;
	struct devices devices;
	struct shared *shared; /* what the next process finds */
	struct kept *making;   /* libfuse's answer to its request goes here; NULL: to the kernel */
	const int32_t *herald; /* see struct session_config */
	const uint32_t *hides;
	struct metrics *metrics;
	struct resume *resume; /* what is to be executed that another process left; NULL: nothing */
	int others_fd;         /* see session_let_past(); -1: there are none */
	void (*serve_others)(void *arg);
	void *others_arg;
	bool gathers;   /* a commit takes so long that it pays to wait for others to join it */
	bool read_only; /* nothing will ever happen: waits fail rather than block */
	uint64_t max_names;
	int64_t max_park; /* ns a request may take before the kernel loses patience; INT64_MAX: any */
	int64_t started; /* CLOCK_REALTIME: the time stamp of what never changes */
	uid_t uid;       /* the daemon's, owner of what belongs to nobody else */
	gid_t gid;
	uint32_t bury; /* which one is in .bin: see fs/view_bin.c; 0: nobody has asked yet */
	unsigned waits[VIEW_COUNT]; /* reads that are parked, and polls, by their views */
	int64_t commit_time;        /* of late, ns */
	struct parked **pollers;    /* by state_handle_index(): who waits by poll(2) */
	void (*on_event)(void *arg,
			 const struct event *event); /* told after the replies; for the log */
	int owed_error;                              /* why, -errno */
	unsigned owed;                  /* handles whose closing could not be committed yet */
	struct holders holders;         /* of leases */
	struct list chores, chore_ages; /* see fs/chore.h */
	bool crowded;                   /* there was no room for the last snapshot */
	struct buf text;                /* for the reply being made */
	struct {
		uint64_t node, opened;
		struct buf text;
	} memo; /* the text of the last wait that came: a thousand readers may get the same */
};

/* Commits what is staged, and counts that. As graveyard_commit(). */
int fs_commit(struct fs *fs);
