/* SPDX-License-Identifier: Apache-2.0 */
#include "base/without.h"

#include <stdlib.h>
#include <string.h>

bool without(const char *feature)
{
	static const char *list;
	size_t len = strlen(feature);

	if (!list)
		list = getenv("GRAVEYARDFS_WITHOUT") ?: "";
	for (const char *at = list; *at != '\0'; at += strspn(at, ",")) {
		size_t next = strcspn(at, ",");

		if (next == len && memcmp(at, feature, len) == 0)
			return true;
		at += next;
	}
	return false;
}
