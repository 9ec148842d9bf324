/* SPDX-License-Identifier: Apache-2.0 */
#include "core/condition.h"

#include <errno.h>
#include <string.h>

#include "core/name.h"

static const struct word {
	const char *text; /* with its colon */
	enum wait_kind kind;
} words[] = {
	{"born:", WAIT_BORN},
	{"ready:", WAIT_READY},
	{"died:", WAIT_DIED},
	{"succeeded:", WAIT_SUCCEEDED},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static size_t len_until(const char *text, size_t len, char c)
{
	const char *found = len > 0 ? memchr(text, c, len) : NULL;

	return found ? (size_t)(found - text) : len;
}

/* The word that a part begins with; NULL: none. */
static const struct word *find_word(const char *text, size_t len)
{
	for (size_t i = 0; i < WORDS; i++) {
		size_t n = strlen(words[i].text);

		if (len >= n && memcmp(text, words[i].text, n) == 0)
			return &words[i];
	}
	return NULL;
}

/* The part at `at`. NULL, or what is wrong with it. */
static const char *take_part(const struct condition *c, size_t at, struct condition_part *part)
{
	const char *text = c->text + at;
	size_t len = len_until(text, c->len - at, c->all ? '+' : ',');
	const struct word *word = find_word(text, len);

	if (!word)
		return "has a part that begins with none of born:, ready:, died:, succeeded:";
	part->kind = word->kind;
	part->name.name = text + strlen(word->text);
	part->name.len = len - strlen(word->text);
	return name_valid(part->name.name, part->name.len) ? NULL
							   : "has a part with what is no name";
}

int condition_parse(const char *text, size_t len, struct condition *ret_condition,
		    const char **ret_why)
{
	struct condition c = {.text = text, .len = len};
	struct condition_part part;

	c.all = len_until(text, len, '+') < len;
	if (c.all && len_until(text, len, ',') < len) {
		*ret_why = "mixes + (all) and , (any)";
		return -EINVAL;
	}
	/* Not <: there is an empty part in "died:a,". */
	for (size_t at = 0; at <= len; c.count++) {
		const char *wrong = take_part(&c, at, &part);

		if (wrong) {
			*ret_why = wrong;
			return -EINVAL;
		}
		at = (size_t)(part.name.name + part.name.len - text) + 1;
	}
	*ret_condition = c;
	return 0;
}

bool condition_next_part(const struct condition *c, struct condition_part *part)
{
	size_t at = 0;

	if (part->name.name)
		at = (size_t)(part->name.name + part->name.len - c->text) + 1;
	return at < c->len && !take_part(c, at, part);
}
