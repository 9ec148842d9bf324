/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an end beyond its code: a few words, for the stone and the log. Longer ones are cut. */
#pragma once

#include "bury/goal.h"
#include "core/stone.h"

struct epitaph {
	char text[STONE_EPITAPH_MAX + 1]; /* "": nothing */
};

/* Of one that was not started: what it was to wait for cannot come any more, */
void epitaph_hopeless(struct epitaph *e, const struct goal *after);
/* or did not come in time (`there`: is the graveyard?), */
void epitaph_late(struct epitaph *e, const struct goal *after, bool there);
/* or a signal did, */
void epitaph_signalled(struct epitaph *e, int signal);
/* or it cannot be run: -errno. */
void epitaph_not_run(struct epitaph *e, const char *command, int error);

/* What it was to stop for was there: before it was started, or since. */
void epitaph_cued(struct epitaph *e, const struct goal *until, bool started);

/* Further words: it was sent KILL; it ended with a code that is not the one on the stone. */
void epitaph_add_killed(struct epitaph *e);
void epitaph_add_code(struct epitaph *e, int code);
