/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of a graveyard, for graveyard.c, graveyard_look.c and leases.c alone. */
#pragma once

#include "core/graveyard.h"
#include "core/lives.h"
#include "core/recent.h"

#define EVENTS_MAX (GRAVEYARD_BATCH * LIVES_EVENTS_MAX)

struct graveyard {
	struct store *store;
	struct vigils *vigils;
	struct graveyard_config config;
	struct journal_end committed, staged;
	uint64_t
		removed; /* the last number at which something was taken off view, or came back, or of the start */
	bool counted;
	bool begun; /* a transaction is open */
	int doomed; /* -errno: a write of the transaction failed, and so will its commit */
	unsigned deeds, count;
	uint64_t told; /* the last event that graveyard_tell() was through with */
	/* Has the store any leases? */
	struct {
		bool committed, staged;
	} leased;
	struct event events[EVENTS_MAX]; /* of this transaction, then of the last commit */
	struct recent recent;
};

/* Begins the transaction if there is none. The store's errors, and those of graveyard_doom(). */
int graveyard_begin(struct graveyard *g);

/* Where `r` is an error, a write of the store failed in the middle of a deed: no part of the transaction may
 * stay. Returns `r`. */
int graveyard_doom(struct graveyard *g, int r);

/*
 * Stages a deed, as graveyard_stage() does, whether or not the name is admitted, the writer may, and there
 * is room. `grave` and `lives` are what is known of the name, and what the deed made of it on return.
 */
int graveyard_apply(struct graveyard *g, struct grave *grave, struct lives *lives,
		    const struct deed *deed);

/*
 * Of graveyard_look.c: what was found may have been taken in long ago. 1: it is of a life before the latest, or of the
 * latest and that was removed; 0: it may be news, and when the latest was removed is in `lives`. The store's errors.
 */
int graveyard_look_back(struct graveyard *g, const struct stone *found, const struct grave *grave,
			struct lives *lives);

/* Of leases.c: finds out whether the store has any leases. Its errors. */
int graveyard_find_leases(struct graveyard *g);

/* Of leases.c, within a transaction: as drop_leases() of the store, where there are any. The store's errors. */
int graveyard_drop_leases(struct graveyard *g, int64_t grave, uint64_t life, pid_t pid);
