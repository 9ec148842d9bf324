/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own stone: born, ready, died. On a graveyardfs bury holds a lease meanwhile, in a plain directory a lock
 * (plain.h), so that others learn of its end however that comes.
 */
#pragma once

#include <stdint.h>

#include "bury/place.h"
#include "bury/plain.h"
#include "core/stone.h"

struct carver {
	const char *directory;
	const char *name;   /* NULL: nothing is carved, and all of this succeeds */
	struct stone stone; /* what we know, whether it could be written or not */
	int lease,
		grave; /* on a graveyardfs: what we hold, and what a death is written to; -1: none */
	struct plain plain;
};

void carver_init(struct carver *carver, const char *directory, const char *name);

/*
 * Each of them writes into what is there now, which may be something else than before: then all that is known.
 * Errors: those of the file system, as -EACCES: the name is another user's; -ENOTCONN, -ECONNABORTED: nobody
 * serves the graveyard now.
 */
int carver_born(struct carver *carver, const struct place *place, int64_t now);

/* Opens what it can for a death, which has to be quick. What fails now is done then. */
void carver_prepare(struct carver *carver);

int carver_ready(struct carver *carver, int64_t now);

/* Died, with a code, and an epitaph unless that is "". One who was not born is born and dies. */
int carver_died(struct carver *carver, int64_t now, int code, const char *epitaph);

/* The graveyard is another one than before: takes up there what we are, if alive. Errors: as above. */
int carver_again(struct carver *carver, const struct place *place);

/* Lets go: whoever is still alive then is dead. */
void carver_release(struct carver *carver);
