/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is waited for, by how many and for what: counted as readers and pollers of `.wait/…` come and go, so that
 * whoever opens .status need not count ten thousand of them.
 *
 * What it was at an open is kept as a snapshot (fs/snapshot.h), in which any name is found, and which is gone through in
 * an order of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/name.h"
#include "core/wait.h"

struct buf;
struct state;
struct waiting;

/* -ENOMEM. */
int waiting_new(struct waiting **ret_waiting);
void waiting_free(struct waiting *w);

/* One more waits for that of the name, one less. -ENOMEM. */
int waiting_add(struct waiting *w, enum wait_kind kind, const char *name, size_t len);
void waiting_remove(struct waiting *w, enum wait_kind kind, const char *name, size_t len);

/* A name came to be on view, or is no more; of who is not waited for this is forgotten. A new one is not. */
void waiting_on_view(struct waiting *w, const char *name, size_t len, bool on_view);

/* How many names are waited for, and how many of them are not on view. */
unsigned waiting_names(const struct waiting *w);
unsigned waiting_off_view(const struct waiting *w);

/* Appends a snapshot, taken `now` (CLOCK_REALTIME), of so many bytes. -ENOMEM. */
size_t waiting_size(const struct waiting *w);
int waiting_take(const struct waiting *w, int64_t now, struct buf *snapshot);

/* ---- of a handle's snapshot ---- */

struct waited {
	uint32_t counts[WAIT_KIND_COUNT];
	char name[GRAVE_NAME_MAX + 1];
};

/* When it was taken. */
int64_t waiting_taken(const struct state *s, uint32_t snapshot);

/* How many wait for a name: all zeros if nobody does. */
void waiting_find(const struct state *s, uint32_t snapshot, const char *name,
		  uint32_t ret_counts[WAIT_KIND_COUNT]);

/* The n-th of those waited for, from 0; false: there are not so many. */
bool waiting_nth(const struct state *s, uint32_t snapshot, uint64_t n, struct waited *ret_waited);
