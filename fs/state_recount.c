/* SPDX-License-Identifier: Apache-2.0 */
/* What is computed from the slots of session state, when another process takes them over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/state_tables.h"

static bool is_taken(void *arg, uint32_t index)
{
	const struct table *t = arg;

	return table_generation(t, index) & 1;
}

static bool is_marked(void *arg, uint32_t index)
{
	const bool *marks = arg;

	return marks[index];
}

/* Another process made the mapping, at another address. */
static void find_text(struct state *s, struct node_slot *slot)
{
	slot->node.text = slot->text;
	if (slot->long_text)
		slot->node.text =
			((struct long_slot *)table_slot(&s->longs, slot->long_text))->text;
}

static void recount_nodes(struct state *s, bool *long_marks)
{
	table_recount(&s->nodes, is_taken, &s->nodes);
	for (uint32_t i = 1; i <= *s->nodes.used; i++) {
		struct node_slot *slot = table_slot(&s->nodes, i);
		uint32_t *bucket;

		if (!is_taken(&s->nodes, i))
			continue;
		find_text(s, slot);
		slot->node.handles = slot->node.pending = 0;
		if (slot->used > s->uses)
			s->uses = slot->used;
		long_marks[slot->long_text] = true;
		bucket = state_bucket(s, slot->node.view, slot->node.text, slot->node.len);
		s->chain[i] = *bucket;
		*bucket = i;
	}
	table_recount(&s->longs, is_marked, long_marks);
}

static void recount_handles(struct state *s, bool *tail_marks, bool *block_marks)
{
	table_recount(&s->handles, is_taken, &s->handles);
	for (uint32_t i = 1; i <= *s->handles.used; i++) {
		const struct handle_slot *slot = table_slot(&s->handles, i);

		if (!is_taken(&s->handles, i))
			continue;
		tail_marks[slot->handle.tail] = true;
		state_snapshot_mark(s, slot->handle.snapshot, block_marks);
		state_count_handle(s, &slot->handle, 1);
	}
	table_recount(&s->tails, is_marked, tail_marks);
	table_recount(&s->blocks, is_marked, block_marks);
}

struct idle {
	uint64_t used;
	uint32_t index;
};

static int by_use(const void *a, const void *b)
{
	const struct idle *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/*
 * In the order of their last use, as they were: those that were looked up a moment ago are about to be used, and one
 * may be that of a handle which was committed and is not open yet.
 */
static void recount_idle(struct state *s, struct idle *idle)
{
	size_t count = 0;

	for (uint32_t i = 1; i <= *s->nodes.used; i++) {
		const struct node_slot *slot = table_slot(&s->nodes, i);

		if (is_taken(&s->nodes, i) && slot->node.handles == 0 && slot->node.len > 0)
			idle[count++] = (struct idle){slot->used, i};
	}
	if (count > 0)
		qsort(idle, count, sizeof(*idle), by_use);
	for (size_t i = 0; i < count; i++)
		state_node_idle(s, idle[i].index);
}

static void forget_counts(struct state *s)
{
	memset(s->buckets, 0, ((size_t)s->bucket_mask + 1) * sizeof(*s->buckets));
	memset(s->idle_links, 0, (size_t)s->nodes.count * sizeof(*s->idle_links));
	list_init(&s->idle);
	s->idle_len = s->pending = s->leases = 0;
}

static void finish_copy(struct state *s)
{
	if (s->head->index)
		((struct handle_slot *)table_slot(&s->handles, s->head->index))->handle =
			s->head->handle;
	/* Not before it was copied. */
	__atomic_store_n(&s->head->index, 0, __ATOMIC_RELEASE);
}

int state_recount(struct state *s)
{
	bool *tail_marks = calloc(s->tails.count, sizeof(*tail_marks));
	bool *long_marks = calloc(s->longs.count, sizeof(*long_marks));
	bool *block_marks = calloc(s->blocks.count, sizeof(*block_marks));
	struct idle *idle = calloc((size_t)*s->nodes.used + 1, sizeof(*idle));
	int r = tail_marks && long_marks && block_marks && idle ? 0 : -ENOMEM;

	if (r == 0) {
		finish_copy(s);
		forget_counts(s);
		recount_nodes(s, long_marks);
		recount_handles(s, tail_marks, block_marks);
		recount_idle(s, idle);
	}
	free(idle);
	free(tail_marks);
	free(long_marks);
	free(block_marks);
	return r;
}
