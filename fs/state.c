/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "base/list.h"

/* Most names are short: they lie in the node; long ones in a slot of their own. */
#define SHORT_TEXT 88
#define LONG_TEXT (WHO_MAX + 1)

/* An id is a slot's index and its generation, so that a stale one is known. Index 0 is never used. */
#define INDEX_BITS 24
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

struct node_slot {
	uint32_t generation; /* odd: taken */
	uint32_t long_text;  /* slot; 0: the text is in `text` */
	struct node node;
	char text[SHORT_TEXT];
};

struct handle_slot {
	uint32_t generation;
	struct handle handle;
};

struct tail_slot {
	uint32_t generation;
	uint32_t len;
	char text[STONE_WRITE_MAX];
};

struct long_slot {
	uint32_t generation;
	char text[LONG_TEXT];
};

/* A table's slots lie in the mapping; which are free, in the process. */
struct table {
	char *slots;
	size_t slot_size;
	uint32_t count;  /* slots, index 0 included */
	uint32_t used;   /* slots from 1 to here were used once */
	uint32_t *freed; /* a stack of those that were let go */
	uint32_t freed_len;
};

struct state {
	struct table nodes, handles, tails, longs;
	uint32_t *buckets; /* of nodes: the first of each chain */
	uint32_t *chain;   /* of nodes: the next one */
	uint32_t bucket_mask;
	struct list *idle_links; /* of nodes: on the ring of those that are idle, or on none */
	struct list idle;        /* names that nothing is open on, the longest unused first */
	unsigned idle_len, idle_max;
	unsigned pending; /* handles with HANDLE_PENDING */
	void *mapping;
	size_t mapping_size;
};

/* ---- tables ---- */

static uint32_t *generation_of(const struct table *t, uint32_t index)
{
	return (uint32_t *)(void *)(t->slots + (size_t)index * t->slot_size);
}

static void *slot_at(const struct table *t, uint32_t index)
{
	return t->slots + (size_t)index * t->slot_size;
}

static uint32_t slot_find_free(struct table *t)
{
	if (t->freed_len > 0)
		return t->freed[--t->freed_len];
	return t->used + 1 < t->count ? ++t->used : 0;
}

/* The slot is whole: taken from here on. */
static uint64_t slot_take(struct table *t, uint32_t index)
{
	uint32_t generation = *generation_of(t, index) + 1;

	__atomic_store_n(generation_of(t, index), generation, __ATOMIC_RELEASE);
	return (uint64_t)generation << INDEX_BITS | index;
}

static void slot_free(struct table *t, uint32_t index)
{
	__atomic_store_n(generation_of(t, index), *generation_of(t, index) + 1, __ATOMIC_RELEASE);
	t->freed[t->freed_len++] = index;
}

static void *slot_by_id(const struct table *t, uint64_t id)
{
	uint32_t index = (uint32_t)(id & INDEX_MASK);

	if (index == 0 || index >= t->count || *generation_of(t, index) != id >> INDEX_BITS ||
	    !(*generation_of(t, index) & 1))
		return NULL;
	return slot_at(t, index);
}

static int table_init(struct table *t, size_t slot_size, unsigned count)
{
	t->slot_size = (slot_size + 7) & ~(size_t)7;
	t->count = count + 1;
	t->freed = calloc(t->count, sizeof(*t->freed));
	return t->freed ? 0 : -ENOMEM;
}

/* ---- the mapping ---- */

static int map_tables(struct state *s)
{
	struct table *tables[] = {&s->nodes, &s->handles, &s->tails, &s->longs};
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		size += tables[i]->slot_size * tables[i]->count;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	s->mapping = at;
	s->mapping_size = size;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		tables[i]->slots = at;
		at += tables[i]->slot_size * tables[i]->count;
	}
	return 0;
}

static int init(struct state *s, const struct state_limits *limits)
{
	/* One more than can be idle or open, for the one being made, and the views. */
	unsigned nodes = limits->names + limits->handles + 64;
	uint32_t buckets = 1024;
	int r;

	while (buckets < nodes)
		buckets *= 2;
	list_init(&s->idle);
	s->idle_max = limits->names;
	s->idle_links = calloc((size_t)nodes + 1, sizeof(*s->idle_links));
	s->bucket_mask = buckets - 1;
	s->buckets = calloc(buckets, sizeof(*s->buckets));
	s->chain = calloc((size_t)nodes + 1, sizeof(*s->chain));
	if (!s->buckets || !s->chain || !s->idle_links)
		return -ENOMEM;
	r = table_init(&s->nodes, sizeof(struct node_slot), nodes);
	if (r == 0)
		r = table_init(&s->handles, sizeof(struct handle_slot), limits->handles);
	if (r == 0)
		r = table_init(&s->tails, sizeof(struct tail_slot), limits->tails);
	if (r == 0)
		r = table_init(&s->longs, sizeof(struct long_slot), nodes / 16 + 1);
	return r < 0 ? r : map_tables(s);
}

int state_new(const struct state_limits *limits, struct state **ret_state)
{
	struct state *s = calloc(1, sizeof(*s));
	uint64_t root;
	int r;

	if (!s)
		return -ENOMEM;
	r = init(s, limits);
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
	if (s->mapping)
		(void)munmap(s->mapping, s->mapping_size);
	free(s->nodes.freed);
	free(s->handles.freed);
	free(s->tails.freed);
	free(s->longs.freed);
	free(s->buckets);
	free(s->chain);
	free(s->idle_links);
	free(s);
}

/* ---- nodes ---- */

/* FUSE_ROOT_ID is 1, and the root is the first node: its slot is 1, whatever its generation. */
static uint64_t node_key(uint64_t id)
{
	return id == 1 ? UINT64_C(1) << INDEX_BITS | 1 : id;
}

static uint32_t *bucket_of(struct state *s, unsigned view, const char *text, size_t len)
{
	return &s->buckets[hash_bytes(HASH_INIT ^ view, text, len) & s->bucket_mask];
}

static struct node_slot *node_slot(const struct state *s, uint64_t id)
{
	return slot_by_id(&s->nodes, node_key(id));
}

static void node_drop(struct state *s, uint32_t index)
{
	struct node_slot *slot = slot_at(&s->nodes, index);
	uint32_t *link = bucket_of(s, slot->node.view, slot->node.text, slot->node.len);

	while (*link != index)
		link = &s->chain[*link];
	*link = s->chain[index];
	if (slot->long_text)
		slot_free(&s->longs, slot->long_text);
	slot_free(&s->nodes, index);
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

/* A node was used. If nothing is open on it, it is the last to be dropped now; a view never is. */
static void node_used(struct state *s, uint32_t index)
{
	const struct node_slot *slot = slot_at(&s->nodes, index);

	leave_idle(s, index);
	if (slot->node.handles > 0 || slot->node.len == 0)
		return;
	if (s->idle_len >= s->idle_max)
		drop_oldest(s);
	list_init(&s->idle_links[index]);
	list_append(&s->idle, &s->idle_links[index]);
	s->idle_len++;
}

static int node_fill(struct state *s, struct node_slot *slot, unsigned view, const char *text,
		     size_t len)
{
	char *copy = slot->text;

	slot->long_text = 0;
	if (len >= SHORT_TEXT) {
		slot->long_text = slot_find_free(&s->longs);
		while (!slot->long_text && s->idle_len > 0) {
			drop_oldest(s);
			slot->long_text = slot_find_free(&s->longs);
		}
		if (!slot->long_text)
			return -ENFILE;
		copy = ((struct long_slot *)slot_at(&s->longs, slot->long_text))->text;
		(void)slot_take(&s->longs, slot->long_text);
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	slot->node = (struct node){.view = (uint16_t)view, .len = (uint16_t)len, .text = copy};
	return 0;
}

static int node_add(struct state *s, uint32_t *bucket, unsigned view, const char *text, size_t len,
		    uint64_t *ret_id)
{
	uint32_t index = slot_find_free(&s->nodes);
	int r;

	if (index == 0)
		return -ENFILE;
	r = node_fill(s, slot_at(&s->nodes, index), view, text, len);
	if (r < 0) {
		s->nodes.freed[s->nodes.freed_len++] = index;
		return r;
	}
	s->chain[index] = *bucket;
	*bucket = index;
	*ret_id = slot_take(&s->nodes, index);
	node_used(s, index);
	return 0;
}

int state_node_intern(struct state *s, unsigned view, const char *text, size_t len,
		      uint64_t *ret_id)
{
	uint32_t *bucket;

	if (len > WHO_MAX)
		return -ENAMETOOLONG;
	bucket = bucket_of(s, view, text, len);
	for (uint32_t i = *bucket; i; i = s->chain[i]) {
		const struct node_slot *slot = slot_at(&s->nodes, i);

		if (slot->node.view == view && slot->node.len == len &&
		    memcmp(slot->node.text, text, len) == 0) {
			*ret_id = i == 1 ? 1 : (uint64_t)slot->generation << INDEX_BITS | i;
			node_used(s, i);
			return 0;
		}
	}
	return node_add(s, bucket, view, text, len, ret_id);
}

const struct node *state_node(const struct state *s, uint64_t id)
{
	const struct node_slot *slot = node_slot(s, id);

	return slot ? &slot->node : NULL;
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

static void count_handle(struct state *s, const struct handle *handle, int by)
{
	struct node_slot *slot = node_slot(s, handle->node);

	if (!slot)
		return;
	slot->node.handles += (uint32_t)by;
	if (handle->flags & HANDLE_PENDING) {
		slot->node.pending += (uint32_t)by;
		s->pending += (uint32_t)by;
	}
	node_used(s, (uint32_t)(node_key(handle->node) & INDEX_MASK));
}

int state_handle_open(struct state *s, const struct handle *handle, uint64_t *ret_fh)
{
	uint32_t index = slot_find_free(&s->handles);
	struct handle_slot *slot;

	if (index == 0)
		return -ENFILE;
	slot = slot_at(&s->handles, index);
	slot->handle = *handle;
	count_handle(s, handle, 1);
	*ret_fh = slot_take(&s->handles, index);
	return 0;
}

const struct handle *state_handle(const struct state *s, uint64_t fh)
{
	const struct handle_slot *slot = slot_by_id(&s->handles, fh);

	return slot ? &slot->handle : NULL;
}

void state_handle_set(struct state *s, uint64_t fh, const struct handle *handle)
{
	struct handle_slot *slot = slot_by_id(&s->handles, fh);
	uint32_t tail;

	if (!slot)
		return;
	tail = slot->handle.tail;
	count_handle(s, handle, 1);
	count_handle(s, &slot->handle, -1);
	slot->handle = *handle;
	if (tail && tail != handle->tail)
		state_tail_free(s, tail);
}

void state_handle_close(struct state *s, uint64_t fh)
{
	struct handle_slot *slot = slot_by_id(&s->handles, fh);
	struct handle handle;

	if (!slot)
		return;
	handle = slot->handle;
	slot_free(&s->handles, state_handle_index(fh));
	if (handle.tail)
		state_tail_free(s, handle.tail);
	count_handle(s, &handle, -1);
}

uint64_t state_handle_next(const struct state *s, uint64_t fh)
{
	for (uint32_t i = state_handle_index(fh) + 1; i <= s->handles.used; i++) {
		uint32_t generation = *generation_of(&s->handles, i);

		if (generation & 1)
			return (uint64_t)generation << INDEX_BITS | i;
	}
	return 0;
}

unsigned state_open(const struct state *s)
{
	return s->handles.used - s->handles.freed_len;
}

unsigned state_pending(const struct state *s)
{
	return s->pending;
}

unsigned state_handle_index(uint64_t fh)
{
	return (unsigned)(fh & INDEX_MASK);
}

/* ---- tails ---- */

int state_tail_new(struct state *s, const char *text, size_t len, uint32_t *ret_tail)
{
	uint32_t index = slot_find_free(&s->tails);
	struct tail_slot *slot;

	if (index == 0)
		return -ENFILE;
	slot = slot_at(&s->tails, index);
	memcpy(slot->text, text, len);
	slot->len = (uint32_t)len;
	(void)slot_take(&s->tails, index);
	*ret_tail = index;
	return 0;
}

void state_tail_free(struct state *s, uint32_t tail)
{
	slot_free(&s->tails, tail);
}

const char *state_tail(const struct state *s, uint32_t tail, size_t *ret_len)
{
	const struct tail_slot *slot = slot_at(&s->tails, tail);

	*ret_len = slot->len;
	return slot->text;
}
