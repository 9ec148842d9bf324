/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

bool utf8_is_character(uint32_t c)
{
	return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
}

uint32_t utf8_take(const char **at, const char *end)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)*(*at)++;
	unsigned more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = first & (0x3fu >> more);

	if (first < 0x80)
		return first;
	if (first < 0xc0 || first > 0xf7 || (size_t)(end - *at) < more)
		return UTF8_REPLACEMENT;
	for (unsigned i = 0; i < more; i++) {
		if (((unsigned char)(*at)[i] & 0xc0) != 0x80)
			return UTF8_REPLACEMENT;
		c = c << 6 | ((unsigned char)(*at)[i] & 0x3f);
	}
	if (c < least[more] || !utf8_is_character(c))
		return UTF8_REPLACEMENT;
	*at += more;
	return c;
}

size_t utf8_put(uint32_t c, char *at)
{
	static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	*at++ = (char)(lead[more] | c >> (6 * more));
	for (unsigned i = more; i > 0; i--)
		*at++ = (char)(0x80 | (c >> (6 * (i - 1)) & 0x3f));
	return more + 1;
}

bool utf8_is_special(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},        {0x7f, 0x9f},                       /* C0, DEL, C1 */
		{0x61c, 0x61c},   {0x200e, 0x200f}, {0x2028, 0x202e}, /* direction, separators */
		{0x2066, 0x2069}, {0xfeff, 0xfeff},                   /* byte order mark */
		{0xfffe, 0xffff},                                     /* not characters */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}
