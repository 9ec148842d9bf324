/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/goal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static struct span trimmed(struct span s)
{
	while (s.len > 0 && is_blank(*s.at)) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
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
static const char *add_term(struct goal *goal, enum term_kind kind, struct span name)
{
	struct term term = {.source.fd = -1, .kind = kind, .retry = NEVER};

	name = trimmed(name);
	if (kind == TERM_LISTENING) {
		if (!take_port(name, &term.port))
			return "has a port that is not between 1 and 65535";
		(void)snprintf(term.name, sizeof(term.name), "%u", term.port);
	} else {
		if (!name_valid(name.at, name.len))
			return "has a name that is none: 1 to 253 of A-Z a-z 0-9 . _ - are one";
		memcpy(term.name, name.at, name.len);
	}
	if (goal->count == GOAL_MAX)
		return "has more than 64 parts";
	goal->terms[goal->count++] = term;
	return NULL;
}

static const char *add_part(struct goal *goal, struct span part)
{
	part = trimmed(part);
	for (unsigned kind = 0; kind < TERM_KINDS; kind++) {
		size_t len = strlen(kind_names[kind]);

		if (part.len > len && memcmp(part.at, kind_names[kind], len) == 0 &&
		    part.at[len] == ':')
			return add_term(goal, (enum term_kind)kind,
					(struct span){part.at + len + 1, part.len - len - 1});
	}
	return "has a part that begins with none of born:, ready:, died:, succeeded:, listening:";
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
		const char *why = add_term(goal, kind, (struct span){s, len});

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
