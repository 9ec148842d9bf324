/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COND, what is waited for: terms, all of which have to hold (`+`) or any of which (`,`).
 *
 *	died:a   born:a   ready:a   succeeded:a   listening:5432   ready:a+listening:5432   died:a,died:b
 *
 * What held once holds for good.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bury/loop.h"
#include "core/name.h"

/* Terms of one condition: each that waits on a graveyardfs takes a descriptor. */
#define GOAL_MAX 64

enum term_kind { TERM_BORN, TERM_READY, TERM_DIED, TERM_SUCCEEDED, TERM_LISTENING, TERM_KINDS };

enum term_state {
	TERM_PENDING,
	TERM_HOLDS,
	TERM_HOPELESS, /* ready, unless persistent: it died before it was ready */
};

struct watch;

struct term {
	struct source source; /* where it waits on a graveyardfs */
	struct watch *watch;
	enum term_kind kind;
	enum term_state state;
	char name[GRAVE_NAME_MAX + 1]; /* of listening: the port */
	unsigned port;
	bool persistent; /* readiness: one that died before it was ready may be ready in its next life */
	bool next;       /* so that is what it waits for now */
	bool doubted;  /* it was lost with its lease, and may come back: told once */
	int64_t asked; /* when a graveyardfs was asked first, CLOCK_REALTIME; 0: none was */
	int64_t born;  /* the latest birth seen in a plain directory; 0: none */
	int64_t retry; /* when its wait is begun again; NEVER */
};

struct goal {
	bool all;
	unsigned count; /* 0: there is no such condition */
	struct term terms[GOAL_MAX];
};

/* Where a text begins without the blanks around it, and how long it is then. */
const char *goal_trim(const char *text, size_t len, size_t *ret_len);

/*
 * Reads a condition; spaces around names are no part of them. -EINVAL: `ret_why` ends a sentence that begins with it.
 */
int goal_parse(struct goal *goal, const char *text, const char **ret_why);

/* One of one kind for each of a list of names with commas between them: kubexit's. Errors: as above. */
int goal_parse_list(struct goal *goal, enum term_kind kind, bool all, const char *list,
		    const char **ret_why);

/* What becomes of it, of its terms. A goal without terms holds. */
enum term_state goal_state(const struct goal *goal);

/* The term that decided it: the first one with that state. NULL: none. */
const struct term *goal_decider(const struct goal *goal, enum term_state state);

/* Is it about that name? */
bool goal_names(const struct goal *goal, const char *name);

/* "died" */
const char *term_kind_name(enum term_kind kind);

/* "died:a" */
#define TERM_TEXT_MAX (GRAVE_NAME_MAX + 16)
const char *term_text(const struct term *term, char text[TERM_TEXT_MAX]);
