/* SPDX-License-Identifier: Apache-2.0 */
#include "core/who.h"

#include "base/duration.h"
#include "core/name.h"

#include <errno.h>
#include <string.h>

/* Bytes in front of the first `c`; all of them if there is none. */
static size_t len_until(const char *text, size_t len, char c)
{
	const char *found = len > 0 ? memchr(text, c, len) : NULL;

	return found ? (size_t)(found - text) : len;
}

bool who_next_name(const struct who *who, struct who_name *it)
{
	size_t at = it->name ? (size_t)(it->name - who->names) + it->len + 1 : 0;

	/* Not >=: who_parse() has to see the empty name in "a,". */
	if (at > who->names_len)
		return false;
	it->name = who->names + at;
	it->len = len_until(it->name, who->names_len - at, who->all ? '+' : ',');
	return true;
}

static int take_names(struct who *who)
{
	struct who_name it = {0};

	who->all = len_until(who->names, who->names_len, '+') < who->names_len;
	while (who_next_name(who, &it)) {
		if (!name_valid(it.name, it.len))
			return -EINVAL;
		who->count++;
	}
	return 0;
}

static int take_suffix(struct who *who, const char *text, size_t len)
{
	if (len == strlen("next") && memcmp(text, "next", len) == 0) {
		if (who->next)
			return -EINVAL;
		who->next = true;
		return 0;
	}
	if (who->timeout >= 0 || duration_parse(text, len, &who->timeout) < 0)
		return -EINVAL;
	return 0;
}

int who_parse(const char *text, size_t len, struct who *ret_who)
{
	struct who who = {.names = text, .timeout = -1};
	size_t at, suffix_len;

	if (len == 0 || len > WHO_MAX)
		return -EINVAL;
	who.names_len = len_until(text, len, '@');
	if (take_names(&who) < 0)
		return -EINVAL;
	for (at = who.names_len; at < len; at += suffix_len) {
		at++;
		suffix_len = len_until(text + at, len - at, '@');
		if (take_suffix(&who, text + at, suffix_len) < 0)
			return -EINVAL;
	}
	*ret_who = who;
	return 0;
}
