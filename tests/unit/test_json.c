/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *escape(const char *text, size_t len)
{
	static char out[4096];
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		size_t step = json_step(&text, end, out + n);

		assert_in_range(step, 1, JSON_STEP_MAX);
		n += step;
		assert_true(n + JSON_STEP_MAX < sizeof(out));
	}
	assert_ptr_equal(text, end);
	out[n] = '\0';
	return out;
}

static void texts_become_strings(void **state)
{
	static const char *const cases[][2] = {
		{"plain = text", "plain = text"},
		{"\"\\/", "\\\"\\\\/"},
		{"\n\t\x1b[0m\x7f", "\\u000a\\u0009\\u001b[0m\\u007f"},
		{"</script>&", "\\u003c/script\\u003e\\u0026"},
		/* C1 controls, a soft hyphen, separators, marks of direction, what takes no room. */
		{"\xc2\x9b\xc2\x85\xc2\xad", "\\u009b\\u0085\\u00ad"},
		{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
		{"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "\\u202e\\u2066\\u061c"},
		{"\xe2\x80\x8b\xef\xbb\xbf", "\\u200b\\ufeff"},
		/* Tags (whole sentences that nobody sees), variation selectors, fillers, annotations. */
		{"\xf3\xa0\x81\x81\xf3\xa0\x87\xaf", "\\udb40\\udc41\\udb40\\uddef"},
		{"\xef\xb8\x8f\xe1\xa0\x8e", "\\ufe0f\\u180e"},
		{"\xe3\x85\xa4\xe1\x85\x9f\xef\xbf\xb9", "\\u3164\\u115f\\ufff9"},
		{"\xf0\x9d\x85\xb3", "\\ud834\\udd73"},
		/* Two, three and four bytes, the first and the last of each. */
		{"\xc2\xa0\xdf\xbf", "\xc2\xa0\xdf\xbf"},
		{"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"},
		{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
		/* No UTF-8: a byte alone, overlong, surrogates, too large, cut off. */
		{"\x80\xff", "\\ufffd\\ufffd"},
		{"\xc0\x80", "\\ufffd\\ufffd"},
		{"\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"},
		{"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
		{"\xf0\x8f\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
		{"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
		{"\xe2\x82", "\\ufffd\\ufffd"},
		{"\xf0\x9f\x98", "\\ufffd\\ufffd\\ufffd"},
		{"\xc3\x28", "\\ufffd("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(escape(cases[i][0], strlen(cases[i][0])), cases[i][1]);
}

static void the_end_is_not_passed(void **state)
{
	(void)state;
	/* Whole behind the end, a piece before it; and a NUL is a character as any. */
	assert_string_equal(escape("\xe2\x82\xac", 2), "\\ufffd\\ufffd");
	assert_string_equal(escape("a\0b", 3), "a\\u0000b");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_strings),
		cmocka_unit_test(the_end_is_not_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
