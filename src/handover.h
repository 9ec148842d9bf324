/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the keeper hands to those it starts, and they to it: the first page of a file in memory that all of them
 * map. The session's mapping (fs/session.h) follows. Both end with the keeper.
 *
 * The worker and the herald are this same program, executed anew under another name, so that a newer one can take
 * over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fs/device.h"
#include "fs/metrics.h"

/* argv[0] of those that the keeper starts; they find the file under this number. */
#define WORKER_NAME "graveyardfs-worker"
#define HERALD_NAME "graveyardfs-herald"
#define HANDOVER_FD 3

#define HANDOVER_SIZE 4096

/* To be raised whenever what lies in the mapping means something else than before. */
#define HANDOVER_LAYOUT 6

struct handover {
	/* Set before the first start. A program whose own are others cannot take over. */
	uint64_t layout;
	uint64_t session_size;
	uint64_t seq; /* the last event of the journal when it was started */

	/* Descriptors, inherited. -1: none. */
	int32_t fuse_fds[DEVICES];
	int32_t directory, inotify; /* underneath the mount */
	int32_t errands;            /* the worker's end, see errand.h */
	int32_t news, announce;     /* the herald's and the worker's end, see news.h */

	uint32_t terms;      /* how often the keeper was told to end */
	int32_t term_signal; /* by this, the last time */
	int32_t herald;      /* its process, as requests name it */
	uint32_t hides;      /* the herald's: names that exist are to be denied to it now */
	uint32_t mounts;     /* how often was mounted: 1 from the beginning on */

	/* The worker's. */
	uint32_t ready;       /* how many have come up since the last mount */
	uint32_t gone;        /* the connection was ended by somebody else */
	int64_t linger_until; /* CLOCK_MONOTONIC; 0: not lingering */
	uint64_t announced;   /* the last event that the herald has been told of */

	struct metrics metrics; /* the worker's, but for what it does not live to see */
};

_Static_assert(sizeof(struct handover) <= HANDOVER_SIZE, "its page");

/* Maps the whole of it: `session_size` bytes of the session after the handover. NULL: errno. */
struct handover *handover_map(int fd, size_t session_size);

/* The session's mapping. */
void *handover_session(struct handover *h);
