/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"

/* Is it not seen, or does more than be seen? Unicode's Default_Ignorable_Code_Point, and what separates or annotates. */
static bool is_harmful(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},          {0x7f, 0x9f},       {'&', '&'},       {'<', '<'},
		{'>', '>'},         {0xad, 0xad},       {0x34f, 0x34f},   {0x61c, 0x61c},
		{0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f}, {0x200b, 0x200f},
		{0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
		{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static size_t escape_unit(uint32_t unit, char *out)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	for (int i = 0; i < 4; i++)
		out[2 + i] = digits[unit >> (12 - 4 * i) & 0xf];
	return 6;
}

/* Beyond 16 bits it takes two, surrogates. */
static size_t escape(uint32_t c, char out[JSON_STEP_MAX])
{
	if (c < 0x10000)
		return escape_unit(c, out);
	(void)escape_unit(0xd800 + ((c - 0x10000) >> 10), out);
	return 6 + escape_unit(0xdc00 + (c & 0x3ff), out + 6);
}

size_t json_step(const char **text, const char *end, char out[JSON_STEP_MAX])
{
	uint32_t c = utf8_take(text, end);

	if (c == UTF8_REPLACEMENT || is_harmful(c))
		return escape(c, out);
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	return utf8_put(c, out);
}
