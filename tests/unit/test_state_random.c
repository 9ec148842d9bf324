/* SPDX-License-Identifier: Apache-2.0 */
/* Session state against a model that is a list of what there has to be. */
#include "fs/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "yard.h"

#define IDLE 9
#define LONGS 6 /* nodes with long names: one in 16, and one */
#define HANDLES 12
#define TAILS 4
#define NAMES 40
#define STEPS 60000

static const struct state_limits limits = {.names = IDLE, .handles = HANDLES, .tails = TAILS};

/* A name that may be known. */
struct model_node {
	unsigned view;
	char text[256];
	bool is_long, known;
	uint64_t id;   /* the last that it had; 0: none yet */
	uint64_t used; /* the step of its last use */
	uint32_t handles, pending;
	uid_t uid;
};

struct model_handle {
	uint64_t fh; /* 0: not open */
	struct model_node *node;
	uint32_t flags;
	char tail[16]; /* "": none */
};

struct model {
	struct state *state;
	uint64_t seed, uses;
	struct model_node nodes[NAMES];
	struct model_handle handles[HANDLES];
};

static unsigned roll(struct model *m, unsigned n)
{
	return dice(&m->seed, n);
}

/* ---- which names are known ---- */

static bool is_idle(const struct model_node *n)
{
	return n->known && n->handles == 0;
}

/* The longest unused of those that nothing is open on; NULL: there is none. */
static struct model_node *find_oldest(struct model *m)
{
	struct model_node *oldest = NULL;

	for (unsigned i = 0; i < NAMES; i++)
		if (is_idle(&m->nodes[i]) && (!oldest || m->nodes[i].used < oldest->used))
			oldest = &m->nodes[i];
	return oldest;
}

static void drop(struct model *m, struct model_node *n)
{
	assert_null(state_node(m->state, n->id));
	n->known = false;
	n->uid = 0;
}

static unsigned count_longs(const struct model *m)
{
	unsigned longs = 0;

	for (unsigned i = 0; i < NAMES; i++)
		longs += m->nodes[i].known && m->nodes[i].is_long;
	return longs;
}

static void used(struct model *m, struct model_node *n)
{
	unsigned idle = 0;

	n->known = true;
	n->used = ++m->uses;
	for (unsigned i = 0; i < NAMES; i++)
		idle += is_idle(&m->nodes[i]);
	if (idle > IDLE)
		drop(m, find_oldest(m));
}

/* A new long name takes the place of another, where it is the only way. */
static bool make_room(struct model *m, const struct model_node *n)
{
	while (!n->known && n->is_long && count_longs(m) == LONGS) {
		struct model_node *oldest = find_oldest(m);

		if (!oldest)
			return false;
		drop(m, oldest);
	}
	return true;
}

/* ---- steps ---- */

static bool intern(struct model *m, struct model_node *n)
{
	uint64_t id = 0;
	int r = state_node_intern(m->state, n->view, n->text, strlen(n->text), &id);

	if (!make_room(m, n)) {
		assert_int_equal(r, -ENFILE);
		return false;
	}
	assert_int_equal(r, 0);
	assert_int_equal(id == n->id, n->known);
	n->id = id;
	used(m, n);
	return true;
}

static void look_up(struct model *m, struct model_node *n)
{
	if (!intern(m, n) || roll(m, 3))
		return;
	n->uid = 1 + roll(m, 9);
	state_node_own(m->state, n->id, n->uid, 0);
}

static struct model_handle *find_free(struct model *m)
{
	for (unsigned i = 0; i < HANDLES; i++)
		if (!m->handles[i].fh)
			return &m->handles[i];
	return NULL;
}

/* A lease that is held, that has ended, or none. */
static uint32_t lease_flags(struct model *m)
{
	static const uint32_t flags[] = {0, 0, HANDLE_LEASE, HANDLE_LEASE | HANDLE_REAPING,
					 HANDLE_LEASE | HANDLE_OWED};

	return flags[roll(m, sizeof(flags) / sizeof(flags[0]))];
}

static void open_one(struct model *m, struct model_node *n)
{
	uint32_t flags = (roll(m, 2) ? HANDLE_PENDING | HANDLE_CREATED : 0) | lease_flags(m);
	struct model_handle *h = find_free(m);
	struct handle handle;
	uint64_t fh = 0;
	int r;

	if (!intern(m, n))
		return;
	handle = (struct handle){.node = n->id, .flags = flags, .deadline = INT64_MAX};
	r = state_handle_reserve(m->state, &fh);
	assert_int_equal(r, h ? 0 : -ENFILE);
	if (r < 0)
		return;
	state_handle_open(m->state, fh, &handle);
	*h = (struct model_handle){.fh = fh, .node = n, .flags = flags};
	n->handles++;
	n->pending += flags & HANDLE_PENDING ? 1 : 0;
	used(m, n);
}

static void set_one(struct model *m, struct model_handle *h)
{
	struct handle handle;

	if (!h->fh)
		return;
	handle = *state_handle(m->state, h->fh);
	handle.flags = (roll(m, 2) ? HANDLE_PENDING : HANDLE_COUNTED) | lease_flags(m);
	h->node->pending += handle.flags & HANDLE_PENDING ? 1 : 0;
	h->node->pending -= h->flags & HANDLE_PENDING ? 1 : 0;
	h->flags = handle.flags;
	state_handle_set(m->state, h->fh, &handle);
}

static void set_tail(struct model *m, struct model_handle *h)
{
	struct handle handle;
	unsigned tails = 0;
	char text[16];
	int r;

	if (!h->fh)
		return;
	for (unsigned i = 0; i < HANDLES; i++)
		tails += m->handles[i].fh && m->handles[i].tail[0];
	handle = *state_handle(m->state, h->fh);
	(void)snprintf(text, sizeof(text), "%u", roll(m, 1000000));
	if (roll(m, 3) == 0) {
		handle.tail = 0;
		h->tail[0] = '\0';
	} else {
		r = state_tail_new(m->state, text, strlen(text), &handle.tail);
		assert_int_equal(r, tails == TAILS ? -ENFILE : 0);
		if (r < 0)
			return;
		strcpy(h->tail, text);
	}
	state_handle_set(m->state, h->fh, &handle);
}

static void close_one(struct model *m, struct model_handle *h)
{
	if (!h->fh)
		return;
	state_handle_close(m->state, h->fh);
	assert_null(state_handle(m->state, h->fh));
	h->node->handles--;
	h->node->pending -= h->flags & HANDLE_PENDING ? 1 : 0;
	used(m, h->node);
	*h = (struct model_handle){0};
}

/* ---- checks ---- */

static void check_node(struct model *m, const struct model_node *n)
{
	const struct node *node = state_node(m->state, n->id);

	assert_int_equal(node != NULL, n->known);
	if (!node)
		return;
	assert_int_equal(node->view, n->view);
	assert_int_equal(node->len, strlen(n->text));
	assert_string_equal(node->text, n->text);
	assert_int_equal(node->handles, n->handles);
	assert_int_equal(node->pending, n->pending);
	assert_int_equal(node->uid, n->uid);
}

static void check_handle(struct model *m, const struct model_handle *h)
{
	const struct handle *handle = state_handle(m->state, h->fh);
	const char *text;
	size_t len;

	if (!h->fh)
		return;
	assert_non_null(handle);
	assert_int_equal(handle->node, h->node->id);
	assert_int_equal(handle->flags, h->flags);
	assert_int_equal(handle->tail != 0, h->tail[0] != '\0');
	if (!handle->tail)
		return;
	text = state_tail(m->state, handle->tail, &len);
	assert_int_equal(len, strlen(h->tail));
	assert_memory_equal(text, h->tail, len);
}

static void check(struct model *m)
{
	unsigned open = 0, seen = 0, pending = 0, leases = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		check_node(m, &m->nodes[i]);
		pending += m->nodes[i].pending;
	}
	assert_int_equal(state_pending(m->state), pending);
	for (unsigned i = 0; i < HANDLES; i++) {
		check_handle(m, &m->handles[i]);
		open += m->handles[i].fh != 0;
		leases += (m->handles[i].flags & (HANDLE_LEASE | HANDLE_REAPING | HANDLE_OWED)) ==
			  HANDLE_LEASE;
	}
	assert_int_equal(state_leases(m->state), leases);
	for (uint64_t fh = 0; (fh = state_handle_next(m->state, fh)) != 0;)
		seen++;
	assert_int_equal(seen, open);
	assert_non_null(state_node(m->state, 1));
}

static void step(struct model *m)
{
	struct model_node *n = &m->nodes[roll(m, NAMES)];
	struct model_handle *h = &m->handles[roll(m, HANDLES)];

	switch (roll(m, 8)) {
	case 0:
	case 1:
	case 2:
		look_up(m, n);
		break;
	case 3:
	case 4:
		open_one(m, n);
		break;
	case 5:
		set_one(m, h);
		break;
	case 6:
		set_tail(m, h);
		break;
	default:
		close_one(m, h);
	}
	check(m);
}

static void make_names(struct model *m)
{
	for (unsigned i = 0; i < NAMES; i++) {
		struct model_node *n = &m->nodes[i];

		n->view = i % 3;
		n->is_long = i % 4 == 0;
		memset(n->text, 'x', sizeof(n->text));
		(void)snprintf(n->text + (n->is_long ? 200 : 0), 32, "n%u", i / 2);
	}
}

static void whatever_is_asked_there_is_what_the_model_has(void **state)
{
	static char mapping[1 << 21];
	struct model *m = calloc(1, sizeof(*m));
	size_t size;

	(void)state;
	assert_non_null(m);
	assert_int_equal(state_size(&limits, &size), 0);
	assert_in_range(size, 1, sizeof(mapping));
	m->seed = 3;
	make_names(m);
	assert_int_equal(state_new(&limits, mapping, &m->state), 0);
	for (int i = 0; i < STEPS; i++)
		step(m);
	state_free(m->state);
	free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_asked_there_is_what_the_model_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
