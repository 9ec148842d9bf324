/* SPDX-License-Identifier: Apache-2.0 */
#include "given.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct grave a_grave(const char *name, uint64_t life)
{
	struct grave grave = {.uid = 1000, .gid = 100, .life = life, .on_view = true};

	(void)snprintf(grave.name, sizeof(grave.name), "%s", name);
	return grave;
}

struct life a_life(int64_t grave, uint64_t number, uint64_t seq)
{
	struct life life = {.grave = grave, .number = number, .history_at = 100 * number};

	set_fact(&life, FACT_BORN, seq);
	return life;
}

void set_fact(struct life *life, enum fact fact, uint64_t seq)
{
	struct stone *stone = &life->stone;

	stone->facts |= FACT_BIT(fact);
	life->seq[fact] = seq;
	switch (fact) {
	case FACT_BORN:
		stone->born = NOON;
		break;
	case FACT_READY:
		stone->ready = NOON + 1;
		break;
	case FACT_EPITAPH:
		strcpy(stone->epitaph, "out of \"m\xc3\xa9moire\"");
		break;
	case FACT_DIED:
		stone->died = NOON + 2;
		break;
	default:
		stone->code = 3;
	}
}

struct event an_event(struct store *store, enum event_what what, const struct grave *grave)
{
	struct event last, event = {.what = what, .time = NOON, .recorded = NOON + 5};

	assert_int_equal(store->ops->last_event(store, &last), 0);
	event.seq = last.seq + 1;
	event.text_at = last.text_at + 60;
	event.by = (struct writer){.uid = 1000, .gid = 100, .pid = 4711};
	event.grave = grave->id;
	event.life = grave->life;
	memcpy(event.name, grave->name, sizeof(event.name));
	return event;
}

void be_born(struct store *store, const char *name)
{
	struct grave grave;
	struct event event;
	struct life life;

	if (store->ops->find(store, name, strlen(name), &grave) == -ENOENT)
		grave = a_grave(name, 0);
	grave.life++;
	grave.on_view = true;
	assert_int_equal(store->ops->put_grave(store, &grave), 0);
	event = an_event(store, EVENT_BORN, &grave);
	life = a_life(grave.id, grave.life, event.seq);
	assert_int_equal(store->ops->put_life(store, &life), 0);
	assert_int_equal(store->ops->append(store, &event), 0);
}

void die(struct store *store, const char *name, int code)
{
	struct grave grave;
	struct event event;
	struct life life;

	assert_int_equal(store->ops->find(store, name, strlen(name), &grave), 0);
	assert_int_equal(store->ops->life(store, grave.id, grave.life, &life), 0);
	event = an_event(store, EVENT_DIED, &grave);
	event.has_code = true;
	event.code = code;
	set_fact(&life, FACT_DIED, event.seq);
	set_fact(&life, FACT_CODE, event.seq);
	life.stone.code = code;
	assert_int_equal(store->ops->put_life(store, &life), 0);
	assert_int_equal(store->ops->append(store, &event), 0);
}

void commit_birth(struct store *store, const char *name)
{
	assert_int_equal(store->ops->begin(store), 0);
	be_born(store, name);
	assert_int_equal(store->ops->commit(store), 0);
}

void commit_death(struct store *store, const char *name, int code)
{
	assert_int_equal(store->ops->begin(store), 0);
	die(store, name, code);
	assert_int_equal(store->ops->commit(store), 0);
}

uint64_t last_seq(struct store *store)
{
	struct event last;

	assert_int_equal(store->ops->last_event(store, &last), 0);
	return last.seq;
}
