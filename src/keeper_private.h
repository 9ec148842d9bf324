/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of the keeper, for keeper.c, keeper_prepare.c and keeper_judge.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "child.h"
#include "held_mount.h"
#include "notify.h"
#include "program.h"

struct handover;
struct options;
struct shared;

/* Who ends sooner than this after its start has failed. */
#define SHORT_LIFE NSEC_PER_SEC

struct keeper {
	const struct options *options;
	struct held_mount mount;
	struct child worker, herald;
	struct program program;
	struct notify notify;
	int signal_fd;
	int lock_fd;            /* of the database, see yard.h; held to the end */
	int errands[2];         /* ours, the worker's */
	int directory, inotify; /* underneath the mount; -1: read-only */
	int announce, news;     /* see news.h: the worker's end, the herald's */
	struct handover *handover;
	struct shared *shared;
	size_t session_size;
	unsigned ready;       /* handover->ready when the worker was started */
	unsigned broken;      /* workers that did not come up, or crashed, one after the other */
	int64_t broken_since; /* CLOCK_MONOTONIC */
	int64_t give_up_at; /* CLOCK_MONOTONIC: a worker that is still there hangs; INT64_MAX: not to end yet */
	bool done;
	int status;
};

/*
 * Makes and opens what the keeper has from the start to the end, and clears the mountpoint. The database is looked at
 * before anything is mounted, so that what is wrong with it is said now. -errno after saying why.
 */
int keeper_prepare(struct keeper *k);

/* ---- what a worker's end means ---- */

/* Counts it, and says when the next worker may start. */
void keeper_judge(struct keeper *k, int status);

/* Is there no use in another try? */
bool keeper_is_hopeless(const struct keeper *k, int status);

/* Can another worker take this connection over? */
bool keeper_can_go_on(const struct keeper *k);
