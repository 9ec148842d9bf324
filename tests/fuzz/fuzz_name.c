/* SPDX-License-Identifier: Apache-2.0 */
/* A valid name is safe as a file's name, hides nothing, and is a WHO that means just itself. */
#include "core/name.h"
#include "core/who.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_valid(const char *name, size_t len)
{
	struct who_name it = {0};
	struct who who;

	require(len >= 1 && len <= GRAVE_NAME_MAX);
	require(name[0] != '.' && name[0] != '-');
	for (size_t i = 0; i < len; i++)
		require(name[i] > ' ' && name[i] < 0x7f && !strchr("/,+@:*?'\"\\$`", name[i]));
	require(who_parse(name, len, &who) == 0);
	require(who.count == 1 && !who.all && !who.next && who.timeout == -1);
	require(who_next_name(&who, &it) && it.name == name && it.len == len);
	require(!who_next_name(&who, &it));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *name = (const char *)data;

	if (!name_valid(name, size))
		return 0;
	check_valid(name, size);
	/* What is left after cutting off the end is a name as well. */
	require(size == 1 || name_valid(name, size - 1));
	return 0;
}
