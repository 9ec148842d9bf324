/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of what lies underneath, for underneath.c and underneath_leave.c alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "errand.h"
#include "underneath.h"

struct underneath {
	struct graveyard *graveyard;
	int inotify, errands;
	int fds[PLACE_COUNT]; /* -1: not there */
	int watches[PLACE_COUNT];
	int (*commit)(void *arg);
	void *commit_arg;
	bool all; /* looked through, rather than told of one file by one file */
	bool behind;
	int64_t left; /* the last grave whose stone was left */
};
