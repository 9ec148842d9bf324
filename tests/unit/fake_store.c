/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_leases.h"

struct tables {
	unsigned graves, lives, events;
	struct grave grave[FAKE_GRAVES]; /* of id index + 1 */
	struct life life[FAKE_LIVES];    /* in the order in which they were first kept */
	struct event event[FAKE_EVENTS]; /* of number index + 1, without names */
	struct fake_leases leases;
};

struct fake {
	struct store store;
	bool begun;
	unsigned calls[FAKE_OPS + 1]; /* and of any */
	enum fake_op failing;
	unsigned failing_at; /* 0: none fails */
	int error;
	struct tables now, before; /* `before` the transaction */
};

static struct fake *fake_of(struct store *store)
{
	return (struct fake *)store;
}

static const struct fake *fake_of_const(const struct store *store)
{
	return (const struct fake *)store;
}

static void copy_tables(struct tables *to, const struct tables *from)
{
	to->graves = from->graves;
	to->lives = from->lives;
	to->events = from->events;
	memcpy(to->grave, from->grave, from->graves * sizeof(from->grave[0]));
	memcpy(to->life, from->life, from->lives * sizeof(from->life[0]));
	memcpy(to->event, from->event, from->events * sizeof(from->event[0]));
	to->leases = from->leases;
}

/* Counts a call: 0, or the error that it is to give. */
static int called(struct store *store, enum fake_op op)
{
	struct fake *fake = fake_of(store);

	fake->calls[op]++;
	fake->calls[FAKE_ANY]++;
	if (!fake->failing_at || (fake->failing != op && fake->failing != FAKE_ANY) ||
	    --fake->failing_at > 0)
		return 0;
	return fake->error;
}

/* The same, of a write. */
static int called_write(struct store *store, enum fake_op op)
{
	assert_true(fake_of(store)->begun);
	return called(store, op);
}

/* ---- transactions ---- */

static int fake_begin(struct store *store)
{
	struct fake *fake = fake_of(store);
	int r = called(store, FAKE_BEGIN);

	assert_false(fake->begun);
	if (r < 0)
		return r;
	fake->begun = true;
	copy_tables(&fake->before, &fake->now);
	return 0;
}

static void fake_rollback(struct store *store)
{
	struct fake *fake = fake_of(store);

	assert_true(fake->begun);
	fake->begun = false;
	copy_tables(&fake->now, &fake->before);
}

static int fake_commit(struct store *store)
{
	int r = called_write(store, FAKE_COMMIT);

	if (r < 0)
		fake_rollback(store);
	fake_of(store)->begun = false;
	return r;
}

/* ---- looking ---- */

static const struct grave *grave_by_id(const struct fake *fake, int64_t id)
{
	return id >= 1 && id <= fake->now.graves ? &fake->now.grave[id - 1] : NULL;
}

static struct life *life_by_number(struct fake *fake, int64_t grave, uint64_t number)
{
	for (unsigned i = 0; i < fake->now.lives; i++) {
		struct life *life = &fake->now.life[i];

		if (life->grave == grave && life->number == number)
			return life;
	}
	return NULL;
}

static int fake_find(struct store *store, const char *name, size_t len, struct grave *ret_grave)
{
	const struct tables *now = &fake_of(store)->now;
	int r = called(store, FAKE_FIND);

	for (unsigned i = 0; r == 0 && i < now->graves; i++) {
		if (strlen(now->grave[i].name) != len || memcmp(now->grave[i].name, name, len) != 0)
			continue;
		*ret_grave = now->grave[i];
		return 0;
	}
	return r < 0 ? r : -ENOENT;
}

static int give_life(const struct life *life, struct life *ret_life)
{
	if (!life)
		return -ENOENT;
	*ret_life = *life;
	return 0;
}

static int fake_life(struct store *store, int64_t grave, uint64_t number, struct life *ret_life)
{
	int r = called(store, FAKE_LIFE);

	return r < 0 ? r : give_life(life_by_number(fake_of(store), grave, number), ret_life);
}

static int fake_life_at(struct store *store, int64_t grave, uint64_t seq, struct life *ret_life)
{
	const struct tables *now = &fake_of(store)->now;
	const struct life *found = NULL;
	int r = called(store, FAKE_LIFE_AT);

	for (unsigned i = 0; i < now->lives; i++) {
		const struct life *life = &now->life[i];

		if (life->grave == grave && life->seq[FACT_BORN] <= seq &&
		    (!found || life->number > found->number))
			found = life;
	}
	return r < 0 ? r : give_life(found, ret_life);
}

static bool matches(const struct life *life, enum fact fact, int code)
{
	return stone_has(&life->stone, fact) &&
	       (fact != FACT_CODE || code == INT_MIN || life->stone.code == code);
}

static int fake_first_life(struct store *store, int64_t grave, uint64_t from, enum fact fact,
			   int code, struct life *ret_life)
{
	const struct tables *now = &fake_of(store)->now;
	const struct life *found = NULL;
	int r = called(store, FAKE_FIRST_LIFE);

	for (unsigned i = 0; i < now->lives; i++) {
		const struct life *life = &now->life[i];

		if (life->grave == grave && life->number >= from && matches(life, fact, code) &&
		    (!found || life->number < found->number))
			found = life;
	}
	return r < 0 ? r : give_life(found, ret_life);
}

static int fake_event(struct store *store, uint64_t seq, struct event *ret_event)
{
	const struct fake *fake = fake_of(store);
	int r = called(store, FAKE_EVENT);

	if (r < 0)
		return r;
	if (seq < 1 || seq > fake->now.events)
		return -ENOENT;
	*ret_event = fake->now.event[seq - 1];
	if (ret_event->grave)
		strcpy(ret_event->name, grave_by_id(fake, ret_event->grave)->name);
	return 0;
}

static int fake_last_event(struct store *store, struct event *ret_event)
{
	const struct tables *now = &fake_of(store)->now;
	int r = called(store, FAKE_LAST_EVENT);

	if (r < 0)
		return r;
	*ret_event = now->events ? now->event[now->events - 1] : (struct event){0};
	return 0;
}

static bool is_listed(struct fake *fake, const struct grave *grave, enum store_list which)
{
	const struct life *life = life_by_number(fake, grave->id, grave->life);

	if (which == STORE_LIST_EVERY)
		return true;
	return grave->on_view &&
	       (which == STORE_LIST_ON_VIEW || (life && !stone_has(&life->stone, FACT_DIED)));
}

static int fake_list(struct store *store, enum store_list which, int64_t after,
		     struct grave *ret_grave)
{
	struct fake *fake = fake_of(store);
	int r = called(store, FAKE_LIST);

	for (int64_t id = after + 1; r == 0 && id <= fake->now.graves; id++) {
		if (!is_listed(fake, grave_by_id(fake, id), which))
			continue;
		*ret_grave = *grave_by_id(fake, id);
		return 0;
	}
	return r < 0 ? r : -ENOENT;
}

static int fake_skip_on_view(struct store *store, int64_t after, uint64_t skip,
			     struct grave *ret_grave)
{
	struct grave grave = {.id = after};
	int r = 0;

	for (uint64_t i = 0; r == 0 && i <= skip; i++)
		r = fake_list(store, STORE_LIST_ON_VIEW, grave.id, &grave);
	if (r == 0)
		*ret_grave = grave;
	return r;
}

static int fake_count(struct store *store, enum store_list which, uint64_t *ret_count)
{
	struct fake *fake = fake_of(store);
	int r = called(store, FAKE_COUNT);
	uint64_t count = 0;

	if (r < 0)
		return r;
	for (int64_t id = 1; id <= fake->now.graves; id++)
		count += is_listed(fake, grave_by_id(fake, id), which);
	*ret_count = count;
	return 0;
}

/* ---- changing ---- */

static int fake_put_grave(struct store *store, struct grave *grave)
{
	struct tables *now = &fake_of(store)->now;
	int r = called_write(store, FAKE_PUT_GRAVE);

	if (r < 0)
		return r;
	if (grave->id == 0) {
		assert_true(now->graves < FAKE_GRAVES);
		grave->id = ++now->graves;
	} else {
		assert_string_equal(now->grave[grave->id - 1].name, grave->name);
	}
	now->grave[grave->id - 1] = *grave;
	return 0;
}

static int fake_put_life(struct store *store, const struct life *life)
{
	struct fake *fake = fake_of(store);
	struct life *kept = life_by_number(fake, life->grave, life->number);
	int r = called_write(store, FAKE_PUT_LIFE);

	assert_non_null(grave_by_id(fake, life->grave));
	assert_true(life->number > 0 && stone_has(&life->stone, FACT_BORN));
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		assert_true(!stone_has(&life->stone, fact) == !life->seq[fact]);
	if (r < 0)
		return r;
	if (!kept) {
		assert_true(fake->now.lives < FAKE_LIVES);
		kept = &fake->now.life[fake->now.lives++];
	}
	*kept = *life;
	return 0;
}

static int fake_append(struct store *store, const struct event *event)
{
	struct tables *now = &fake_of(store)->now;
	int r = called_write(store, FAKE_APPEND);

	if (r < 0)
		return r;
	assert_int_equal(event->seq, now->events + 1);
	assert_true(now->events < FAKE_EVENTS);
	assert_true(!event->grave == (event->what == EVENT_FRESH));
	now->event[now->events] = *event;
	now->event[now->events++].name[0] = '\0';
	return 0;
}

static int fake_clear_view(struct store *store, uint64_t seq)
{
	struct fake *fake = fake_of(store);
	int r = called_write(store, FAKE_CLEAR_VIEW);

	for (unsigned i = 0; r == 0 && i < fake->now.graves; i++) {
		struct grave *grave = &fake->now.grave[i];
		struct life *life = life_by_number(fake, grave->id, grave->life);

		if (grave->on_view && life)
			life->removed = seq;
		grave->on_view = false;
	}
	return r;
}

/* ---- leases and boots ---- */

static int fake_put_lease(struct store *store, const struct lease *lease)
{
	int r = called_write(store, FAKE_PUT_LEASE);

	assert_non_null(grave_by_id(fake_of(store), lease->grave));
	if (r == 0)
		fake_leases_put(&fake_of(store)->now.leases, lease);
	return r;
}

static int fake_drop_leases(struct store *store, int64_t grave, uint64_t life, pid_t pid)
{
	int r = called_write(store, FAKE_DROP_LEASES);

	if (r == 0)
		fake_leases_drop(&fake_of(store)->now.leases, grave, life, pid);
	return r;
}

static int fake_next_lease(struct store *store, const struct lease *after, struct lease *ret_lease)
{
	int r = called(store, FAKE_NEXT_LEASE);

	return r < 0 ? r : fake_leases_next(&fake_of(store)->now.leases, after, ret_lease);
}

static int fake_boot(struct store *store, char ret_id[BOOT_ID_SIZE])
{
	int r = called(store, FAKE_BOOT);

	return r < 0 ? r : fake_leases_boot(&fake_of(store)->now.leases, ret_id);
}

static int fake_put_boot(struct store *store, const char *id)
{
	int r = called_write(store, FAKE_PUT_BOOT);

	assert_in_range(strlen(id), 1, BOOT_ID_SIZE - 1);
	if (r == 0)
		strcpy(fake_of(store)->now.leases.boot, id);
	return r;
}

static int fake_info(struct store *store, struct store_info *ret_info)
{
	const struct tables *now = &fake_of(store)->now;

	*ret_info = (struct store_info){
		.engine = "fake",
		.version = "1",
		.bytes = now->events * sizeof(now->event[0]),
	};
	return 0;
}

static void fake_free(struct store *store)
{
	assert_false(fake_of(store)->begun);
	free(fake_of(store));
}

static const struct store_ops fake_ops = {
	.begin = fake_begin,
	.commit = fake_commit,
	.rollback = fake_rollback,
	.find = fake_find,
	.life = fake_life,
	.life_at = fake_life_at,
	.first_life = fake_first_life,
	.put_grave = fake_put_grave,
	.put_life = fake_put_life,
	.append = fake_append,
	.event = fake_event,
	.last_event = fake_last_event,
	.list = fake_list,
	.skip_on_view = fake_skip_on_view,
	.count = fake_count,
	.clear_view = fake_clear_view,
	.put_lease = fake_put_lease,
	.drop_leases = fake_drop_leases,
	.next_lease = fake_next_lease,
	.boot = fake_boot,
	.put_boot = fake_put_boot,
	.info = fake_info,
	.free = fake_free,
};

/* ---- for the tests ---- */

struct store *fake_store_new(void)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	if (!fake)
		return NULL;
	fake->store.ops = &fake_ops;
	return &fake->store;
}

void fake_store_fail(struct store *store, enum fake_op op, unsigned n, int error)
{
	struct fake *fake = fake_of(store);

	fake->failing = op;
	fake->failing_at = n;
	fake->error = error;
}

bool fake_store_fails(const struct store *store)
{
	return fake_of_const(store)->failing_at > 0;
}

bool fake_store_begun(const struct store *store)
{
	return fake_of_const(store)->begun;
}

unsigned fake_store_calls(const struct store *store, enum fake_op op)
{
	return fake_of_const(store)->calls[op];
}

static bool same_grave(const struct grave *a, const struct grave *b)
{
	return a->id == b->id && strcmp(a->name, b->name) == 0 && a->uid == b->uid &&
	       a->gid == b->gid && a->life == b->life && a->on_view == b->on_view;
}

static bool same_life(const struct life *a, const struct life *b)
{
	const struct stone *s = &a->stone, *t = &b->stone;

	return a->grave == b->grave && a->number == b->number && s->facts == t->facts &&
	       s->born == t->born && s->ready == t->ready && s->died == t->died &&
	       s->code == t->code && strcmp(s->epitaph, t->epitaph) == 0 &&
	       memcmp(a->seq, b->seq, sizeof(a->seq)) == 0 && a->removed == b->removed &&
	       a->history_at == b->history_at;
}

static bool same_event(const struct event *a, const struct event *b)
{
	return a->seq == b->seq && a->time == b->time && a->recorded == b->recorded &&
	       a->grave == b->grave && a->life == b->life && a->what == b->what &&
	       a->has_code == b->has_code && a->code == b->code && a->by.uid == b->by.uid &&
	       a->by.gid == b->by.gid && a->by.pid == b->by.pid && a->text_at == b->text_at;
}

bool fake_store_same(const struct store *a, const struct store *b)
{
	const struct tables *x = &fake_of_const(a)->now, *y = &fake_of_const(b)->now;
	bool same = x->graves == y->graves && x->lives == y->lives && x->events == y->events;

	for (unsigned i = 0; same && i < x->graves; i++)
		same = same_grave(&x->grave[i], &y->grave[i]);
	for (unsigned i = 0; same && i < x->lives; i++)
		same = same_life(&x->life[i], &y->life[i]);
	for (unsigned i = 0; same && i < x->events; i++)
		same = same_event(&x->event[i], &y->event[i]);
	return same && fake_leases_same(&x->leases, &y->leases);
}

void fake_store_copy(struct store *to, const struct store *from)
{
	copy_tables(&fake_of(to)->now, &fake_of_const(from)->now);
}
