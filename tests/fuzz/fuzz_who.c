/* SPDX-License-Identifier: Apache-2.0 */
/* The names of an accepted WHO are valid, as many as it says, and lie in order within its text. */
#include "core/name.h"
#include "core/who.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_names(const struct who *who)
{
	const char *expected = who->names, *end = who->names + who->names_len;
	struct who_name it = {0};
	unsigned count = 0;

	while (who_next_name(who, &it)) {
		require(it.name == expected && it.name + it.len <= end);
		require(name_valid(it.name, it.len));
		expected = it.name + it.len;
		if (expected < end)
			require(*expected++ == (who->all ? '+' : ','));
		count++;
	}
	require(expected == end);
	require(count == who->count && count >= 1);
	require(count > 1 || !who->all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct who who;
	int r = who_parse(text, size, &who);

	if (r < 0) {
		require(r == -EINVAL);
		return 0;
	}
	require(size <= WHO_MAX);
	require(who.names == text && who.names_len <= size);
	require(who.names_len == size || text[who.names_len] == '@');
	require(who.timeout >= -1);
	require(who.names_len < size || (!who.next && who.timeout == -1));
	check_names(&who);
	return 0;
}
