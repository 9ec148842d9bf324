/* SPDX-License-Identifier: Apache-2.0 */
#include "core/who.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The names of `who`, each followed by a space. */
static void join_names(const struct who *who, char *ret_text)
{
	struct who_name it = {0};

	while (who_next_name(who, &it)) {
		memcpy(ret_text, it.name, it.len);
		ret_text += it.len;
		*ret_text++ = ' ';
	}
	*ret_text = '\0';
}

static void names_and_suffixes_are_told_apart(void **state)
{
	static const struct {
		const char *text, *names;
		unsigned count;
		bool all, next;
		int64_t timeout;
	} cases[] = {
		{"a", "a ", 1, false, false, -1},
		{"a,b", "a b ", 2, false, false, -1},
		{"a+b", "a b ", 2, true, false, -1},
		{"web-1,web-2,web-3", "web-1 web-2 web-3 ", 3, false, false, -1},
		{"a+a", "a a ", 2, true, false, -1},
		{"a@next", "a ", 1, false, true, -1},
		{"a@30s", "a ", 1, false, false, 30 * NSEC_PER_SEC},
		{"a@1m30s", "a ", 1, false, false, 90 * NSEC_PER_SEC},
		{"a@0", "a ", 1, false, false, 0},
		{"a+b@400ms@next", "a b ", 2, true, true, 400 * NSEC_PER_MSEC},
		{"a,b@next@400ms", "a b ", 2, false, true, 400 * NSEC_PER_MSEC},
		{"next", "next ", 1, false, false, -1},
		{"30s", "30s ", 1, false, false, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char names[2 * WHO_MAX];
		struct who who;

		assert_int_equal(who_parse(cases[i].text, strlen(cases[i].text), &who), 0);
		join_names(&who, names);
		assert_string_equal(names, cases[i].names);
		assert_int_equal(who.count, cases[i].count);
		assert_int_equal(who.all, cases[i].all);
		assert_int_equal(who.next, cases[i].next);
		assert_true(who.timeout == cases[i].timeout);
	}
}

static void the_names_are_the_part_before_the_suffixes(void **state)
{
	static const char text[] = "a,b@30s";
	struct who who;

	(void)state;
	assert_int_equal(who_parse(text, strlen(text), &who), 0);
	assert_ptr_equal(who.names, text);
	assert_int_equal(who.names_len, 3);
}

static void what_is_no_who_is_refused(void **state)
{
	static const char *const texts[] = {
		"",          ",",      "+",        "@",           "@next",    "a,",
		",a",        "a,,b",   "a+",       "+a",          "a++b",     "a,b+c",
		"a+b,c",     "a@",     "a@@next",  "a@next@",     "a@Next",   "a@nex",
		"a@nextt",   "a@30",   "a@-1s",    "a@next@next", "a@1s@2s",  "a@0@0",
		"a@300y",    ".a",     "-a",       "a,.b",        "a b",      "a/b",
		"a@293y",    "a@1s,b", "a@next+b", "a@2562048h",  "a@1s@foo", "a\n",
		"a,b@next,", "a@ 1s",  "\xc3\xa4", "*",           "a@1s ",    "a@30s@",
	};
	struct who who = {.count = 42};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (who_parse(texts[i], strlen(texts[i]), &who) != -EINVAL)
			fail_msg("'%s' is accepted", texts[i]);
	}
	assert_int_equal(who.count, 42);
}

static void a_who_has_at_most_1024_bytes(void **state)
{
	char text[WHO_MAX + 2], names[2 * WHO_MAX];
	struct who who;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? 'a' : ',';
	assert_int_equal(who_parse(text, WHO_MAX - 1, &who), 0);
	assert_int_equal(who.count, WHO_MAX / 2);
	join_names(&who, names);
	assert_int_equal(strlen(names), WHO_MAX);
	text[WHO_MAX - 1] = 'a';
	assert_int_equal(who_parse(text, WHO_MAX, &who), 0);
	text[WHO_MAX] = 'a';
	assert_int_equal(who_parse(text, WHO_MAX + 1, &who), -EINVAL);
}

static void a_name_longer_than_a_name_may_be_is_refused(void **state)
{
	char text[2 + 254];
	struct who who;

	(void)state;
	memset(text, 'b', sizeof(text));
	text[0] = 'a';
	text[1] = ',';
	assert_int_equal(who_parse(text, 2 + 253, &who), 0);
	assert_int_equal(who_parse(text, 2 + 254, &who), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_suffixes_are_told_apart),
		cmocka_unit_test(the_names_are_the_part_before_the_suffixes),
		cmocka_unit_test(what_is_no_who_is_refused),
		cmocka_unit_test(a_who_has_at_most_1024_bytes),
		cmocka_unit_test(a_name_longer_than_a_name_may_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
