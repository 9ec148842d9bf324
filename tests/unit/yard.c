/* SPDX-License-Identifier: Apache-2.0 */
#include "yard.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/journal.h"
#include "core/vigil.h"
#include "fake_store.h"

int yard_setup(void **state)
{
	struct yard *y = calloc(1, sizeof(*y));

	if (!y)
		return -1;
	y->store = fake_store_new();
	*state = y;
	if (!y->store || vigils_new(64, &y->vigils) < 0)
		return -1;
	yard_restart(y, NULL);
	return 0;
}

int yard_teardown(void **state)
{
	struct yard *y = *state;

	if (graveyard_staged(y->graveyard))
		graveyard_rollback(y->graveyard);
	graveyard_free(y->graveyard);
	vigils_free(y->vigils);
	y->store->ops->free(y->store);
	free(y);
	return 0;
}

void yard_restart(struct yard *y, const struct graveyard_config *config)
{
	static const struct graveyard_config any = {.max_names = 1000};

	graveyard_free(y->graveyard);
	y->graveyard = NULL;
	assert_int_equal(graveyard_new(y->store, y->vigils, config ? config : &any, &y->graveyard),
			 0);
}

/* ---- stones ---- */

static void set_fact(struct stone *stone, enum fact fact, const char *word)
{
	int64_t *const times[FACT_COUNT] = {
		[FACT_BORN] = &stone->born,
		[FACT_READY] = &stone->ready,
		[FACT_DIED] = &stone->died,
	};

	stone->facts |= FACT_BIT(fact);
	if (times[fact])
		*times[fact] = strtoll(word, NULL, 10) * SECOND;
	else if (fact == FACT_CODE)
		stone->code = (int)strtol(word, NULL, 10);
	else
		(void)snprintf(stone->epitaph, sizeof(stone->epitaph), "%.*s",
			       (int)strcspn(word, " "), word);
}

static const char letters[FACT_COUNT + 1] = {
	[FACT_BORN] = 'b', [FACT_READY] = 'r', [FACT_EPITAPH] = 'e',
	[FACT_DIED] = 'd', [FACT_CODE] = 'c',
};

struct stone stone_of(const char *text)
{
	struct stone stone = {0};

	for (const char *word = text; *word; word += word[0] == ' ') {
		const char *letter = strchr(letters, *word);

		assert_non_null(letter);
		set_fact(&stone, (enum fact)(letter - letters), word + 1);
		word += strcspn(word, " ");
	}
	return stone;
}

void stone_words(const struct stone *stone, char ret_text[STONE_WORDS])
{
	struct buf b = BUF_INIT;

	if (stone_has(stone, FACT_BORN))
		buf_addf(&b, " b%" PRId64, stone->born / SECOND);
	if (stone_has(stone, FACT_READY))
		buf_addf(&b, " r%" PRId64, stone->ready / SECOND);
	if (stone_has(stone, FACT_DIED))
		buf_addf(&b, " d%" PRId64, stone->died / SECOND);
	if (stone_has(stone, FACT_CODE))
		buf_addf(&b, " c%d", stone->code);
	if (stone_has(stone, FACT_EPITAPH))
		buf_addf(&b, " e%s", stone->epitaph);
	assert_int_equal(buf_error(&b), 0);
	assert_true(b.len <= STONE_WORDS);
	memcpy(ret_text, b.len ? b.data + 1 : "", b.len ? b.len : 1);
	buf_release(&b);
}

/* ---- deeds ---- */

struct deed deed_of(enum deed_kind kind, const struct stone *stone)
{
	return (struct deed){
		.kind = kind,
		.stone = stone,
		.now = NOW * SECOND,
		.by = {.uid = SOMEBODY, .gid = SOMEBODY, .pid = 7},
	};
}

int yard_stage(struct yard *y, const char *name, enum deed_kind kind, const char *text)
{
	struct stone stone = stone_of(text ? text : "");
	struct deed deed = deed_of(kind, text ? &stone : NULL);

	return graveyard_stage(y->graveyard, name, strlen(name), &deed);
}

void yard_tell(struct yard *y, const char *name, enum deed_kind kind, const char *text)
{
	assert_int_equal(yard_stage(y, name, kind, text), 0);
	yard_commit(y);
}

int yard_remove(struct yard *y, const char *name)
{
	struct deed deed = deed_of(DEED_STONE, NULL);

	return graveyard_remove(y->graveyard, name, strlen(name), &deed);
}

void yard_commit(struct yard *y)
{
	assert_int_equal(graveyard_commit(y->graveyard), 0);
	assert_false(graveyard_staged(y->graveyard));
	assert_false(fake_store_begun(y->store));
}

int yard_chown(struct yard *y, const char *name, uid_t owner, uid_t uid)
{
	struct deed deed = deed_of(DEED_STONE, NULL);

	deed.by.uid = uid;
	return graveyard_chown(y->graveyard, name, strlen(name), owner, owner, &deed);
}

/* ---- looking ---- */

struct event yard_event(struct yard *y, uint64_t seq)
{
	struct event e = {0};

	assert_int_equal(y->store->ops->event(y->store, seq, &e), 0);
	return e;
}

struct grave yard_grave(struct yard *y, const char *name)
{
	struct grave grave = {0};

	assert_int_equal(y->store->ops->find(y->store, name, strlen(name), &grave), 0);
	return grave;
}

struct life yard_life(struct yard *y, const char *name, uint64_t number)
{
	struct life life = {0};

	assert_int_equal(y->store->ops->life(y->store, yard_grave(y, name).id, number, &life), 0);
	return life;
}

void assert_yard_life(struct yard *y, const char *name, const char *expected)
{
	char words[STONE_WORDS], text[STONE_WORDS + 24];
	struct grave grave;
	struct life life;
	int r = graveyard_find(y->graveyard, name, strlen(name), &grave, &life);

	if (r == -ENOENT) {
		assert_string_equal("", expected);
		return;
	}
	assert_int_equal(r, 0);
	stone_words(&life.stone, words);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " %s", life.number, words);
	assert_string_equal(text, expected);
}

void assert_yard_events(struct yard *y, uint64_t after, const char *expected)
{
	struct buf b = BUF_INIT;
	struct event e;

	buf_adds(&b, ", ");
	while (y->store->ops->event(y->store, ++after, &e) == 0) {
		buf_addf(&b, "%s%s %" PRIu64 " %s@%" PRId64, b.len > 2 ? ", " : "",
			 e.grave ? e.name : "-", e.life, event_word(e.what), e.time / SECOND);
		if (e.has_code)
			buf_addf(&b, "=%d", e.code);
	}
	assert_int_equal(buf_error(&b), 0);
	assert_string_equal(b.data + 2, expected);
	buf_release(&b);
}

void assert_yard_leases(struct yard *y, const char *expected)
{
	const struct store_ops *ops = y->store->ops;
	struct buf b = BUF_INIT;
	struct lease lease;
	int r = ops->next_lease(y->store, NULL, &lease);

	buf_adds(&b, ", ");
	for (; r == 0; r = ops->next_lease(y->store, &lease, &lease)) {
		struct grave grave = {0};

		assert_int_equal(ops->list(y->store, STORE_LIST_EVERY, lease.grave - 1, &grave), 0);
		buf_addf(&b, "%s%s %" PRIu64 " %d@%" PRId64, b.len > 2 ? ", " : "", grave.name,
			 lease.life, (int)lease.pid, lease.start);
	}
	assert_int_equal(r, -ENOENT);
	assert_int_equal(buf_error(&b), 0);
	assert_string_equal(b.data + 2, expected);
	buf_release(&b);
}

unsigned dice(uint64_t *seed, unsigned n)
{
	/* Knuth's MMIX; the high bits are the good ones. */
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((*seed >> 33) % n);
}
