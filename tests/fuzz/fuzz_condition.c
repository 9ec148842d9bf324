/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an accepted condition are words and valid names, as many as it says, in order, and nothing else. */
#include "core/condition.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static const char *word_of(enum wait_kind kind)
{
	switch (kind) {
	case WAIT_BORN:
		return "born:";
	case WAIT_READY:
		return "ready:";
	case WAIT_DIED:
		return "died:";
	case WAIT_SUCCEEDED:
		return "succeeded:";
	default:
		abort();
	}
}

static void check_parts(const struct condition *c)
{
	const char *expected = c->text, *end = c->text + c->len;
	struct condition_part part = {0};
	unsigned count = 0;

	while (condition_next_part(c, &part)) {
		const char *word = word_of(part.kind);

		require(part.name.name == expected + strlen(word));
		require(memcmp(expected, word, strlen(word)) == 0);
		require(name_valid(part.name.name, part.name.len));
		expected = part.name.name + part.name.len;
		require(expected <= end);
		if (expected < end)
			require(*expected++ == (c->all ? '+' : ','));
		count++;
	}
	require(expected == end);
	require(count == c->count && count >= 1 && (count > 1 || !c->all));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *why = NULL;
	struct condition c = {0};
	int r = condition_parse(text, size, &c, &why);

	require(r == 0 || (r == -EINVAL && why && !c.text));
	require(r < 0 || (!why && c.text == text && c.len == size));
	if (r == 0)
		check_parts(&c);
	return 0;
}
