/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process that serves leaves to the next, besides the session state (fs/state.h): in the mapping that
 * outlives both, and is all zeros for the first.
 */
#pragma once

#include <stdint.h>

#include "fs/kept.h"

#define SHARED_INIT_MAX 256
#define SHARED_SLOTS 128
#define SHARED_SUSPECTS 4

enum judged { JUDGED_NOT, JUDGED_ALL, JUDGED_SOME };

struct shared {
	int64_t started; /* the first process, CLOCK_REALTIME */

	/* The connection's first request. There is only one, and every process has to have seen it. */
	uint32_t init_len; /* 0: it has not come yet */
	_Alignas(8) char init[SHARED_INIT_MAX];
	uint32_t resends; /* the kernel can send again what is not answered (Linux 6.9) */

	uint32_t judged; /* the leases of earlier mounts: enum judged */
	uint32_t bury;   /* the one in .bin that the kernel was told of, see fs/view_bin.c */

	/* The request that is being executed, and those that were when a process ended, by their ids. */
	uint64_t executing;
	struct suspect {
		uint64_t unique;
		uint32_t suspicion;
	} suspects[SHARED_SUSPECTS];
	uint32_t killed; /* the keeper's: the last process ended by SIGKILL */

	struct kept kept[SHARED_SLOTS];
};

/* Bytes that it takes of the mapping. */
#define SHARED_SIZE ((sizeof(struct shared) + 4095) & ~(size_t)4095)
