/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/resume.h"

#include <linux/fuse.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/shared.h"

/* As kernels send it: up to `flags` before Linux 5.17, whole since. */
#define OLD_LEN (sizeof(struct fuse_in_header) + offsetof(struct fuse_init_in, flags2))
#define NEW_LEN (sizeof(struct fuse_in_header) + sizeof(struct fuse_init_in))
#define HAS_RESEND_2 (1u << (39 - 32))

struct first {
	struct fuse_in_header in;
	struct fuse_init_in init;
	char more[SHARED_INIT_MAX];
};

static struct first make_first(uint32_t flags, uint32_t flags2)
{
	struct first first = {.in = {.opcode = FUSE_INIT, .unique = 2}};

	first.init = (struct fuse_init_in){.major = 7, .flags = flags, .flags2 = flags2};
	memset(first.more, 0xff, sizeof(first.more));
	return first;
}

static void the_first_request_of_an_old_kernel_is_kept_and_nothing_is_sent_again(void **state)
{
	struct first first = make_first(FUSE_INIT_EXT, HAS_RESEND_2);
	struct shared shared = {0};

	(void)state;
	resume_keep_init(&shared, (char *)&first, OLD_LEN);
	assert_int_equal(shared.init_len, OLD_LEN);
	assert_memory_equal(shared.init, &first, OLD_LEN);
	assert_int_equal(shared.resends, 0);
}

static void whether_a_kernel_sends_again_is_what_it_says(void **state)
{
	static const struct {
		uint32_t flags, flags2, resends;
	} cases[] = {
		{0, 0, 0},
		{0, HAS_RESEND_2, 0},
		{FUSE_INIT_EXT, 0, 0},
		{FUSE_INIT_EXT, ~HAS_RESEND_2, 0},
		{FUSE_INIT_EXT, HAS_RESEND_2, 1},
		{~0u, ~0u, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct first first = make_first(cases[i].flags, cases[i].flags2);
		struct shared shared = {0};

		resume_keep_init(&shared, (char *)&first, NEW_LEN);
		assert_int_equal(shared.init_len, NEW_LEN);
		assert_int_equal(shared.resends, cases[i].resends);
		assert_false(((struct first *)shared.init)->init.flags & FUSE_MAX_PAGES);
	}
}

static void a_first_request_that_cannot_be_one_is_not_kept(void **state)
{
	static const size_t lengths[] = {0, sizeof(struct fuse_in_header), OLD_LEN - 1,
					 SHARED_INIT_MAX + 1};
	struct first first = make_first(~0u, ~0u);
	struct shared shared = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		resume_keep_init(&shared, (char *)&first, lengths[i]);
		assert_int_equal(shared.init_len, 0);
		assert_int_equal(shared.resends, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_first_request_of_an_old_kernel_is_kept_and_nothing_is_sent_again),
		cmocka_unit_test(whether_a_kernel_sends_again_is_what_it_says),
		cmocka_unit_test(a_first_request_that_cannot_be_one_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
