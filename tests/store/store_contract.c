/* SPDX-License-Identifier: Apache-2.0 */
#include "store_contract.h"

#include "given.h"
#include "lease_contract.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_same_grave(const struct grave *a, const struct grave *b)
{
	assert_int_equal(a->id, b->id);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->life, b->life);
	assert_int_equal(a->on_view, b->on_view);
}

static void assert_same_life(const struct life *a, const struct life *b)
{
	assert_int_equal(a->grave, b->grave);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->stone.facts, b->stone.facts);
	assert_int_equal(a->stone.born, b->stone.born);
	assert_int_equal(a->stone.ready, b->stone.ready);
	assert_int_equal(a->stone.died, b->stone.died);
	assert_int_equal(a->stone.code, b->stone.code);
	assert_string_equal(a->stone.epitaph, b->stone.epitaph);
	assert_memory_equal(a->seq, b->seq, sizeof(a->seq));
	assert_int_equal(a->removed, b->removed);
	assert_int_equal(a->history_at, b->history_at);
}

static void assert_same_event(const struct event *a, const struct event *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->recorded, b->recorded);
	assert_int_equal(a->grave, b->grave);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->life, b->life);
	assert_int_equal(a->what, b->what);
	assert_int_equal(a->has_code, b->has_code);
	assert_int_equal(a->code, b->code);
	assert_memory_equal(&a->by, &b->by, sizeof(a->by));
	assert_int_equal(a->text_at, b->text_at);
}

static void assert_count(struct store *store, enum store_list which, uint64_t expected)
{
	uint64_t count = UINT64_MAX;

	assert_int_equal(store->ops->count(store, which, &count), 0);
	assert_int_equal(count, expected);
}

/* The names on a list, in order, with a space behind each. */
static void assert_list(struct store *store, enum store_list which, const char *expected)
{
	struct grave grave = {.id = 0};
	char names[1024] = "";
	size_t len = 0;
	int r;

	while ((r = store->ops->list(store, which, grave.id, &grave)) == 0)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s ", grave.name);
	assert_int_equal(r, -ENOENT);
	assert_string_equal(names, expected);
}

static void an_empty_store_knows_nothing(struct store *store)
{
	struct grave grave;
	struct life life;
	struct event event = {.seq = 99};
	struct store_info info;

	assert_int_equal(store->ops->info(store, &info), 0);
	assert_true(info.engine[0] && info.version[0]);
	assert_int_equal(store->ops->find(store, "a", 1, &grave), -ENOENT);
	assert_int_equal(store->ops->life(store, 1, 1, &life), -ENOENT);
	assert_int_equal(store->ops->life_at(store, 1, 1, &life), -ENOENT);
	assert_int_equal(store->ops->first_life(store, 1, 1, FACT_BORN, INT_MIN, &life), -ENOENT);
	assert_int_equal(store->ops->event(store, 1, &event), -ENOENT);
	assert_int_equal(event.seq, 99);
	assert_int_equal(store->ops->last_event(store, &event), 0);
	assert_int_equal(event.seq, 0);
	assert_int_equal(event.text_at, 0);
	for (int which = STORE_LIST_ON_VIEW; which <= STORE_LIST_EVERY; which++) {
		assert_list(store, (enum store_list)which, "");
		assert_count(store, (enum store_list)which, 0);
	}
}

static void a_grave_is_found_by_its_whole_name(struct store *store)
{
	char longest[GRAVE_NAME_MAX + 1];
	struct grave a = a_grave("web.1", 1), b, found;

	memset(longest, 'x', GRAVE_NAME_MAX);
	longest[GRAVE_NAME_MAX] = '\0';
	b = a_grave(longest, 7);
	b.uid = UINT32_MAX - 1;
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_grave(store, &a), 0);
	assert_int_equal(store->ops->put_grave(store, &b), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(a.id, 1);
	assert_int_equal(b.id, 2);

	assert_int_equal(store->ops->find(store, "web.1/not this", 5, &found), 0);
	assert_same_grave(&found, &a);
	assert_int_equal(store->ops->find(store, longest, GRAVE_NAME_MAX, &found), 0);
	assert_same_grave(&found, &b);
	assert_int_equal(store->ops->find(store, "web.1", 4, &found), -ENOENT);
	assert_int_equal(store->ops->find(store, "WEB.1", 5, &found), -ENOENT);
	assert_int_equal(store->ops->find(store, "web_1", 5, &found), -ENOENT);
	assert_int_equal(store->ops->find(store, longest, GRAVE_NAME_MAX - 1, &found), -ENOENT);
}

static void what_changed_of_a_grave_is_kept(struct store *store)
{
	struct grave grave = a_grave("a", 1), found;

	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_grave(store, &grave), 0);
	grave.uid = 0;
	grave.gid = 5;
	grave.life = 2;
	grave.on_view = false;
	assert_int_equal(store->ops->put_grave(store, &grave), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(grave.id, 1);
	assert_int_equal(store->ops->find(store, "a", 1, &found), 0);
	assert_same_grave(&found, &grave);
	assert_count(store, STORE_LIST_EVERY, 1);
}

static void put_and_compare(struct store *store, const struct life *life)
{
	struct life found;

	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_life(store, life), 0);
	assert_int_equal(store->ops->life(store, life->grave, life->number, &found), 0);
	assert_same_life(&found, life);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->life(store, life->grave, life->number, &found), 0);
	assert_same_life(&found, life);
}

static void a_life_is_kept_fact_by_fact(struct store *store)
{
	struct life life, found;

	commit_birth(store, "a");
	life = a_life(1, 1, 1);
	for (int fact = FACT_BORN; fact < FACT_COUNT; fact++) {
		set_fact(&life, (enum fact)fact, (uint64_t)fact + 1);
		put_and_compare(store, &life);
	}
	life.removed = 9;
	put_and_compare(store, &life);
	assert_int_equal(store->ops->life(store, 1, 2, &found), -ENOENT);
	assert_int_equal(store->ops->life(store, 2, 1, &found), -ENOENT);
}

static void extremes_are_kept(struct store *store)
{
	struct life life = a_life(1, 1, 1);

	commit_birth(store, "a");
	for (int fact = FACT_BORN; fact < FACT_COUNT; fact++)
		set_fact(&life, (enum fact)fact, (uint64_t)INT64_MAX);
	life.stone.born = INT64_MIN;
	life.stone.ready = -1;
	life.stone.died = INT64_MAX;
	life.stone.code = STONE_CODE_MIN;
	life.stone.epitaph[0] = '\0';
	put_and_compare(store, &life);
	life.stone.code = STONE_CODE_MAX;
	memset(life.stone.epitaph, 'e', STONE_EPITAPH_MAX);
	life.stone.epitaph[STONE_EPITAPH_MAX] = '\0';
	life.history_at = UINT64_C(1) << 40;
	put_and_compare(store, &life);
}

/* Lives 1 to 20 of grave 1, life n born at event 10 n; another grave has some too. */
static void twenty_lives(struct store *store)
{
	commit_birth(store, "a");
	commit_birth(store, "b");
	assert_int_equal(store->ops->begin(store), 0);
	for (uint64_t number = 1; number <= 20; number++) {
		struct life life = a_life(1, number, 10 * number);

		if (number % 2 == 0)
			set_fact(&life, FACT_DIED, 10 * number + 5);
		if (number % 4 == 0)
			set_fact(&life, FACT_CODE, 10 * number + 6);
		life.stone.code = number == 12 ? 0 : life.stone.code;
		assert_int_equal(store->ops->put_life(store, &life), 0);
	}
	assert_int_equal(store->ops->commit(store), 0);
}

static void the_life_at_any_event_is_found(struct store *store)
{
	struct life life;

	twenty_lives(store);
	for (uint64_t seq = 10; seq < 230; seq++) {
		assert_int_equal(store->ops->life_at(store, 1, seq, &life), 0);
		assert_int_equal(life.number, seq < 200 ? seq / 10 : 20);
	}
	assert_int_equal(store->ops->life_at(store, 1, UINT64_MAX, &life), 0);
	assert_int_equal(life.number, 20);
	life.number = 77;
	assert_int_equal(store->ops->life_at(store, 1, 9, &life), -ENOENT);
	assert_int_equal(store->ops->life_at(store, 1, 0, &life), -ENOENT);
	assert_int_equal(store->ops->life_at(store, 3, 100, &life), -ENOENT);
	assert_int_equal(life.number, 77);
}

static void the_first_life_with_a_fact_is_found(struct store *store)
{
	static const struct {
		uint64_t from;
		enum fact fact;
		int code;
		uint64_t expected; /* 0: none */
	} cases[] = {
		{1, FACT_BORN, INT_MIN, 1},   {0, FACT_BORN, INT_MIN, 1},
		{13, FACT_BORN, INT_MIN, 13}, {21, FACT_BORN, INT_MIN, 0},
		{1, FACT_READY, INT_MIN, 0},  {1, FACT_EPITAPH, INT_MIN, 0},
		{1, FACT_DIED, INT_MIN, 2},   {3, FACT_DIED, INT_MIN, 4},
		{20, FACT_DIED, INT_MIN, 20}, {1, FACT_CODE, INT_MIN, 4},
		{5, FACT_CODE, INT_MIN, 8},   {1, FACT_CODE, 3, 4},
		{1, FACT_CODE, 0, 12},        {12, FACT_CODE, 0, 12},
		{13, FACT_CODE, 0, 0},        {13, FACT_CODE, 3, 16},
		{1, FACT_CODE, -1, 0},        {UINT64_MAX, FACT_BORN, INT_MIN, 0},
	};

	twenty_lives(store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct life life = {.number = 0};
		int r = store->ops->first_life(store, 1, cases[i].from, cases[i].fact,
					       cases[i].code, &life);

		assert_int_equal(r, cases[i].expected ? 0 : -ENOENT);
		assert_int_equal(life.number, cases[i].expected);
	}
}

static void events_are_kept_with_their_names(struct store *store)
{
	const struct grave nobody = {.id = 0};
	struct grave grave;
	struct event event, found;

	commit_birth(store, "a");
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0);
	for (int what = EVENT_BORN; what <= EVENT_FRESH; what++) {
		event = an_event(store, (enum event_what)what,
				 what == EVENT_FRESH ? &nobody : &grave);
		event.has_code = what == EVENT_DIED || what == EVENT_EXITCODE;
		event.code = event.has_code ? -1 : 0;
		event.life = what == EVENT_OWNER ? 0 : event.life;
		event.by.pid = what % 2 ? 0 : 33;
		event.time = -NOON;
		assert_int_equal(store->ops->begin(store), 0);
		assert_int_equal(store->ops->append(store, &event), 0);
		assert_int_equal(store->ops->commit(store), 0);
		assert_int_equal(store->ops->event(store, event.seq, &found), 0);
		assert_same_event(&found, &event);
		assert_int_equal(store->ops->last_event(store, &found), 0);
		event.name[0] = '\0';
		assert_same_event(&found, &event);
	}
	assert_int_equal(store->ops->event(store, 0, &found), -ENOENT);
	assert_int_equal(store->ops->event(store, event.seq + 1, &found), -ENOENT);
	assert_int_equal(store->ops->event(store, UINT64_MAX, &found), -ENOENT);
}

static void take_off_view(struct store *store, const char *name)
{
	struct grave grave;
	struct life life;

	assert_int_equal(store->ops->find(store, name, strlen(name), &grave), 0);
	assert_int_equal(store->ops->life(store, grave.id, grave.life, &life), 0);
	grave.on_view = false;
	life.removed = 50;
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_grave(store, &grave), 0);
	assert_int_equal(store->ops->put_life(store, &life), 0);
	assert_int_equal(store->ops->commit(store), 0);
}

/* Who comes `skip` names later; NULL: nobody. */
static void assert_skip(struct store *store, int64_t after, uint64_t skip, const char *expected)
{
	struct grave grave;
	int r = store->ops->skip_on_view(store, after, skip, &grave);

	assert_int_equal(r, expected ? 0 : -ENOENT);
	if (expected)
		assert_string_equal(grave.name, expected);
}

static void lists_show_who_is_on_view_and_who_is_alive(struct store *store)
{
	commit_birth(store, "d");
	commit_birth(store, "c");
	commit_birth(store, "b");
	commit_birth(store, "a");
	commit_death(store, "c", 0);
	take_off_view(store, "b");
	assert_list(store, STORE_LIST_EVERY, "d c b a ");
	assert_list(store, STORE_LIST_ON_VIEW, "d c a ");
	assert_list(store, STORE_LIST_ALIVE, "d a ");
	assert_count(store, STORE_LIST_EVERY, 4);
	assert_count(store, STORE_LIST_ON_VIEW, 3);
	assert_count(store, STORE_LIST_ALIVE, 2);

	commit_birth(store, "c");
	commit_birth(store, "b"); /* its life before has no death */
	commit_death(store, "d", 1);
	assert_list(store, STORE_LIST_ON_VIEW, "d c b a ");
	assert_list(store, STORE_LIST_ALIVE, "c b a ");
	assert_skip(store, 0, 0, "d");
	assert_skip(store, 0, 3, "a");
	assert_skip(store, 0, 4, NULL);
	assert_skip(store, 1, 1, "b");
	assert_skip(store, 2, UINT64_MAX, NULL);
	assert_count(store, STORE_LIST_ALIVE, 3);
}

static void clearing_the_view_leaves_the_history(struct store *store)
{
	struct life life;

	commit_birth(store, "a");
	commit_death(store, "a", 1);
	commit_birth(store, "a");
	commit_birth(store, "b");
	commit_birth(store, "gone");
	take_off_view(store, "gone");
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->clear_view(store, 77), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_list(store, STORE_LIST_ON_VIEW, "");
	assert_list(store, STORE_LIST_ALIVE, "");
	assert_list(store, STORE_LIST_EVERY, "a b gone ");
	assert_int_equal(store->ops->life(store, 1, 1, &life), 0);
	assert_int_equal(life.removed, 0);
	assert_int_equal(store->ops->life(store, 1, 2, &life), 0);
	assert_int_equal(life.removed, 77);
	assert_int_equal(store->ops->life(store, 3, 1, &life), 0);
	assert_int_equal(life.removed, 50);
	commit_birth(store, "a");
	assert_list(store, STORE_LIST_ALIVE, "a ");
}

static void a_rollback_undoes_all_of_it(struct store *store)
{
	struct grave grave;
	struct life life;
	struct event event;

	commit_birth(store, "a");
	assert_int_equal(store->ops->begin(store), 0);
	die(store, "a", 1);
	be_born(store, "b");
	assert_int_equal(store->ops->clear_view(store, 4), 0);
	assert_int_equal(last_seq(store), 3);
	assert_int_equal(store->ops->find(store, "b", 1, &grave), 0);
	store->ops->rollback(store);

	assert_int_equal(last_seq(store), 1);
	assert_int_equal(store->ops->event(store, 2, &event), -ENOENT);
	assert_int_equal(store->ops->find(store, "b", 1, &grave), -ENOENT);
	assert_int_equal(store->ops->life(store, 1, 1, &life), 0);
	assert_int_equal(life.stone.facts, FACT_BIT(FACT_BORN));
	assert_list(store, STORE_LIST_ALIVE, "a ");
	commit_birth(store, "c");
	assert_int_equal(last_seq(store), 2);
	assert_int_equal(store->ops->find(store, "c", 1, &grave), 0);
	assert_int_equal(grave.id, 2);
}

const struct contract store_contract[] = {
	{"an empty store knows nothing", an_empty_store_knows_nothing},
	{"a grave is found by its whole name", a_grave_is_found_by_its_whole_name},
	{"what changed of a grave is kept", what_changed_of_a_grave_is_kept},
	{"a life is kept fact by fact", a_life_is_kept_fact_by_fact},
	{"extremes are kept", extremes_are_kept},
	{"the life at any event is found", the_life_at_any_event_is_found},
	{"the first life with a fact is found", the_first_life_with_a_fact_is_found},
	{"events are kept with their names", events_are_kept_with_their_names},
	{"lists show who is on view and alive", lists_show_who_is_on_view_and_who_is_alive},
	{"clearing the view leaves the history", clearing_the_view_leaves_the_history},
	{"a rollback undoes all of it", a_rollback_undoes_all_of_it},
	{"leases are kept one a holder, in order", leases_are_kept_one_a_holder_in_order},
	{"leases are dropped by holder, by life and all",
	 leases_are_dropped_by_holder_by_life_and_all},
	{"the last boot is kept", the_last_boot_is_kept},
	{"a rollback undoes leases and boots", a_rollback_undoes_leases_and_boots},
	{NULL, NULL},
};
