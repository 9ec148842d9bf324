/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include <string.h>

/* Not isalnum(), which asks the locale. */
static bool is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool name_valid(const char *name, size_t len)
{
	if (len == 0 || len > GRAVE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_name_char(name[i]))
			return false;
	}
	return true;
}

bool name_listed(const char *list, const char *name, size_t len)
{
	for (const char *s = list; s;) {
		size_t n = strcspn(s, ",");

		if (n == len && memcmp(s, name, len) == 0)
			return true;
		s = s[n] ? s + n + 1 : NULL;
	}
	return false;
}
