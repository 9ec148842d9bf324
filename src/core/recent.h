/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names whose latest life is at hand. A birth, a death, and the readers that it wakes ask for the same name
 * within microseconds; a look at the store for each would take longer than the death itself. A fixed number of
 * slots: one name drives out another. Nothing is in it that the store would not say.
 */
#pragma once

#include <stddef.h>

#include "core/store.h"

#define RECENT_SLOTS 64u

struct recent {
	uint64_t age; /* of what may be trusted: raised by one, everything is forgotten at once */
	struct recent_slot {
		uint64_t age; /* at which it was filled in, plus one */
		struct grave grave;
		struct life life;
	} slots[RECENT_SLOTS];
};

/* A name and its latest life, from here or from the store. Valid until the next call. -ENOENT: never born;
 * and the store's. */
int recent_look(struct recent *recent, struct store *store, const char *name, size_t len,
		const struct grave **ret_grave, const struct life **ret_life);

/* What was just written to the store. */
void recent_remember(struct recent *recent, const struct grave *grave, const struct life *life);

/* What is here may not be so any more. */
void recent_forget(struct recent *recent);
