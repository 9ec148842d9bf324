/* SPDX-License-Identifier: Apache-2.0 */
/* To be linked with -Wl,--wrap=malloc,--wrap=realloc. */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);

/* Allocations until one fails; -1: none does. */
static int until_failure = -1;

static bool fails_now(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __real_realloc(p, size);
}

static void a_new_buffer_holds_nothing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "x", 0);
	buf_adds(&b, "");
	buf_addf(&b, "%s", "");
	buf_truncate(&b, 0);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_error(&b), 0);
	buf_release(&b);
}

static void additions_follow_each_other_and_a_nul_follows_them(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "life ");
	buf_addf(&b, "%d of %s", 2, "a");
	buf_add(&b, "\0!", 2);
	assert_int_equal(b.len, strlen("life 2 of a") + 2);
	assert_memory_equal(b.data, "life 2 of a\0!", b.len + 1);
	buf_release(&b);
}

static void each_length_ends_with_a_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 1; i <= 1000; i++) {
		buf_add(&b, "x", 1);
		assert_int_equal(b.len, i);
		assert_int_equal(strlen(b.data), i);
	}
	buf_release(&b);
}

static void a_formatted_text_of_any_length_fits(void **state)
{
	(void)state;
	for (int width = 1; width <= 300; width++) {
		struct buf b = BUF_INIT;

		buf_adds(&b, "<");
		buf_addf(&b, "%*d", width, 7);
		assert_int_equal(b.len, width + 1);
		assert_int_equal(strlen(b.data), width + 1);
		assert_int_equal(b.data[width], '7');
		buf_release(&b);
	}
}

static void truncating_shortens_and_never_lengthens(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "tombstone");
	buf_truncate(&b, 100);
	assert_string_equal(b.data, "tombstone");
	buf_truncate(&b, 4);
	assert_string_equal(b.data, "tomb");
	buf_adds(&b, "s");
	assert_string_equal(b.data, "tombs");
	buf_truncate(&b, 0);
	assert_string_equal(b.data, "");
	buf_release(&b);
}

static void a_released_buffer_can_be_used_again(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "one");
	buf_release(&b);
	assert_null(b.data);
	buf_adds(&b, "two");
	assert_string_equal(b.data, "two");
	buf_release(&b);
	buf_release(&b);
}

static void more_than_there_can_be_is_an_error(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "x", SIZE_MAX);
	assert_int_equal(buf_error(&b), -ENOMEM);
	assert_null(b.data);
	buf_release(&b);
	assert_int_equal(buf_error(&b), 0);
}

static void add_lines(struct buf *b)
{
	for (int i = 0; i < 100; i++) {
		buf_adds(b, "Name: ");
		buf_addf(b, "%d", i);
		buf_add(b, "\n", 1);
	}
}

static void whichever_allocation_fails_the_error_sticks(void **state)
{
	size_t allocations = 0;

	(void)state;
	for (int n = 0;; n++) {
		struct buf b = BUF_INIT;
		size_t len;

		until_failure = n;
		add_lines(&b);
		if (until_failure >= 0) {
			until_failure = -1;
			assert_int_equal(buf_error(&b), 0);
			buf_release(&b);
			break;
		}
		allocations++;
		assert_int_equal(buf_error(&b), -ENOMEM);
		/* What was there is whole, and nothing is added after the gap. */
		len = b.len;
		buf_adds(&b, "x");
		buf_addf(&b, "%d", 1);
		assert_int_equal(b.len, len);
		assert_true(n == 0 ? b.data == NULL : b.data[len] == '\0');
		buf_release(&b);
	}
	assert_in_range(allocations, 3, 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_holds_nothing),
		cmocka_unit_test(additions_follow_each_other_and_a_nul_follows_them),
		cmocka_unit_test(each_length_ends_with_a_nul),
		cmocka_unit_test(a_formatted_text_of_any_length_fits),
		cmocka_unit_test(truncating_shortens_and_never_lengthens),
		cmocka_unit_test(a_released_buffer_can_be_used_again),
		cmocka_unit_test(more_than_there_can_be_is_an_error),
		cmocka_unit_test(whichever_allocation_fails_the_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
