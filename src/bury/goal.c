/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/goal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/condition.h"

static const char *const kind_names[TERM_KINDS] = {
	[TERM_BORN] = "born",           [TERM_READY] = "ready",         [TERM_DIED] = "died",
	[TERM_SUCCEEDED] = "succeeded", [TERM_LISTENING] = "listening",
};

const char *term_kind_name(enum term_kind kind)
{
	return kind_names[kind];
}

const char *term_text(const struct term *term, char text[TERM_TEXT_MAX])
{
	(void)snprintf(text, TERM_TEXT_MAX, "%s:%s", kind_names[term->kind], term->name);
	return text;
}

struct span {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *goal_trim(const char *text, size_t len, size_t *ret_len)
{
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	*ret_len = len;
	return text;
}

static struct span trimmed(struct span s)
{
	s.at = goal_trim(s.at, s.len, &s.len);
	return s;
}

static bool take_port(struct span text, unsigned *ret_port)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	*ret_port = port;
	return port > 0 && port <= 65535;
}

/* NULL, or what is wrong with it. */
static const char *add_term(struct goal *goal, const struct term *term)
{
	if (goal->count == GOAL_MAX)
		return "has more than 64 parts";
	goal->terms[goal->count++] = *term;
	return NULL;
}

static const char *add_name(struct goal *goal, enum term_kind kind, struct span name)
{
	struct term term = {.source.fd = -1, .kind = kind, .retry = NEVER};

	if (!name_valid(name.at, name.len))
		return "has a name that is none: 1 to 253 of A-Z a-z 0-9 . _ - are one";
	memcpy(term.name, name.at, name.len);
	return add_term(goal, &term);
}

static const char *add_port(struct goal *goal, struct span port)
{
	struct term term = {.source.fd = -1, .kind = TERM_LISTENING, .retry = NEVER};

	if (!take_port(port, &term.port))
		return "has a port that is not between 1 and 65535";
	(void)snprintf(term.name, sizeof(term.name), "%u", term.port);
	return add_term(goal, &term);
}

/* Ports are for us only; the rest is as for graveyardfs itself. */
static const char *add_part(struct goal *goal, struct span part)
{
	static const char listening[] = "listening:";
	static const enum term_kind kinds[WAIT_KIND_COUNT] = {
		[WAIT_BORN] = TERM_BORN,
		[WAIT_READY] = TERM_READY,
		[WAIT_DIED] = TERM_DIED,
		[WAIT_SUCCEEDED] = TERM_SUCCEEDED,
	};
	size_t len = strlen(listening);
	struct condition condition;
	struct condition_part named = {.kind = WAIT_BORN};
	const char *why;

	part = trimmed(part);
	if (part.len > len && memcmp(part.at, listening, len) == 0)
		return add_port(goal, (struct span){part.at + len, part.len - len});
	if (condition_parse(part.at, part.len, &condition, &why) < 0)
		return why;
	(void)condition_next_part(&condition, &named);
	return add_name(goal, kinds[named.kind], (struct span){named.name.name, named.name.len});
}

int goal_parse(struct goal *goal, const char *text, const char **ret_why)
{
	const char *why = NULL;

	goal->count = 0;
	goal->all = strchr(text, '+');
	if (goal->all && strchr(text, ','))
		why = "mixes + (all) and , (any)";
	for (const char *s = text; s && !why;) {
		size_t len = strcspn(s, goal->all ? "+" : ",");

		why = add_part(goal, (struct span){s, len});
		s = s[len] ? s + len + 1 : NULL;
	}
	if (why)
		*ret_why = why;
	return why ? -EINVAL : 0;
}

int goal_parse_list(struct goal *goal, enum term_kind kind, bool all, const char *list,
		    const char **ret_why)
{
	goal->count = 0;
	goal->all = all;
	for (const char *s = list; s;) {
		size_t len = strcspn(s, ",");
		const char *why = add_name(goal, kind, trimmed((struct span){s, len}));

		if (why) {
			*ret_why = why;
			return -EINVAL;
		}
		s = s[len] ? s + len + 1 : NULL;
	}
	return 0;
}

const struct term *goal_decider(const struct goal *goal, enum term_state state)
{
	for (unsigned i = 0; i < goal->count; i++) {
		if (goal->terms[i].state == state)
			return &goal->terms[i];
	}
	return NULL;
}

enum term_state goal_state(const struct goal *goal)
{
	bool any_holds = goal_decider(goal, TERM_HOLDS),
	     any_pending = goal_decider(goal, TERM_PENDING),
	     any_hopeless = goal_decider(goal, TERM_HOPELESS);

	if (goal->count == 0)
		return TERM_HOLDS;
	if (goal->all)
		return any_hopeless ? TERM_HOPELESS : any_pending ? TERM_PENDING : TERM_HOLDS;
	return any_holds ? TERM_HOLDS : any_pending ? TERM_PENDING : TERM_HOPELESS;
}

bool goal_names(const struct goal *goal, const char *name)
{
	for (unsigned i = 0; i < goal->count; i++) {
		if (goal->terms[i].kind != TERM_LISTENING && strcmp(goal->terms[i].name, name) == 0)
			return true;
	}
	return false;
}
