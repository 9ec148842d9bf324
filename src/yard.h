/* SPDX-License-Identifier: Apache-2.0 */
/* The graveyard behind a mount, and what it stands on, as the options have it. */
#pragma once

#include <stdint.h>

struct graveyard;
struct options;
struct store;
struct vigils;

struct yard {
	struct store *store;
	struct vigils *vigils;
	struct graveyard *graveyard;
};

/*
 * Looks whether the database can be used, does with it what is done once at a start (--fresh; who was alive in an earlier boot is dead), and locks it against
 * another daemon for as long as the descriptor is open (--read-only: -1). Tells the last event by then, and how many names
 * are alive (--read-only: 0). -errno after saying why.
 */
int yard_prepare(const struct options *options, int *ret_lock, uint64_t *ret_seq,
		 uint64_t *ret_alive);

/* Opens it, in the process that uses it, under the lock. -errno after saying why. */
int yard_open(const struct options *options, struct yard *ret_yard);
void yard_close(struct yard *yard);
