/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static const struct {
	uint64_t ns;
	const char *name;
} units[] = {
	{UINT64_C(86400000000000), "d"},
	{UINT64_C(3600000000000), "h"},
	{UINT64_C(60000000000), "m"},
	{UINT64_C(1000000000), "s"},
	{UINT64_C(1000000), "ms"},
	{UINT64_C(1000), "us"},
	{UINT64_C(1), "ns"},
};

enum { MINUTES = 2, NANOSECONDS = 6 };

/* Cut off, not rounded: nobody lived for 60s. */
void text_duration(uint64_t ns, char ret_text[DURATION_SIZE])
{
	size_t i = 0;
	uint64_t whole, rest;

	while (i < NANOSECONDS && ns < units[i].ns)
		i++;
	whole = ns / units[i].ns;
	rest = ns % units[i].ns;
	if (i <= MINUTES && rest >= units[i + 1].ns) {
		(void)snprintf(ret_text, DURATION_SIZE, "%" PRIu64 "%s %" PRIu64 "%s", whole,
			       units[i].name, rest / units[i + 1].ns, units[i + 1].name);
		return;
	}
	if (i > MINUTES && i < NANOSECONDS && rest >= units[i].ns / 100)
		(void)snprintf(ret_text, DURATION_SIZE, "%" PRIu64 ".%02" PRIu64 "%s", whole,
			       rest * 100 / units[i].ns, units[i].name);
	else
		(void)snprintf(ret_text, DURATION_SIZE, "%" PRIu64 "%s", whole, units[i].name);
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void text_escape(struct buf *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c > '~')
			buf_addf(to, "\\x%02x", c);
		else if (entity(text[i]))
			buf_adds(to, entity(text[i]));
		else
			buf_add(to, text + i, 1);
	}
}
