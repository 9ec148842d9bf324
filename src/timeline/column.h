/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a log, split but not understood yet: what line.c reads and record.c finds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum column { SEQ, TIME, NAME, LIFE, WHAT, CODE, UID, GID, PID, COLUMNS };

/* Not terminated. */
struct column_text {
	const char *at;
	size_t len;
};

static inline bool column_is(const struct column_text *text, const char *word)
{
	return text->len == strlen(word) && memcmp(text->at, word, text->len) == 0;
}
