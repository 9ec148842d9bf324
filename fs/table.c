/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/table.h"

#include <errno.h>
#include <stdlib.h>

int table_init(struct table *t, size_t size, unsigned count)
{
	t->slot_size = (size + 7) & ~(size_t)7;
	t->count = count + 1;
	t->freed = calloc(t->count, sizeof(*t->freed));
	return t->freed ? 0 : -ENOMEM;
}

void table_release(struct table *t)
{
	free(t->freed);
}

size_t table_size(const struct table *t)
{
	return t->slot_size * t->count;
}

void table_place(struct table *t, void *slots, uint32_t *used)
{
	t->slots = slots;
	t->used = used;
}

void *table_slot(const struct table *t, uint32_t index)
{
	return t->slots + (size_t)index * t->slot_size;
}

static uint32_t *generation_of(const struct table *t, uint32_t index)
{
	return table_slot(t, index);
}

uint32_t table_generation(const struct table *t, uint32_t index)
{
	return *generation_of(t, index);
}

void *table_find(const struct table *t, uint64_t id)
{
	uint32_t index = (uint32_t)(id & TABLE_INDEX_MASK);

	if (index == 0 || index >= t->count)
		return NULL;
	if (table_generation(t, index) != id >> TABLE_INDEX_BITS ||
	    !(table_generation(t, index) & 1))
		return NULL;
	return table_slot(t, index);
}

uint32_t table_free(const struct table *t)
{
	return t->freed_len + (t->count - 1 - *t->used);
}

uint32_t table_reserve(struct table *t)
{
	if (t->freed_len > 0)
		return t->freed[--t->freed_len];
	if (*t->used + 1 >= t->count)
		return 0;
	__atomic_store_n(t->used, *t->used + 1, __ATOMIC_RELEASE);
	return *t->used;
}

void table_unreserve(struct table *t, uint32_t index)
{
	t->freed[t->freed_len++] = index;
}

static uint64_t id_of(uint32_t generation, uint32_t index)
{
	return (uint64_t)generation << TABLE_INDEX_BITS | index;
}

uint64_t table_next_id(const struct table *t, uint32_t index)
{
	return id_of(table_generation(t, index) + 1, index);
}

static void step(struct table *t, uint32_t index)
{
	__atomic_store_n(generation_of(t, index), table_generation(t, index) + 1, __ATOMIC_RELEASE);
}

uint64_t table_take(struct table *t, uint32_t index)
{
	step(t, index);
	return id_of(table_generation(t, index), index);
}

void table_let_go(struct table *t, uint32_t index)
{
	step(t, index);
	table_unreserve(t, index);
}

void table_recount(struct table *t, bool (*in_use)(void *arg, uint32_t index), void *arg)
{
	t->freed_len = 0;
	for (uint32_t i = 1; i <= *t->used; i++) {
		if (in_use(arg, i))
			continue;
		if (table_generation(t, i) & 1)
			table_let_go(t, i);
		else
			table_unreserve(t, i);
	}
}
