/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot is a head, then for each name its hash and where it is, then the names. They are in the order of the
 * rings, which are the uppermost bits of the hash: so a name is found by halving, though nothing was sorted.
 */
#include "fs/waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"
#include "fs/state.h"

#define RING_BITS 12
#define RINGS (1u << RING_BITS)

struct entry {
	struct list link;
	uint32_t hash;
	uint32_t counts[WAIT_KIND_COUNT];
	uint8_t len;
	bool on_view;
	char name[];
};

struct waiting {
	struct list rings[RINGS];
	uint32_t names, off_view;
	size_t bytes; /* of all names */
};

struct head {
	int64_t taken;
	uint32_t names;
};

struct place {
	uint32_t hash, at;
};

/* At `place.at` are the counts, the length of the name in one byte, and the name. */
#define HEAD_SIZE sizeof(struct head)
#define TOLD_SIZE (sizeof(uint32_t) * WAIT_KIND_COUNT + 1)

static uint32_t hash_of(const char *name, size_t len)
{
	uint64_t hash = hash_bytes(HASH_INIT, name, len);

	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t ring_of(uint32_t hash)
{
	return hash >> (32 - RING_BITS);
}

int waiting_new(struct waiting **ret_waiting)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	for (unsigned i = 0; i < RINGS; i++)
		list_init(&w->rings[i]);
	*ret_waiting = w;
	return 0;
}

void waiting_free(struct waiting *w)
{
	for (unsigned i = 0; w && i < RINGS; i++) {
		while (!list_empty(&w->rings[i])) {
			struct entry *entry = list_entry(w->rings[i].next, struct entry, link);

			list_remove(&entry->link);
			free(entry);
		}
	}
	free(w);
}

static struct entry *find(struct waiting *w, uint32_t hash, const char *name, size_t len)
{
	struct list *ring = &w->rings[ring_of(hash)];

	for (struct list *l = ring->next; l != ring; l = l->next) {
		struct entry *entry = list_entry(l, struct entry, link);

		if (entry->hash == hash && entry->len == len && memcmp(entry->name, name, len) == 0)
			return entry;
	}
	return NULL;
}

static struct entry *make(struct waiting *w, uint32_t hash, const char *name, size_t len)
{
	struct entry *entry = calloc(1, sizeof(*entry) + len);

	if (!entry)
		return NULL;
	entry->hash = hash;
	entry->len = (uint8_t)len;
	memcpy(entry->name, name, len);
	list_append(&w->rings[ring_of(hash)], &entry->link);
	w->names++;
	w->off_view++;
	w->bytes += len;
	return entry;
}

int waiting_add(struct waiting *w, enum wait_kind kind, const char *name, size_t len)
{
	uint32_t hash = hash_of(name, len);
	struct entry *entry = find(w, hash, name, len);

	if (!entry)
		entry = make(w, hash, name, len);
	if (!entry)
		return -ENOMEM;
	entry->counts[kind]++;
	return 0;
}

static bool is_waited_for(const uint32_t counts[WAIT_KIND_COUNT])
{
	uint32_t any = 0;

	for (int kind = 0; kind < WAIT_KIND_COUNT; kind++)
		any |= counts[kind];
	return any != 0;
}

void waiting_remove(struct waiting *w, enum wait_kind kind, const char *name, size_t len)
{
	struct entry *entry = find(w, hash_of(name, len), name, len);

	if (!entry || entry->counts[kind] == 0)
		return;
	entry->counts[kind]--;
	if (is_waited_for(entry->counts))
		return;
	list_remove(&entry->link);
	w->names--;
	w->off_view -= !entry->on_view;
	w->bytes -= entry->len;
	free(entry);
}

void waiting_on_view(struct waiting *w, const char *name, size_t len, bool on_view)
{
	struct entry *entry = find(w, hash_of(name, len), name, len);

	if (!entry || entry->on_view == on_view)
		return;
	entry->on_view = on_view;
	if (on_view)
		w->off_view--;
	else
		w->off_view++;
}

unsigned waiting_off_view(const struct waiting *w)
{
	return w->off_view;
}

unsigned waiting_names(const struct waiting *w)
{
	return w->names;
}

/* ---- taking ---- */

static void put_place(const struct entry *entry, uint32_t *at, struct buf *snapshot)
{
	const struct place place = {.hash = entry->hash, .at = *at};

	buf_add(snapshot, &place, sizeof(place));
	*at += (uint32_t)TOLD_SIZE + entry->len;
}

static void put_name(const struct entry *entry, struct buf *snapshot)
{
	buf_add(snapshot, entry->counts, sizeof(entry->counts));
	buf_add(snapshot, &entry->len, 1);
	buf_add(snapshot, entry->name, entry->len);
}

size_t waiting_size(const struct waiting *w)
{
	return HEAD_SIZE + (size_t)w->names * (sizeof(struct place) + TOLD_SIZE) + w->bytes;
}

int waiting_take(const struct waiting *w, int64_t now, struct buf *snapshot)
{
	const struct head head = {.taken = now, .names = w->names};
	uint32_t at = (uint32_t)(HEAD_SIZE + w->names * sizeof(struct place));

	buf_add(snapshot, &head, sizeof(head));
	for (unsigned i = 0; w->names > 0 && i < RINGS; i++)
		for (struct list *l = w->rings[i].next; l != &w->rings[i]; l = l->next)
			put_place(list_entry(l, struct entry, link), &at, snapshot);
	for (unsigned i = 0; w->names > 0 && i < RINGS; i++)
		for (struct list *l = w->rings[i].next; l != &w->rings[i]; l = l->next)
			put_name(list_entry(l, struct entry, link), snapshot);
	return buf_error(snapshot);
}

/* ---- looking ---- */

static struct head head_of(const struct state *s, uint32_t snapshot)
{
	struct head head = {0};

	(void)state_snapshot_get(s, snapshot, 0, &head, sizeof(head));
	return head;
}

static struct place place_of(const struct state *s, uint32_t snapshot, uint32_t n)
{
	struct place place = {0};

	(void)state_snapshot_get(s, snapshot, HEAD_SIZE + (uint64_t)n * sizeof(place), &place,
				 sizeof(place));
	return place;
}

static void read_at(const struct state *s, uint32_t snapshot, uint32_t at,
		    struct waited *ret_waited)
{
	struct waited waited = {0};
	uint8_t len = 0;

	(void)state_snapshot_get(s, snapshot, at, waited.counts, sizeof(waited.counts));
	(void)state_snapshot_get(s, snapshot, at + sizeof(waited.counts), &len, 1);
	if (len <= GRAVE_NAME_MAX)
		(void)state_snapshot_get(s, snapshot, at + TOLD_SIZE, waited.name, len);
	*ret_waited = waited;
}

int64_t waiting_taken(const struct state *s, uint32_t snapshot)
{
	return head_of(s, snapshot).taken;
}

/* The first whose ring is not before this one. */
static uint32_t first_in(const struct state *s, uint32_t snapshot, uint32_t names, uint32_t ring)
{
	uint32_t low = 0, high = names;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ring_of(place_of(s, snapshot, middle).hash) < ring)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void waiting_find(const struct state *s, uint32_t snapshot, const char *name,
		  uint32_t ret_counts[WAIT_KIND_COUNT])
{
	uint32_t hash = hash_of(name, strlen(name)), names = head_of(s, snapshot).names;

	memset(ret_counts, 0, sizeof(uint32_t) * WAIT_KIND_COUNT);
	for (uint32_t n = first_in(s, snapshot, names, ring_of(hash)); n < names; n++) {
		struct place place = place_of(s, snapshot, n);
		struct waited waited;

		if (ring_of(place.hash) != ring_of(hash))
			return;
		if (place.hash != hash)
			continue;
		read_at(s, snapshot, place.at, &waited);
		if (strcmp(waited.name, name) == 0) {
			memcpy(ret_counts, waited.counts, sizeof(waited.counts));
			return;
		}
	}
}

bool waiting_nth(const struct state *s, uint32_t snapshot, uint64_t n, struct waited *ret_waited)
{
	if (n >= head_of(s, snapshot).names)
		return false;
	read_at(s, snapshot, place_of(s, snapshot, (uint32_t)n).at, ret_waited);
	return true;
}
