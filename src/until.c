/* SPDX-License-Identifier: Apache-2.0 */
#include "until.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/condition.h"
#include "core/vigil.h"

struct until {
	struct vigil vigil; /* first: the wake function gets no more */
	struct graveyard *graveyard;
	struct vigils *vigils;
	struct condition condition;
	uint64_t opened;
	bool changed; /* since it was looked at */
	bool holds;
	struct vigil_name names[];
};

/* Within a commit, where nobody could be told that the store fails: looked at later. */
static void wake(struct vigil *vigil, enum vigil_outcome outcome)
{
	struct until *u = (struct until *)vigil;

	u->changed = true;
	/* Its place was given back a moment ago, and nobody can have taken it. */
	if (outcome == VIGIL_EVENT)
		(void)vigil_keep(u->vigils, vigil);
}

static void name_parts(struct until *u)
{
	for (struct condition_part part = {0}; condition_next_part(&u->condition, &part);) {
		u->names[u->vigil.count++] =
			(struct vigil_name){.name = part.name.name, .len = part.name.len};
		u->vigil.interest |= wait_interest(part.kind);
	}
}

int until_new(struct graveyard *g, struct vigils *vigils, const char *text, uint64_t opened,
	      struct until **ret_until)
{
	struct condition c;
	struct until *u;
	const char *why;
	int r = condition_parse(text, strlen(text), &c, &why);

	if (r < 0)
		return r;
	u = calloc(1, sizeof(*u) + c.count * sizeof(u->names[0]));
	if (!u)
		return -ENOMEM;
	u->vigil.wake = wake;
	u->vigil.deadline = INT64_MAX;
	u->vigil.names = u->names;
	u->graveyard = g;
	u->vigils = vigils;
	u->condition = c;
	u->opened = opened;
	u->changed = true;
	name_parts(u);
	r = vigil_keep(vigils, &u->vigil);
	if (r < 0) {
		free(u);
		return r;
	}
	*ret_until = u;
	return 0;
}

void until_free(struct until *u)
{
	if (u)
		vigil_cancel(u->vigils, &u->vigil);
	free(u);
}

int until_look(struct until *u)
{
	int r;

	if (u->holds || !u->changed)
		return u->holds;
	r = condition_look(u->graveyard, &u->condition, u->opened);
	u->changed = r < 0;
	u->holds = r > 0;
	return r;
}
