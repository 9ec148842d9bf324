/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character that begins with this one, as far as that tells; 0: none does. */
static size_t expected_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The character at `s`, and its bytes in `ret_len`. UINT32_MAX: it is none, and one byte long. */
static uint32_t decode(const unsigned char *s, size_t left, size_t *ret_len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = expected_len(*s);
	uint32_t c = len < 2 ? *s : *s & (0x7fu >> len);

	*ret_len = 1;
	if (len == 0 || len > left)
		return UINT32_MAX;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return UINT32_MAX;
	*ret_len = len;
	return c;
}

/* Controls, separators of lines, marks of direction, and what takes no room. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '<' || c == '>' || c == '&' ||
	       c == 0xad || c == 0x61c || (c >= 0x200b && c < 0x2010) ||
	       (c >= 0x2028 && c < 0x202f) || (c >= 0x2060 && c < 0x2070) || c == 0xfeff;
}

static size_t escape(uint32_t c, char out[JSON_STEP_MAX])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	for (int i = 0; i < 4; i++)
		out[2 + i] = digits[c >> (12 - 4 * i) & 0xf];
	return 6;
}

size_t json_step(const char **text, const char *end, char out[JSON_STEP_MAX])
{
	const char *s = *text;
	size_t len;
	uint32_t c = decode((const unsigned char *)s, (size_t)(end - s), &len);

	*text += len;
	if (c == UINT32_MAX)
		return escape(0xfffd, out);
	if (is_harmful(c))
		return escape(c, out);
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	memcpy(out, s, len);
	return len;
}
