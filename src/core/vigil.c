/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names hash into a fixed number of rings; a ring is walked once an event. Waking may keep and cancel
 * vigils, so those concerned are first moved to a ring of their own, and taken from its front one by one:
 * a vigil that is cancelled meanwhile is simply no longer on it.
 */
#include "core/vigil.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/store.h"

#define RINGS 4096u

struct vigils {
	unsigned count, max;
	struct list everything; /* vigils with no names */
	struct vigil **heap;    /* by deadline, the earliest first */
	size_t heap_len, heap_capacity;
	struct list rings[RINGS]; /* of vigil_name.link */
};

static struct list *ring_of(struct vigils *vigils, const char *name, size_t len)
{
	return &vigils->rings[hash_bytes(HASH_INIT, name, len) % RINGS];
}

int vigils_new(unsigned max, struct vigils **ret_vigils)
{
	struct vigils *vigils = calloc(1, sizeof(*vigils));

	if (!vigils)
		return -ENOMEM;
	vigils->max = max;
	list_init(&vigils->everything);
	for (size_t i = 0; i < RINGS; i++)
		list_init(&vigils->rings[i]);
	*ret_vigils = vigils;
	return 0;
}

void vigils_free(struct vigils *vigils)
{
	if (!vigils)
		return;
	free(vigils->heap);
	free(vigils);
}

unsigned vigils_count(const struct vigils *vigils)
{
	return vigils->count;
}

/* ---- the heap of deadlines ---- */

static void heap_place(struct vigils *vigils, size_t i, struct vigil *vigil)
{
	vigils->heap[i] = vigil;
	vigil->heap_index = i;
}

static void heap_up(struct vigils *vigils, size_t i)
{
	struct vigil *vigil = vigils->heap[i];

	while (i > 0 && vigils->heap[(i - 1) / 2]->deadline > vigil->deadline) {
		heap_place(vigils, i, vigils->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_place(vigils, i, vigil);
}

static void heap_down(struct vigils *vigils, size_t i)
{
	struct vigil *vigil = vigils->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= vigils->heap_len)
			break;
		if (child + 1 < vigils->heap_len &&
		    vigils->heap[child + 1]->deadline < vigils->heap[child]->deadline)
			child++;
		if (vigils->heap[child]->deadline >= vigil->deadline)
			break;
		heap_place(vigils, i, vigils->heap[child]);
		i = child;
	}
	heap_place(vigils, i, vigil);
}

static int heap_add(struct vigils *vigils, struct vigil *vigil)
{
	if (vigils->heap_len == vigils->heap_capacity) {
		size_t capacity = vigils->heap_capacity ? 2 * vigils->heap_capacity : 64;
		struct vigil **heap = reallocarray(vigils->heap, capacity, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		vigils->heap = heap;
		vigils->heap_capacity = capacity;
	}
	heap_place(vigils, vigils->heap_len++, vigil);
	heap_up(vigils, vigil->heap_index);
	return 0;
}

static void heap_remove(struct vigils *vigils, struct vigil *vigil)
{
	size_t i = vigil->heap_index;

	if (i == SIZE_MAX)
		return;
	vigil->heap_index = SIZE_MAX;
	vigils->heap_len--;
	if (i == vigils->heap_len)
		return;
	heap_place(vigils, i, vigils->heap[vigils->heap_len]);
	heap_up(vigils, i);
	heap_down(vigils, i);
}

/* ---- keeping ---- */

int vigil_keep(struct vigils *vigils, struct vigil *vigil)
{
	if (vigils->count >= vigils->max)
		return -EAGAIN;
	vigil->heap_index = SIZE_MAX;
	if (vigil->deadline != INT64_MAX) {
		int r = heap_add(vigils, vigil);

		if (r < 0)
			return r;
	}
	list_init(&vigil->link);
	if (vigil->count == 0)
		list_append(&vigils->everything, &vigil->link);
	for (unsigned i = 0; i < vigil->count; i++) {
		struct vigil_name *n = &vigil->names[i];

		n->vigil = vigil;
		list_append(ring_of(vigils, n->name, n->len), &n->link);
	}
	vigil->kept = true;
	vigils->count++;
	return 0;
}

void vigil_cancel(struct vigils *vigils, struct vigil *vigil)
{
	if (!vigil->kept)
		return;
	vigil->kept = false;
	vigils->count--;
	heap_remove(vigils, vigil);
	list_remove(&vigil->link);
	for (unsigned i = 0; i < vigil->count; i++)
		list_remove(&vigil->names[i].link);
}

/* ---- waking ---- */

static void wake(struct vigils *vigils, struct vigil *vigil, enum vigil_outcome outcome)
{
	vigil_cancel(vigils, vigil);
	vigil->wake(vigil, outcome);
}

static void wake_all(struct vigils *vigils, struct list *concerned, enum vigil_outcome outcome)
{
	while (!list_empty(concerned))
		wake(vigils, list_entry(concerned->next, struct vigil, link), outcome);
}

static void concern(struct list *concerned, struct vigil *vigil)
{
	list_remove(&vigil->link);
	list_append(concerned, &vigil->link);
}

static void concern_everything(struct vigils *vigils, struct list *concerned)
{
	for (struct list *l = vigils->everything.next, *next; l != &vigils->everything; l = next) {
		next = l->next;
		concern(concerned, list_entry(l, struct vigil, link));
	}
}

static bool name_concerned(const struct vigil_name *n, const struct event *event, size_t len)
{
	return event->life >= n->life && n->vigil->interest & (1u << event->what) &&
	       n->len == len && memcmp(n->name, event->name, len) == 0;
}

void vigils_event(struct vigils *vigils, const struct event *event)
{
	size_t len = strlen(event->name);
	struct list *ring = ring_of(vigils, event->name, len);
	struct list concerned;

	list_init(&concerned);
	for (struct list *l = ring->next; l != ring; l = l->next) {
		struct vigil_name *n = list_entry(l, struct vigil_name, link);

		if (name_concerned(n, event, len))
			concern(&concerned, n->vigil);
	}
	concern_everything(vigils, &concerned);
	wake_all(vigils, &concerned, VIGIL_EVENT);
}

void vigils_wake(struct vigils *vigils, const char *name, size_t len, unsigned interest)
{
	struct list *ring = ring_of(vigils, name, len);
	struct list concerned;

	list_init(&concerned);
	for (struct list *l = ring->next; l != ring; l = l->next) {
		struct vigil_name *n = list_entry(l, struct vigil_name, link);

		if (n->vigil->interest & interest && n->len == len &&
		    memcmp(n->name, name, len) == 0)
			concern(&concerned, n->vigil);
	}
	wake_all(vigils, &concerned, VIGIL_EVENT);
}

int64_t vigils_deadline(const struct vigils *vigils)
{
	return vigils->heap_len ? vigils->heap[0]->deadline : INT64_MAX;
}

void vigils_expire(struct vigils *vigils, int64_t now)
{
	while (vigils->heap_len > 0 && vigils_deadline(vigils) <= now)
		wake(vigils, vigils->heap[0], VIGIL_TIMEOUT);
}

void vigils_drain(struct vigils *vigils)
{
	struct list concerned;

	list_init(&concerned);
	concern_everything(vigils, &concerned);
	for (size_t i = 0; i < RINGS; i++) {
		struct list *ring = &vigils->rings[i];

		for (struct list *l = ring->next; l != ring; l = l->next)
			concern(&concerned, list_entry(l, struct vigil_name, link)->vigil);
	}
	wake_all(vigils, &concerned, VIGIL_DRAINED);
}
