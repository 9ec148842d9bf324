/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed number of slots of one size, in memory that outlives the process. Each slot begins with its generation:
 * odd while it is taken, one more at each change, so that an id (the slot's index and its generation) that is
 * stale is known. A slot is filled in first and then taken, by one store; it is let go by one store, too. Which are
 * free is known to the process alone, and counted anew by the next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An id's index; 0 is never used. */
#define TABLE_INDEX_BITS 24
#define TABLE_INDEX_MASK ((UINT64_C(1) << TABLE_INDEX_BITS) - 1)

struct table {
	char *slots;
	size_t slot_size;
	uint32_t count;  /* slots, index 0 included */
	uint32_t *used;  /* in the mapping: slots from 1 to here were used once */
	uint32_t *freed; /* a stack of those that were let go */
	uint32_t freed_len;
};

/* A slot of `size` bytes has the generation in its first four. -ENOMEM. */
int table_init(struct table *t, size_t size, unsigned count);
void table_release(struct table *t);

size_t table_size(const struct table *t);
/* Where the slots lie, and how many were used; both are zero, or were left by another process. */
void table_place(struct table *t, void *slots, uint32_t *used);

void *table_slot(const struct table *t, uint32_t index);
uint32_t table_generation(const struct table *t, uint32_t index);
/* NULL: nothing is called so. */
void *table_find(const struct table *t, uint64_t id);

/* How many slots are free. */
uint32_t table_free(const struct table *t);

/* A free slot to be filled in; 0: there is none. table_unreserve() for one that is not taken after all. */
uint32_t table_reserve(struct table *t);
void table_unreserve(struct table *t, uint32_t index);

/* What a free slot is going to be called. */
uint64_t table_next_id(const struct table *t, uint32_t index);
uint64_t table_take(struct table *t, uint32_t index);
void table_let_go(struct table *t, uint32_t index);

/* Finds out which slots are free: all that `in_use` does not know of, and those that are taken are let go. */
void table_recount(struct table *t, bool (*in_use)(void *arg, uint32_t index), void *arg);
