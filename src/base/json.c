/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"

/* What would do something, or would not be seen: soft hyphens, what takes no room, invisible operators. */
static bool is_harmful(uint32_t c)
{
	return utf8_is_special(c) || c == '<' || c == '>' || c == '&' || c == UTF8_REPLACEMENT ||
	       c == 0xad || (c >= 0x200b && c < 0x200e) || (c >= 0x2060 && c < 0x2070);
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
	uint32_t c = utf8_take(text, end);

	if (is_harmful(c))
		return escape(c, out);
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	return utf8_put(c, out);
}
