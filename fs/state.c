/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "fs/state_tables.h"

/* One more node than can be idle or open, for the one being made, and the views. */
static unsigned nodes_of(const struct state_limits *limits)
{
	return limits->names + limits->handles + 64;
}

static int init_tables(struct state *s, const struct state_limits *limits)
{
	unsigned nodes = nodes_of(limits);
	int r = table_init(&s->nodes, sizeof(struct node_slot), nodes);

	if (r == 0)
		r = table_init(&s->handles, sizeof(struct handle_slot), limits->handles);
	if (r == 0)
		r = table_init(&s->tails, sizeof(struct tail_slot), limits->tails);
	if (r == 0)
		r = table_init(&s->longs, sizeof(struct long_slot), nodes / 16 + 1);
	if (r == 0)
		r = table_init(&s->blocks, sizeof(struct block_slot), limits->blocks);
	return r;
}

static void release_tables(struct state *s)
{
	table_release(&s->nodes);
	table_release(&s->handles);
	table_release(&s->tails);
	table_release(&s->longs);
	table_release(&s->blocks);
}

/* Bytes of the mapping; with `at`, the tables are put there. */
static size_t place_tables(struct state *s, char *at)
{
	struct table *tables[] = {&s->nodes, &s->handles, &s->tails, &s->longs, &s->blocks};
	size_t size = (sizeof(struct head) + 63) & ~(size_t)63;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (at)
			table_place(tables[i], at + size, &s->head->used[i]);
		size += table_size(tables[i]);
	}
	return size;
}

int state_size(const struct state_limits *limits, size_t *ret_size)
{
	struct state s = {0};
	int r = init_tables(&s, limits);

	if (r == 0)
		*ret_size = place_tables(&s, NULL);
	release_tables(&s);
	return r;
}

static int init(struct state *s, const struct state_limits *limits, void *mapping)
{
	unsigned nodes = nodes_of(limits);
	uint32_t buckets = 1024;
	int r = init_tables(s, limits);

	while (buckets < nodes)
		buckets *= 2;
	list_init(&s->idle);
	s->idle_max = limits->names;
	s->idle_links = calloc((size_t)nodes + 1, sizeof(*s->idle_links));
	s->bucket_mask = buckets - 1;
	s->buckets = calloc(buckets, sizeof(*s->buckets));
	s->chain = calloc((size_t)nodes + 1, sizeof(*s->chain));
	if (r < 0 || !s->buckets || !s->chain || !s->idle_links)
		return -ENOMEM;
	s->head = mapping;
	(void)place_tables(s, mapping);
	return 0;
}

int state_new(const struct state_limits *limits, void *mapping, struct state **ret_state)
{
	struct state *s = calloc(1, sizeof(*s));
	uint64_t root;
	int r;

	if (!s)
		return -ENOMEM;
	r = init(s, limits, mapping);
	if (r == 0)
		r = state_recount(s);
	if (r == 0)
		r = state_node_intern(s, 0, "", 0, &root);
	if (r < 0) {
		state_free(s);
		return r;
	}
	*ret_state = s;
	return 0;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	release_tables(s);
	free(s->buckets);
	free(s->chain);
	free(s->idle_links);
	free(s);
}

/* ---- nodes ---- */

/* FUSE_ROOT_ID is 1, and the root is the first node: its slot is 1, whatever its generation. */
static uint64_t node_key(uint64_t id)
{
	return id == 1 ? UINT64_C(1) << TABLE_INDEX_BITS | 1 : id;
}

uint32_t *state_bucket(struct state *s, unsigned view, const char *text, size_t len)
{
	return &s->buckets[hash_bytes(HASH_INIT ^ view, text, len) & s->bucket_mask];
}

static struct node_slot *node_slot(const struct state *s, uint64_t id)
{
	return table_find(&s->nodes, node_key(id));
}

static void node_drop(struct state *s, uint32_t index)
{
	struct node_slot *slot = table_slot(&s->nodes, index);
	uint32_t *link = state_bucket(s, slot->node.view, slot->node.text, slot->node.len);

	while (*link != index)
		link = &s->chain[*link];
	*link = s->chain[index];
	if (slot->long_text)
		table_let_go(&s->longs, slot->long_text);
	table_let_go(&s->nodes, index);
}

static void leave_idle(struct state *s, uint32_t index)
{
	struct list *link = &s->idle_links[index];

	/* A link that was never used is all zeros. */
	if (!link->next || list_empty(link))
		return;
	list_remove(link);
	s->idle_len--;
}

static void drop_oldest(struct state *s)
{
	uint32_t index = (uint32_t)(s->idle.next - s->idle_links);

	leave_idle(s, index);
	node_drop(s, index);
}

void state_node_idle(struct state *s, uint32_t index)
{
	if (s->idle_len >= s->idle_max)
		drop_oldest(s);
	list_init(&s->idle_links[index]);
	list_append(&s->idle, &s->idle_links[index]);
	s->idle_len++;
}

void state_node_used(struct state *s, uint32_t index)
{
	struct node_slot *slot = table_slot(&s->nodes, index);

	slot->used = ++s->uses;
	leave_idle(s, index);
	if (slot->node.handles == 0 && slot->node.len > 0)
		state_node_idle(s, index);
}

static int node_fill(struct state *s, struct node_slot *slot, unsigned view, const char *text,
		     size_t len)
{
	char *copy = slot->text;

	slot->long_text = 0;
	if (len >= SHORT_TEXT) {
		slot->long_text = table_reserve(&s->longs);
		while (!slot->long_text && s->idle_len > 0) {
			drop_oldest(s);
			slot->long_text = table_reserve(&s->longs);
		}
		if (!slot->long_text)
			return -ENFILE;
		copy = ((struct long_slot *)table_slot(&s->longs, slot->long_text))->text;
		(void)table_take(&s->longs, slot->long_text);
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	slot->node = (struct node){.view = (uint16_t)view, .len = (uint16_t)len, .text = copy};
	return 0;
}

static int node_add(struct state *s, uint32_t *bucket, unsigned view, const char *text, size_t len,
		    uint64_t *ret_id)
{
	uint32_t index = table_reserve(&s->nodes);
	int r;

	if (index == 0)
		return -ENFILE;
	r = node_fill(s, table_slot(&s->nodes, index), view, text, len);
	if (r < 0) {
		table_unreserve(&s->nodes, index);
		return r;
	}
	s->chain[index] = *bucket;
	*bucket = index;
	*ret_id = table_take(&s->nodes, index);
	state_node_used(s, index);
	return 0;
}

uint64_t state_node_find(struct state *s, unsigned view, const char *text, size_t len)
{
	for (uint32_t i = *state_bucket(s, view, text, len); i; i = s->chain[i]) {
		const struct node_slot *slot = table_slot(&s->nodes, i);

		if (slot->node.view == view && slot->node.len == len &&
		    memcmp(slot->node.text, text, len) == 0)
			return i == 1 ? 1 : (uint64_t)slot->generation << TABLE_INDEX_BITS | i;
	}
	return 0;
}

int state_node_intern(struct state *s, unsigned view, const char *text, size_t len,
		      uint64_t *ret_id)
{
	uint64_t known;

	if (len > WHO_MAX)
		return -ENAMETOOLONG;
	known = state_node_find(s, view, text, len);
	if (!known)
		return node_add(s, state_bucket(s, view, text, len), view, text, len, ret_id);
	state_node_used(s, (uint32_t)(known & TABLE_INDEX_MASK));
	*ret_id = known;
	return 0;
}

const struct node *state_node(const struct state *s, uint64_t id)
{
	const struct node_slot *slot = node_slot(s, id);

	return slot ? &slot->node : NULL;
}

void state_node_use(struct state *s, uint64_t id)
{
	if (node_slot(s, id))
		state_node_used(s, (uint32_t)(node_key(id) & TABLE_INDEX_MASK));
}

void state_node_own(struct state *s, uint64_t id, uid_t uid, gid_t gid)
{
	struct node_slot *slot = node_slot(s, id);

	if (!slot)
		return;
	slot->node.uid = uid;
	slot->node.gid = gid;
}

/* ---- handles ---- */

void state_count_handle(struct state *s, const struct handle *handle, int by)
{
	struct node_slot *slot = node_slot(s, handle->node);

	if (!slot)
		return;
	slot->node.handles += (uint32_t)by;
	if (handle->flags & HANDLE_PENDING) {
		slot->node.pending += (uint32_t)by;
		s->pending += (uint32_t)by;
	}
	if (handle->flags & HANDLE_LEASE && !(handle->flags & (HANDLE_REAPING | HANDLE_OWED)))
		s->leases += (uint32_t)by;
	state_node_used(s, (uint32_t)(node_key(handle->node) & TABLE_INDEX_MASK));
}

int state_handle_reserve(struct state *s, uint64_t *ret_fh)
{
	uint32_t index = table_reserve(&s->handles);

	if (index == 0)
		return -ENFILE;
	*ret_fh = table_next_id(&s->handles, index);
	return 0;
}

void state_handle_unreserve(struct state *s, uint64_t fh)
{
	table_unreserve(&s->handles, state_handle_index(fh));
}

void state_handle_open(struct state *s, uint64_t fh, const struct handle *handle)
{
	uint32_t index = state_handle_index(fh);
	struct handle_slot *slot = table_slot(&s->handles, index);

	if (table_next_id(&s->handles, index) != fh)
		return;
	slot->handle = *handle;
	state_count_handle(s, handle, 1);
	(void)table_take(&s->handles, index);
}

const struct handle *state_handle(const struct state *s, uint64_t fh)
{
	const struct handle_slot *slot = table_find(&s->handles, fh);

	return slot ? &slot->handle : NULL;
}

/* If the process ends while it copies, the next one copies again. */
static void copy_handle(struct state *s, struct handle_slot *slot, uint32_t index,
			const struct handle *handle)
{
	s->head->handle = *handle;
	__atomic_store_n(&s->head->index, index, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* not before it, in the order of this process */
	slot->handle = *handle;
	__atomic_store_n(&s->head->index, 0, __ATOMIC_RELEASE);
}

void state_handle_set(struct state *s, uint64_t fh, const struct handle *handle)
{
	struct handle_slot *slot = table_find(&s->handles, fh);
	uint32_t tail, snapshot;

	if (!slot)
		return;
	tail = slot->handle.tail;
	snapshot = slot->handle.snapshot;
	state_count_handle(s, handle, 1);
	state_count_handle(s, &slot->handle, -1);
	copy_handle(s, slot, state_handle_index(fh), handle);
	if (tail && tail != handle->tail)
		state_tail_free(s, tail);
	if (snapshot && snapshot != handle->snapshot)
		state_snapshot_free(s, snapshot);
}

void state_handle_close(struct state *s, uint64_t fh)
{
	struct handle_slot *slot = table_find(&s->handles, fh);
	struct handle handle;

	if (!slot)
		return;
	handle = slot->handle;
	table_let_go(&s->handles, state_handle_index(fh));
	if (handle.tail)
		state_tail_free(s, handle.tail);
	if (handle.snapshot)
		state_snapshot_free(s, handle.snapshot);
	state_count_handle(s, &handle, -1);
}

uint64_t state_handle_next(const struct state *s, uint64_t fh)
{
	for (uint32_t i = state_handle_index(fh) + 1; i <= *s->handles.used; i++)
		if (table_generation(&s->handles, i) & 1)
			return table_next_id(&s->handles, i) - (UINT64_C(1) << TABLE_INDEX_BITS);
	return 0;
}

unsigned state_open(const struct state *s)
{
	return *s->handles.used - s->handles.freed_len;
}

unsigned state_handles(const struct state *s)
{
	return s->handles.count - 1;
}

unsigned state_pending(const struct state *s)
{
	return s->pending;
}

unsigned state_leases(const struct state *s)
{
	return s->leases;
}

unsigned state_handle_index(uint64_t fh)
{
	return (unsigned)(fh & TABLE_INDEX_MASK);
}

/* ---- tails ---- */

int state_tail_new(struct state *s, const char *text, size_t len, uint32_t *ret_tail)
{
	uint32_t index = table_reserve(&s->tails);
	struct tail_slot *slot;

	if (index == 0)
		return -ENFILE;
	slot = table_slot(&s->tails, index);
	memcpy(slot->text, text, len);
	slot->len = (uint32_t)len;
	(void)table_take(&s->tails, index);
	*ret_tail = index;
	return 0;
}

void state_tail_free(struct state *s, uint32_t tail)
{
	table_let_go(&s->tails, tail);
}

const char *state_tail(const struct state *s, uint32_t tail, size_t *ret_len)
{
	const struct tail_slot *slot = table_slot(&s->tails, tail);

	*ret_len = slot->len;
	return slot->text;
}
