/* SPDX-License-Identifier: Apache-2.0 */
/* --until: keeps vigil for its condition, in the worker. */
#pragma once

#include <stdint.h>

struct graveyard;
struct until;
struct vigils;

/*
 * `text` is a condition (core/condition.h) that was accepted, about the lives that were current at `opened`, and
 * later ones. All of them outlive it. -ENOMEM, -EAGAIN as vigil_keep().
 */
int until_new(struct graveyard *g, struct vigils *vigils, const char *text, uint64_t opened,
	      struct until **ret_until);
void until_free(struct until *u);

/*
 * Does it hold? 1, from then on always; 0 not yet. Costs nothing unless something has happened that it may be about.
 * The store's errors, after which it may be asked again.
 */
int until_look(struct until *u);
