/* SPDX-License-Identifier: Apache-2.0 */
/* What handles show that is in no journal: kept with them, and no longer. */
#include "fs/state_tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "yard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HANDLES 16
#define BLOCKS 40
#define STEPS 20000
#define LONGEST (10 * BLOCK_BYTES)

static const struct state_limits limits = {
	.names = 8, .handles = HANDLES, .tails = 1, .blocks = BLOCKS};

/* What outlives a process; the next has it elsewhere. */
static char mappings[2][1 << 20];
static unsigned here;

static struct state *new_state(void)
{
	struct state *s = NULL;

	assert_int_equal(state_new(&limits, mappings[here], &s), 0);
	return s;
}

static int setup(void **state)
{
	size_t size;

	assert_int_equal(state_size(&limits, &size), 0);
	assert_in_range(size, 1, sizeof(mappings[0]));
	memset(mappings, 0, sizeof(mappings));
	*state = new_state();
	return 0;
}

static int teardown(void **state)
{
	state_free(*state);
	return 0;
}

static struct state *take_over(struct state *s)
{
	memcpy(mappings[!here], mappings[here], sizeof(mappings[0]));
	memset(mappings[here], 0xff, sizeof(mappings[0]));
	here = !here;
	state_free(s);
	return new_state();
}

/* Bytes of which each snapshot has others. */
static const char *text_of(unsigned seed)
{
	static unsigned char text[LONGEST];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i / 251 + i * (seed % 250 + 1) + seed);
	return (const char *)text;
}

static uint32_t new_snapshot(struct state *s, unsigned seed, size_t len)
{
	uint32_t snapshot = 0;

	assert_int_equal(state_snapshot_new(s, text_of(seed), len, &snapshot), 0);
	assert_true(snapshot != 0);
	return snapshot;
}

static uint64_t open_with(struct state *s, uint32_t snapshot)
{
	struct handle handle = {.node = 1, .snapshot = snapshot};
	uint64_t fh = 0;

	assert_int_equal(state_handle_reserve(s, &fh), 0);
	state_handle_open(s, fh, &handle);
	return fh;
}

static void assert_text(struct state *s, uint32_t snapshot, unsigned seed, size_t len)
{
	static char got[LONGEST + 1];

	assert_int_equal(state_snapshot_len(s, snapshot), len);
	assert_int_equal(state_snapshot_get(s, snapshot, 0, got, sizeof(got)), len);
	assert_memory_equal(got, text_of(seed), len);
}

/* How many blocks are free: so many snapshots of one block each can be made. */
static unsigned count_free(struct state *s)
{
	uint32_t made[BLOCKS];
	unsigned count = 0;

	while (state_snapshot_new(s, "x", 1, &made[count]) == 0)
		assert_in_range(++count, 1, BLOCKS);
	for (unsigned i = 0; i < count; i++)
		state_snapshot_free(s, made[i]);
	return count;
}

static void a_snapshot_of_any_length_is_as_it_was_given(void **state)
{
	static const size_t lens[] = {0,
				      1,
				      BLOCK_BYTES - 1,
				      BLOCK_BYTES,
				      BLOCK_BYTES + 1,
				      2 * BLOCK_BYTES,
				      3 * BLOCK_BYTES + 7,
				      LONGEST};
	struct state *s = *state;

	for (unsigned i = 0; i < COUNT(lens); i++) {
		uint32_t snapshot = new_snapshot(s, i, lens[i]);

		assert_text(s, snapshot, i, lens[i]);
		state_snapshot_free(s, snapshot);
		assert_int_equal(count_free(s), BLOCKS);
	}
}

static void any_part_of_a_snapshot_is_found(void **state)
{
	static const size_t places[] = {0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 5};
	const size_t len = 2 * BLOCK_BYTES + 9;
	struct state *s = *state;
	uint32_t snapshot = new_snapshot(s, 3, len);
	char got[BLOCK_BYTES + 2];

	for (unsigned i = 0; i < COUNT(places); i++) {
		for (size_t size = 1; size <= sizeof(got); size += BLOCK_BYTES) {
			size_t left = len - places[i], n = size < left ? size : left;

			assert_int_equal(state_snapshot_get(s, snapshot, places[i], got, size), n);
			assert_memory_equal(got, text_of(3) + places[i], n);
		}
	}
	assert_int_equal(state_snapshot_get(s, snapshot, len, got, 1), 0);
	assert_int_equal(state_snapshot_get(s, snapshot, UINT64_MAX, got, 1), 0);
}

static void snapshots_run_out_whole_and_come_back(void **state)
{
	struct state *s = *state;
	uint32_t snapshot = new_snapshot(s, 1, LONGEST), more = 77; /* 11 blocks */

	(void)new_snapshot(s, 2, LONGEST);
	(void)new_snapshot(s, 3, LONGEST);
	assert_false(state_snapshot_fits(s, LONGEST));
	for (int i = 0; i < 3; i++)
		assert_int_equal(state_snapshot_new(s, text_of(4), LONGEST, &more), -ENFILE);
	assert_int_equal(more, 77);
	assert_int_equal(count_free(s), BLOCKS - 33);
	state_snapshot_free(s, snapshot);
	assert_int_equal(count_free(s), BLOCKS - 22);
	assert_true(state_snapshot_fits(s, LONGEST));
	more = new_snapshot(s, 4, LONGEST);
	assert_text(s, more, 4, LONGEST);
}

static void one_that_no_first_block_can_name_is_refused(void **state)
{
	uint32_t snapshot = 77;
	char *much = calloc(1, SNAPSHOT_MAX + 1);

	assert_non_null(much);
	assert_false(state_snapshot_fits(*state, SNAPSHOT_MAX + 1));
	assert_int_equal(state_snapshot_new(*state, much, SNAPSHOT_MAX + 1, &snapshot), -ENFILE);
	assert_int_equal(snapshot, 77);
	assert_int_equal(count_free(*state), BLOCKS);
	free(much);
}

static void a_snapshot_is_let_go_with_its_handle(void **state)
{
	struct state *s = *state;

	for (unsigned i = 0; i < 3 * BLOCKS; i++) {
		uint64_t fh = open_with(s, new_snapshot(s, i, LONGEST));
		struct handle handle = *state_handle(s, fh);

		handle.hint = i;
		state_handle_set(s, fh, &handle);
		assert_text(s, state_handle(s, fh)->snapshot, i, LONGEST);
		handle.snapshot = i % 2 ? new_snapshot(s, i + 1, 1) : handle.snapshot;
		state_handle_set(s, fh, &handle);
		if (i % 2)
			assert_text(s, state_handle(s, fh)->snapshot, i + 1, 1);
		state_handle_close(s, fh);
		assert_int_equal(count_free(s), BLOCKS);
	}
}

/* ---- a process ends ---- */

static void another_process_has_what_handles_have_and_nothing_else(void **state)
{
	struct state *s = *state;
	uint64_t one = open_with(s, new_snapshot(s, 1, 10));
	uint64_t gone = open_with(s, new_snapshot(s, 2, LONGEST));
	uint64_t large = open_with(s, new_snapshot(s, 3, LONGEST));

	(void)new_snapshot(s, 4, LONGEST); /* of a request that was never answered */
	state_handle_close(s, gone);
	*state = s = take_over(s);
	assert_text(s, state_handle(s, one)->snapshot, 1, 10);
	assert_text(s, state_handle(s, large)->snapshot, 3, LONGEST);
	assert_int_equal(count_free(s), BLOCKS - 12);
	state_handle_close(s, one);
	state_handle_close(s, large);
	assert_int_equal(count_free(s), BLOCKS);
}

/* Its blocks are reserved; those of the parts are filled in and taken; its first is not. */
static void what_was_half_made_is_free(void **state)
{
	struct state *s = *state;

	for (unsigned taken = 0; taken < 4; taken++) {
		uint32_t blocks[4];

		for (unsigned i = 0; i < COUNT(blocks); i++)
			blocks[i] = table_reserve(&s->blocks);
		memset(((struct block_slot *)table_slot(&s->blocks, blocks[3]))->bytes, 0xff,
		       BLOCK_BYTES);
		for (unsigned i = 0; i < taken; i++)
			(void)table_take(&s->blocks, blocks[i]);
		*state = s = take_over(s);
		assert_int_equal(count_free(s), BLOCKS);
	}
}

/* Its handle is closed, and of its blocks some are let go. */
static void what_was_half_let_go_is_free(void **state)
{
	struct state *s = *state;

	for (unsigned gone = 0; gone <= 10; gone++) {
		uint32_t snapshot = new_snapshot(s, gone, LONGEST);
		const struct block_slot *first = table_slot(&s->blocks, snapshot);

		for (unsigned i = 0; i < gone; i++)
			table_let_go(&s->blocks, first->others[i]);
		*state = s = take_over(s);
		assert_int_equal(count_free(s), BLOCKS);
	}
}

/* The answer to the open was kept, its handle was not there yet: nothing refers to it when all is counted first. */
static void a_handle_that_is_opened_by_the_next_process_has_its_snapshot(void **state)
{
	struct state *s = *state;
	struct handle handle = {.node = 1, .snapshot = new_snapshot(s, 5, LONGEST)};
	uint64_t fh = 0;

	assert_int_equal(state_handle_reserve(s, &fh), 0);
	*state = s = take_over(s);
	state_handle_open(s, fh, &handle);
	assert_int_equal(state_recount(s), 0);
	assert_int_equal(count_free(s), BLOCKS - 11);
	assert_text(s, state_handle(s, fh)->snapshot, 5, LONGEST);
	*state = s = take_over(s);
	assert_text(s, state_handle(s, fh)->snapshot, 5, LONGEST);
	state_handle_close(s, fh);
	assert_int_equal(count_free(s), BLOCKS);
}

static void a_copy_that_was_begun_takes_the_new_one(void **state)
{
	struct state *s = *state;
	uint64_t fh = open_with(s, new_snapshot(s, 1, LONGEST));
	struct handle handle = *state_handle(s, fh);

	handle.snapshot = new_snapshot(s, 2, 5);
	s->head->handle = handle;
	s->head->index = state_handle_index(fh);
	*state = s = take_over(s);
	assert_text(s, state_handle(s, fh)->snapshot, 2, 5);
	assert_int_equal(count_free(s), BLOCKS - 1);
}

/* ---- whatever happens ---- */

struct open_file {
	uint64_t fh; /* 0: none */
	unsigned seed;
	size_t len;
};

static unsigned blocks_of(const struct open_file *file)
{
	return !file->fh ? 0
	       : file->len <= BLOCK_BYTES
		       ? 1
		       : 1 + (unsigned)((file->len + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

static void open_or_close(struct state *s, struct open_file *file, uint64_t *seed, unsigned used)
{
	struct open_file want = {.fh = 1, .seed = dice(seed, 10000), .len = dice(seed, LONGEST)};
	uint32_t snapshot = 0;
	int r;

	if (file->fh) {
		state_handle_close(s, file->fh);
		file->fh = 0;
		return;
	}
	r = state_snapshot_new(s, text_of(want.seed), want.len, &snapshot);
	assert_int_equal(r, used + blocks_of(&want) > BLOCKS ? -ENFILE : 0);
	if (r < 0)
		assert_false(state_snapshot_fits(s, want.len));
	if (r < 0)
		return;
	want.fh = open_with(s, snapshot);
	*file = want;
}

static void each_handle_has_its_own_whatever_ends_when(void **state)
{
	struct open_file files[HANDLES] = {0};
	struct state *s = *state;
	uint64_t seed = 7;

	for (int step = 0; step < STEPS; step++) {
		struct open_file *file = &files[dice(&seed, HANDLES)];
		unsigned used = 0;

		for (unsigned i = 0; i < HANDLES; i++)
			used += blocks_of(&files[i]);
		if (dice(&seed, 20) == 0)
			*state = s = take_over(s);
		if (file->fh)
			assert_text(s, state_handle(s, file->fh)->snapshot, file->seed, file->len);
		open_or_close(s, file, &seed, used);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_snapshot_of_any_length_is_as_it_was_given),
		TEST(any_part_of_a_snapshot_is_found),
		TEST(snapshots_run_out_whole_and_come_back),
		TEST(one_that_no_first_block_can_name_is_refused),
		TEST(a_snapshot_is_let_go_with_its_handle),
		TEST(another_process_has_what_handles_have_and_nothing_else),
		TEST(what_was_half_made_is_free),
		TEST(what_was_half_let_go_is_free),
		TEST(a_handle_that_is_opened_by_the_next_process_has_its_snapshot),
		TEST(a_copy_that_was_begun_takes_the_new_one),
		TEST(each_handle_has_its_own_whatever_ends_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
