/* SPDX-License-Identifier: Apache-2.0 */
/* To be linked as scarce.h says. */
#include "fs/state_tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scarce.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOT 1

#define IDLE 8
#define HANDLES 8

static const struct state_limits limits = {.names = IDLE, .handles = HANDLES, .tails = 3};

/* What outlives a process. */
static char mapping[1 << 20];

static int setup(void **state)
{
	size_t size;

	assert_int_equal(state_size(&limits, &size), 0);
	assert_in_range(size, 1, sizeof(mapping));
	memset(mapping, 0, sizeof(mapping));
	return state_new(&limits, mapping, (struct state **)state);
}

static int teardown(void **state)
{
	state_free(*state);
	return 0;
}

static uint64_t intern(struct state *s, unsigned view, const char *text)
{
	uint64_t id = 0;

	assert_int_equal(state_node_intern(s, view, text, strlen(text), &id), 0);
	assert_non_null(state_node(s, id));
	return id;
}

/* So many other names, looked up once. */
static void look_up_others(struct state *s, unsigned count)
{
	static unsigned number;

	while (count-- > 0) {
		char name[24];

		(void)snprintf(name, sizeof(name), "other-%u", number++);
		(void)intern(s, 2, name);
	}
}

static uint64_t open_handle(struct state *s, uint64_t node, uint32_t flags)
{
	struct handle handle = {.node = node, .flags = flags, .deadline = INT64_MAX};
	uint64_t fh = 0;

	assert_int_equal(state_handle_reserve(s, &fh), 0);
	assert_null(state_handle(s, fh));
	state_handle_open(s, fh, &handle);
	assert_non_null(state_handle(s, fh));
	return fh;
}

static void set_flags(struct state *s, uint64_t fh, uint32_t flags)
{
	struct handle handle = *state_handle(s, fh);

	handle.flags = flags;
	state_handle_set(s, fh, &handle);
}

/* ---- nodes ---- */

static void the_root_and_the_views_are_always_known(void **state)
{
	struct state *s = *state;
	uint64_t view = intern(s, 3, ""), fh = open_handle(s, ROOT, 0);

	assert_int_equal(intern(s, 0, ""), ROOT);
	assert_int_equal(state_node(s, ROOT)->view, 0);
	assert_string_equal(state_node(s, ROOT)->text, "");
	assert_int_equal(state_node(s, ROOT)->handles, 1);
	state_handle_close(s, fh);
	look_up_others(s, 100);
	assert_int_equal(intern(s, 0, ""), ROOT);
	assert_int_equal(intern(s, 3, ""), view);
	assert_int_equal(state_node(s, view)->view, 3);
}

static void the_same_name_has_the_same_id_while_it_is_known(void **state)
{
	struct state *s = *state;
	uint64_t a = intern(s, 1, "a");

	assert_int_equal(intern(s, 1, "a"), a);
	assert_true(intern(s, 2, "a") != a);
	assert_true(intern(s, 1, "aa") != a);
	assert_true(intern(s, 1, "") != a);
	assert_int_equal(intern(s, 1, "a"), a);
	assert_int_equal(state_node(s, a)->view, 1);
	assert_int_equal(state_node(s, a)->len, 1);
	assert_string_equal(state_node(s, a)->text, "a");
}

static void names_are_forgotten_in_the_order_of_their_last_use(void **state)
{
	struct state *s = *state;
	uint64_t a = intern(s, 1, "a"), b = intern(s, 1, "b");

	look_up_others(s, IDLE - 2);
	assert_non_null(state_node(s, a));
	(void)intern(s, 1, "a");
	look_up_others(s, 1);
	assert_null(state_node(s, b));
	assert_non_null(state_node(s, a));
	look_up_others(s, IDLE - 2);
	assert_non_null(state_node(s, a));
	look_up_others(s, 1);
	assert_null(state_node(s, a));
	assert_true(intern(s, 1, "a") != a);
	assert_null(state_node(s, a));
}

static void a_stale_id_is_nobody(void **state)
{
	struct state *s = *state;
	uint64_t stale = intern(s, 1, "a"), fresh, fh;

	look_up_others(s, IDLE - 1);
	fresh = intern(s, 1, "b"); /* drives it out */
	assert_null(state_node(s, stale));
	state_node_own(s, stale, 5, 5);
	fh = open_handle(s, stale, HANDLE_PENDING);
	assert_int_equal(state_node(s, fresh)->handles, 0);
	state_handle_close(s, fh);
	assert_int_equal(state_node(s, fresh)->uid, 0);
	assert_non_null(state_node(s, fresh));
}

static void an_id_that_never_was_is_nobody(void **state)
{
	static const uint64_t ids[] = {0, 2, 3, 0xffffff, UINT64_MAX, UINT64_C(1) << 63, 1u << 24};
	struct state *s = *state;

	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_null(state_node(s, ids[i]));
		assert_null(state_handle(s, ids[i]));
		state_node_own(s, ids[i], 5, 5);
		state_handle_close(s, ids[i]);
		state_handle_set(s, ids[i], &(struct handle){0});
	}
}

static void names_of_any_length_are_kept(void **state)
{
	static const size_t lens[] = {1, 86, 87, 88, 89, 253, WHO_MAX - 1, WHO_MAX};
	struct state *s = *state;
	char text[WHO_MAX + 1];

	memset(text, 'x', sizeof(text));
	for (int again = 0; again < 20; again++) {
		for (size_t i = 0; i < COUNT(lens); i++) {
			uint64_t id = 0, same = 0;

			assert_int_equal(state_node_intern(s, 9, text, lens[i], &id), 0);
			assert_int_equal(state_node_intern(s, 9, text, lens[i], &same), 0);
			assert_int_equal(same, id);
			assert_int_equal(state_node(s, id)->len, lens[i]);
			assert_int_equal(strlen(state_node(s, id)->text), lens[i]);
		}
		assert_int_equal(state_node_intern(s, 9, text, WHO_MAX + 1, &(uint64_t){0}),
				 -ENAMETOOLONG);
		look_up_others(s, again % 3 * IDLE);
	}
}

/* There is less room for them than for names in all: idle ones make room, and those that are open stay. */
static void long_names_drive_idle_ones_out_and_run_out_when_all_are_open(void **state)
{
	struct state *s = *state;
	uint64_t ids[HANDLES], id = 77, fhs[HANDLES];
	unsigned count = 0;
	char name[200];

	memset(name, 'x', sizeof(name));
	for (unsigned view = 0; view < 100; view++)
		assert_int_equal(state_node_intern(s, view, name, sizeof(name), &id), 0);
	for (id = 77; count < HANDLES; count++) {
		if (state_node_intern(s, count, name, sizeof(name), &ids[count]) < 0)
			break;
		fhs[count] = open_handle(s, ids[count], 0);
	}
	assert_in_range(count, 2, HANDLES - 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(state_node_intern(s, 99, name, sizeof(name), &id), -ENFILE);
	assert_int_equal(id, 77);
	look_up_others(s, 50); /* short ones have places still */
	for (unsigned i = 0; i < count; i++)
		assert_memory_equal(state_node(s, ids[i])->text, name, sizeof(name));
	state_handle_close(s, fhs[0]);
	assert_int_equal(state_node_intern(s, 99, name, sizeof(name), &id), 0);
	assert_null(state_node(s, ids[0]));
}

static void a_node_has_the_owner_it_was_given(void **state)
{
	struct state *s = *state;
	uint64_t a = intern(s, 1, "a");

	state_node_own(s, a, 10, 20);
	assert_int_equal(state_node(s, a)->uid, 10);
	assert_int_equal(state_node(s, a)->gid, 20);
	look_up_others(s, IDLE);
	a = intern(s, 1, "a");
	assert_int_equal(state_node(s, a)->uid, 0);
}

/* ---- handles ---- */

static void a_handle_keeps_its_node(void **state)
{
	struct state *s = *state;
	uint64_t a = intern(s, 1, "a"), fh = open_handle(s, a, 0), other = open_handle(s, a, 0);

	look_up_others(s, 100);
	assert_int_equal(state_node(s, a)->handles, 2);
	state_handle_close(s, fh);
	assert_null(state_handle(s, fh));
	assert_int_equal(state_node(s, a)->handles, 1);
	state_handle_close(s, fh);
	assert_int_equal(state_node(s, a)->handles, 1);
	set_flags(s, other, HANDLE_WRITABLE);
	look_up_others(s, 100);
	assert_int_equal(intern(s, 1, "a"), a);
	state_handle_close(s, other);
	look_up_others(s, IDLE - 1);
	assert_non_null(state_node(s, a)); /* used last when it was closed */
	look_up_others(s, 1);
	assert_null(state_node(s, a));
}

static void a_node_counts_the_creations_that_are_pending(void **state)
{
	struct state *s = *state;
	uint64_t a = intern(s, 1, "a");
	uint64_t first = open_handle(s, a, HANDLE_PENDING | HANDLE_WRITABLE);
	uint64_t second = open_handle(s, a, HANDLE_PENDING);
	uint64_t third = open_handle(s, a, HANDLE_WRITABLE);

	assert_int_equal(state_node(s, a)->pending, 2);
	assert_int_equal(state_pending(s), 2);
	set_flags(s, first, HANDLE_WRITABLE | HANDLE_COUNTED);
	assert_int_equal(state_node(s, a)->pending, 1);
	set_flags(s, third, HANDLE_PENDING);
	assert_int_equal(state_node(s, a)->pending, 2);
	assert_int_equal(state_node(s, a)->handles, 3);
	state_handle_close(s, second);
	assert_int_equal(state_node(s, a)->pending, 1);
	state_handle_close(s, third);
	assert_int_equal(state_node(s, a)->pending, 0);
	assert_int_equal(state_pending(s), 0);
	assert_int_equal(state_node(s, a)->handles, 1);
}

static void handles_run_out_and_their_numbers_are_not_used_again(void **state)
{
	struct state *s = *state;
	struct handle handle = {.node = intern(s, 1, "a")};
	uint64_t fhs[8], fh = 77;

	for (unsigned i = 0; i < COUNT(fhs); i++) {
		fhs[i] = open_handle(s, handle.node, 0);
		assert_in_range(state_handle_index(fhs[i]), 1, COUNT(fhs));
		for (unsigned j = 0; j < i; j++)
			assert_true(state_handle_index(fhs[i]) != state_handle_index(fhs[j]));
	}
	assert_int_equal(state_handle_reserve(s, &fh), -ENFILE);
	assert_int_equal(fh, 77);
	assert_int_equal(state_node(s, handle.node)->handles, 8);
	state_handle_close(s, fhs[3]);
	fh = open_handle(s, handle.node, 0);
	for (unsigned i = 0; i < COUNT(fhs); i++)
		assert_true(fh != fhs[i]);
	assert_int_equal(state_handle_index(fh), state_handle_index(fhs[3]));
	assert_null(state_handle(s, fhs[3]));
	assert_non_null(state_handle(s, fh));
}

static void open_handles_are_gone_through(void **state)
{
	struct state *s = *state;
	uint64_t node = intern(s, 1, "a"), fhs[4], fh = 0;

	assert_int_equal(state_handle_next(s, 0), 0);
	for (unsigned i = 0; i < COUNT(fhs); i++)
		fhs[i] = open_handle(s, node, 0);
	state_handle_close(s, fhs[0]);
	state_handle_close(s, fhs[2]);
	fh = state_handle_next(s, fh);
	assert_int_equal(fh, fhs[1]);
	state_handle_close(s, fh); /* as one goes */
	fh = state_handle_next(s, fh);
	assert_int_equal(fh, fhs[3]);
	assert_int_equal(state_handle_next(s, fh), 0);
}

/* ---- tails ---- */

static uint32_t new_tail(struct state *s, const char *text)
{
	uint32_t tail = 0;

	assert_int_equal(state_tail_new(s, text, strlen(text), &tail), 0);
	assert_true(tail != 0);
	return tail;
}

static void set_tail(struct state *s, uint64_t fh, uint32_t tail)
{
	struct handle handle = *state_handle(s, fh);

	handle.tail = tail;
	state_handle_set(s, fh, &handle);
}

static void assert_tail(struct state *s, uint64_t fh, const char *expected)
{
	size_t len;
	const char *text = state_tail(s, state_handle(s, fh)->tail, &len);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(text, expected, len);
}

static void a_tail_is_let_go_with_its_handle(void **state)
{
	struct state *s = *state;
	uint64_t node = intern(s, 1, "a");

	for (int i = 0; i < 10; i++) {
		uint64_t first = open_handle(s, node, 0), second = open_handle(s, node, 0);

		set_tail(s, first, new_tail(s, "Born: "));
		set_tail(s, second, new_tail(s, "ExitCode: "));
		set_flags(s, first, HANDLE_WRITABLE); /* keeps it */
		assert_tail(s, first, "Born: ");
		set_tail(s, first, new_tail(s, "Born: 2026")); /* lets the other go */
		assert_tail(s, first, "Born: 2026");
		assert_tail(s, second, "ExitCode: ");
		set_tail(s, second, 0);
		state_handle_close(s, first);
		state_handle_close(s, second);
	}
}

static void tails_run_out_and_come_back(void **state)
{
	struct state *s = *state;
	uint32_t tails[3], tail = 77;
	char text[STONE_WRITE_MAX];
	size_t len;

	memset(text, 't', sizeof(text));
	for (size_t i = 0; i < COUNT(tails); i++)
		assert_int_equal(state_tail_new(s, text, sizeof(text) - i, &tails[i]), 0);
	assert_int_equal(state_tail_new(s, text, 1, &tail), -ENFILE);
	assert_int_equal(tail, 77);
	for (size_t i = 0; i < COUNT(tails); i++) {
		assert_memory_equal(state_tail(s, tails[i], &len), text, sizeof(text) - i);
		assert_int_equal(len, sizeof(text) - i);
		state_tail_free(s, tails[i]);
	}
	(void)new_tail(s, "x");
}

/* ---- all of it ---- */

/* Another process, for which the mapping lies elsewhere. */
static struct state *take_over(struct state *s)
{
	static char elsewhere[sizeof(mapping)];
	struct state *next = NULL;

	memcpy(elsewhere, mapping, sizeof(mapping));
	memset(mapping, 0xff, sizeof(mapping));
	state_free(s);
	assert_int_equal(state_new(&limits, elsewhere, &next), 0);
	return next;
}

static void another_process_goes_on_from_there(void **state)
{
	struct state *s = *state;
	char long_name[WHO_MAX + 1];
	uint64_t a, b, fh, gone, other;
	struct handle handle;
	uint32_t lost;
	size_t len;

	memset(long_name, 'n', WHO_MAX);
	long_name[WHO_MAX] = '\0';
	a = intern(s, 1, "a");
	b = intern(s, 1, long_name);
	gone = open_handle(s, a, HANDLE_PENDING);
	state_handle_close(s, gone);
	fh = open_handle(s, a, HANDLE_PENDING);
	other = open_handle(s, b, 0);
	handle = *state_handle(s, fh);
	handle.tail = new_tail(s, "half a li");
	state_handle_set(s, fh, &handle);
	lost = new_tail(s, "of a request that was never answered");
	*state = s = take_over(s);

	assert_int_equal(intern(s, 1, "a"), a);
	assert_int_equal(intern(s, 1, long_name), b);
	assert_string_equal(state_node(s, b)->text, long_name);
	assert_int_equal(state_node(s, a)->handles, 1);
	assert_int_equal(state_node(s, a)->pending, 1);
	assert_int_equal(state_pending(s), 1);
	assert_int_equal(state_open(s), 2);
	assert_null(state_handle(s, gone));
	assert_int_equal(state_handle(s, other)->node, b);
	assert_memory_equal(state_tail(s, state_handle(s, fh)->tail, &len), "half a li", 9);
	assert_int_equal(new_tail(s, "x"), lost);
	for (unsigned i = 2; i < HANDLES; i++)
		(void)open_handle(s, a, 0);
	assert_int_equal(state_handle_reserve(s, &gone), -ENFILE);
}

/* Its places are taken again from the first on: by them nothing can be told. */
static void another_process_forgets_in_the_same_order(void **state)
{
	struct state *s = *state;
	uint64_t a, b, old, fh;

	look_up_others(s, IDLE);
	a = intern(s, 1, "a");
	b = intern(s, 1, "b");
	old = intern(s, 1, "old");
	fh = open_handle(s, intern(s, 1, "open"), 0);
	look_up_others(s, IDLE - 4);
	(void)intern(s, 1, "a");
	state_node_use(s, b);
	*state = s = take_over(s);

	assert_int_equal(state_recount(s), 0);
	state_handle_close(s, fh); /* is one idle name more */
	look_up_others(s, 1);
	assert_null(state_node(s, old));
	look_up_others(s, IDLE - 4);
	assert_non_null(state_node(s, a));
	look_up_others(s, 1);
	assert_null(state_node(s, a));
	assert_non_null(state_node(s, b));
}

static void a_copy_that_was_begun_is_finished(void **state)
{
	struct state *s = *state;
	uint64_t fh = open_handle(s, intern(s, 1, "a"), 0);
	struct head *head = (void *)mapping;

	head->handle = *state_handle(s, fh);
	head->handle.flags = HANDLE_PENDING;
	head->handle.hint = 7;
	head->index = state_handle_index(fh);
	*state = s = take_over(s);
	assert_int_equal(state_handle(s, fh)->hint, 7);
	assert_int_equal(state_pending(s), 1);
}

static void without_memory_there_is_no_state(void **state)
{
	struct state *s = NULL;

	(void)state;
	for (unsigned n = 1;; n++) {
		int r;

		scarce_memory(n);
		memset(mapping, 0, sizeof(mapping));
		r = state_new(&limits, mapping, &s);
		if (scarce_memory_to_come()) {
			scarce_memory(0);
			assert_int_equal(r, 0);
			assert_true(n > 4);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(s);
	}
	state_free(s);
	state_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_root_and_the_views_are_always_known),
		TEST(the_same_name_has_the_same_id_while_it_is_known),
		TEST(names_are_forgotten_in_the_order_of_their_last_use),
		TEST(a_stale_id_is_nobody),
		TEST(another_process_goes_on_from_there),
		TEST(another_process_forgets_in_the_same_order),
		TEST(a_copy_that_was_begun_is_finished),
		TEST(an_id_that_never_was_is_nobody),
		TEST(names_of_any_length_are_kept),
		TEST(long_names_drive_idle_ones_out_and_run_out_when_all_are_open),
		TEST(a_node_has_the_owner_it_was_given),
		TEST(a_handle_keeps_its_node),
		TEST(a_node_counts_the_creations_that_are_pending),
		TEST(handles_run_out_and_their_numbers_are_not_used_again),
		TEST(open_handles_are_gone_through),
		TEST(a_tail_is_let_go_with_its_handle),
		TEST(tails_run_out_and_come_back),
		cmocka_unit_test(without_memory_there_is_no_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
