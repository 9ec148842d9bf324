/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vigils: who is to be told when something happens. A vigil is kept over names (or over everything) and is
 * woken by each event that may concern it; whoever keeps it then looks at the journal, which alone decides
 * (core/wait.h), and keeps it again if it was not the one. So there is one truth, and a vigil costs a
 * few words.
 *
 * A vigil ends by exactly one call of its wake function, or by vigil_cancel(). It is not kept any more when
 * the function is called, which may free it, or keep it again. Nothing is allocated here but the heap
 * of deadlines; vigils are embedded in whatever waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct event;
struct vigil;
struct vigils;

/* Interests in what is no event of the journal, of several kinds: see vigils_wake(). */
#define VIGIL_OTHER(kind) (1u << (24 + (kind)))

enum vigil_outcome {
	VIGIL_EVENT,   /* something happened: look */
	VIGIL_TIMEOUT, /* the deadline passed */
	VIGIL_DRAINED, /* everybody is sent away: shutdown */
};

/* A name that is watched. Fields private but the first three, which the caller fills in. */
struct vigil_name {
	const char *name; /* not terminated; outlives the vigil */
	size_t len;
	uint64_t life; /* events of earlier lives do not wake */
	struct vigil *vigil;
	struct list link;
};

struct vigil {
	/* Filled in by the caller. */
	void (*wake)(struct vigil *vigil, enum vigil_outcome outcome);
	unsigned interest; /* OR of (1u << enum event_what), or of VIGIL_OTHER; not looked at where
			      `count` is 0 */
	int64_t deadline;  /* CLOCK_MONOTONIC in nanoseconds; INT64_MAX: none */
	struct vigil_name *names;
	unsigned count; /* of names; 0: whatever happens, to anybody */

	/* Private. */
	struct list link;  /* among those that watch everything, or those about to be woken */
	size_t heap_index; /* SIZE_MAX: has no deadline */
	bool kept;
};

/* At most `max` vigils at once. -ENOMEM. */
int vigils_new(unsigned max, struct vigils **ret_vigils);

/* No vigil may be kept any more. */
void vigils_free(struct vigils *vigils);

unsigned vigils_count(const struct vigils *vigils);

/* Keeps a vigil. -EAGAIN: too many; -ENOMEM. */
int vigil_keep(struct vigils *vigils, struct vigil *vigil);

/* Ends a vigil without a call. Harmless if it is not kept. */
void vigil_cancel(struct vigils *vigils, struct vigil *vigil);

/* Wakes those whom a committed event may concern. */
void vigils_event(struct vigils *vigils, const struct event *event);

/* Wakes those who watch that name with that interest, whatever the life. */
void vigils_wake(struct vigils *vigils, const char *name, size_t len, unsigned interest);

/* When the next deadline is; INT64_MAX: there is none. */
int64_t vigils_deadline(const struct vigils *vigils);

/* Wakes those whose deadline is not after `now` with VIGIL_TIMEOUT. */
void vigils_expire(struct vigils *vigils, int64_t now);

/* Wakes all with VIGIL_DRAINED. */
void vigils_drain(struct vigils *vigils);
