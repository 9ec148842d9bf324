/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever goes in, what comes out is escapes, and characters that need none. */
#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Bytes of the escape at `s`, which begins with a backslash. */
static size_t escape_len(const char *s, size_t left)
{
	if (left >= 2 && (s[1] == '"' || s[1] == '\\'))
		return 2;
	require(left >= 6 && s[1] == 'u');
	for (int i = 2; i < 6; i++)
		require(s[i] && strchr("0123456789abcdef", s[i]));
	return 6;
}

static void check(const char *s, const char *end)
{
	while (s < end) {
		const char *next = s;
		char again[JSON_STEP_MAX];
		size_t len;

		if (*s == '\\') {
			s += escape_len(s, (size_t)(end - s));
			continue;
		}
		len = json_step(&next, end, again);
		require(next == s + len && memcmp(again, s, len) == 0);
		s = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	char *out = malloc(size * JSON_STEP_MAX + 1);
	size_t len = 0;

	if (!out)
		return 0;
	while (text < end) {
		const char *before = text;
		size_t step = json_step(&text, end, out + len);

		require(step >= 1 && step <= JSON_STEP_MAX && text > before && text <= end);
		len += step;
	}
	check(out, out + len);
	free(out);
	return 0;
}
