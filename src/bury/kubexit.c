/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/kubexit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bury/options.h"

#define PREFIX "KUBEXIT_"
#define VARIABLE_MAX 64 /* bytes that are compared */

static const char *set_name(struct options *o, const char *value)
{
	o->readiness = READY_RUNNING;
	return options_set(o, "name", value);
}

static const char *set_graveyard(struct options *o, const char *value)
{
	return options_set(o, "graveyard", value);
}

/* All of them have to be ready. */
static const char *set_birth_deps(struct options *o, const char *value)
{
	const char *why = NULL;

	return goal_parse_list(&o->after, TERM_READY, true, value, &why) < 0 ? why : NULL;
}

static const char *set_birth_timeout(struct options *o, const char *value)
{
	return options_set(o, "after-timeout", value);
}

/* Any of them may die. */
static const char *set_death_deps(struct options *o, const char *value)
{
	const char *why = NULL;

	return goal_parse_list(&o->until, TERM_DIED, false, value, &why) < 0 ? why : NULL;
}

static const char *set_grace_period(struct options *o, const char *value)
{
	return options_set(o, "grace", value);
}

static const char *set_ignore_code(struct options *o, const char *value)
{
	static const char *const words[] = {"false", "true", "FALSE", "TRUE", "False",
					    "True",  "f",    "t",     "0",    "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			o->ignore_code = i % 2;
			return NULL;
		}
	}
	return "is neither true nor false";
}

/* What kubexit needs for asking the API. */
static const char *ignore(struct options *o, const char *value)
{
	(void)o;
	(void)value;
	return NULL;
}

static const struct variable {
	const char *name;
	const char *(*set)(struct options *o, const char *value);
} variables[] = {
	{PREFIX "NAME", set_name},
	{PREFIX "GRAVEYARD", set_graveyard},
	{PREFIX "BIRTH_DEPS", set_birth_deps},
	{PREFIX "BIRTH_TIMEOUT", set_birth_timeout},
	{PREFIX "DEATH_DEPS", set_death_deps},
	{PREFIX "GRACE_PERIOD", set_grace_period},
	{PREFIX "IGNORE_CODE_ON_DEATH_DEPS", set_ignore_code},
	{PREFIX "POD_NAME", ignore},
	{PREFIX "NAMESPACE", ignore},
};

#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

static const struct variable *find(const char *name, size_t len)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		if (strlen(variables[i].name) == len && memcmp(variables[i].name, name, len) == 0)
			return &variables[i];
	}
	return NULL;
}

int kubexit_read(struct options *options, char **environment, char *why)
{
	for (char **at = environment; *at; at++) {
		size_t len = strcspn(*at, "=");
		const struct variable *variable = find(*at, len);
		const char *value = (*at)[len] ? *at + len + 1 : "", *wrong;

		/* Empty is as good as not set, for kubexit. */
		if (!variable || *value == '\0')
			continue;
		wrong = variable->set(options, value);
		if (wrong) {
			(void)snprintf(why, OPTIONS_WHY_MAX, "%s %s: '%.100s'", variable->name,
				       wrong, value);
			return -EINVAL;
		}
	}
	return 0;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many characters have to be put in, taken out or changed (Levenshtein). */
static unsigned distance(const char *a, size_t a_len, const char *b)
{
	unsigned row[VARIABLE_MAX + 1];
	size_t b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned changed = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

static const char *nearest(const char *name, size_t len)
{
	unsigned best = 0;
	size_t found = 0;

	len = len < VARIABLE_MAX ? len : VARIABLE_MAX;
	for (size_t i = 0; i < VARIABLES; i++) {
		unsigned d = distance(name, len, variables[i].name);

		if (i == 0 || d < best) {
			best = d;
			found = i;
		}
	}
	return variables[found].name;
}

const char *kubexit_unknown(char **environment, size_t *at, const char **ret_nearest)
{
	while (environment[*at]) {
		const char *variable = environment[(*at)++];
		size_t len = strcspn(variable, "=");

		if (strncmp(variable, PREFIX, strlen(PREFIX)) == 0 && !find(variable, len)) {
			*ret_nearest = nearest(variable, len);
			return variable;
		}
	}
	return NULL;
}
