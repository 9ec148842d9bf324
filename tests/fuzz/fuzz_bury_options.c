/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever bury's environment and command line are, they are refused with a reason, or within bounds. Words end with
 * NULs; the first ones that begin with KUBEXIT_ are the environment, the next one is how bury is called.
 */
#include "bury/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bury/kubexit.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_goal(const struct goal *goal)
{
	require(goal->count <= GOAL_MAX);
	for (unsigned i = 0; i < goal->count; i++) {
		const struct term *term = &goal->terms[i];
		char text[TERM_TEXT_MAX];

		require(term->kind < TERM_KINDS && term->state == TERM_PENDING);
		require(term->kind == TERM_LISTENING ? term->port >= 1 && term->port <= 65535
						     : name_valid(term->name, strlen(term->name)));
		require(strlen(term_text(term, text)) > strlen(term->name));
	}
	require(goal_state(goal) == (goal->count ? TERM_PENDING : TERM_HOLDS));
}

static void check_options(const struct options *o)
{
	require(!o->name || name_valid(o->name, strlen(o->name)));
	require(o->action != ACTION_RUN || (o->graveyard[0] && o->command[0]));
	require(o->action != ACTION_INSTALL || o->install[0]);
	require(o->after_timeout >= 0 && o->grace >= 0);
	require(o->signal >= 1 && o->signal <= 64);
	check_goal(&o->after);
	check_goal(&o->until);
}

static void check_unknown(char **environment)
{
	const char *variable, *nearest = NULL;
	size_t at = 0;

	while ((variable = kubexit_unknown(environment, &at, &nearest)))
		require(strncmp(variable, "KUBEXIT_", 8) == 0 && nearest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options o;
	char *words[WORDS_MAX + 1] = {NULL}, *environment[WORDS_MAX + 1] = {NULL};
	char *text = malloc(size + 2), why[OPTIONS_WHY_MAX];
	int count = 0, variables = 0, r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	memset(text + size, '\0', 2);
	for (size_t at = 0; at <= size && count < WORDS_MAX; at += strlen(text + at) + 1)
		words[count++] = text + at;
	while (variables < count - 1 && strncmp(words[variables], "KUBEXIT_", 8) == 0) {
		environment[variables] = words[variables];
		variables++;
	}
	r = options_parse(count - variables, words + variables, environment, &o, why);
	require(r == 0 || (r == -EINVAL && memchr(why, '\0', sizeof(why)) && why[0]));
	if (r == 0)
		check_options(&o);
	check_unknown(environment);
	free(text);
	return 0;
}
