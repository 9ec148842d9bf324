/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graveyard over a fake store, and short words for what happens in it. Times are in seconds since the
 * Epoch, and a stone is a few of
 *
 *	b10 r20 d30 c3 eWORD	born, ready, died, exit code, epitaph
 */
#pragma once

#include "core/graveyard.h"
#include "core/lives.h"

#include <stddef.h>

#define SECOND INT64_C(1000000000)
#define NOW 100     /* seconds: when deeds are done if not said otherwise */
#define SOMEBODY 10 /* uid and gid of whoever does them */

struct yard {
	struct store *store;
	struct vigils *vigils;
	struct graveyard *graveyard;
};

/* The fixture of a test: *state is a struct yard. */
int yard_setup(void **state);
int yard_teardown(void **state);

/* Another graveyard over the same store: what a restart is. `config` NULL: any name, a thousand of them. */
void yard_restart(struct yard *y, const struct graveyard_config *config);

struct stone stone_of(const char *text);

/* The same the other way; `ret_text` holds any stone of a short epitaph. */
#define STONE_WORDS 160
void stone_words(const struct stone *stone, char ret_text[STONE_WORDS]);

/* By SOMEBODY at NOW. `stone` may be NULL, and has to outlive the deed. */
struct deed deed_of(enum deed_kind kind, const struct stone *stone);

/* Stages a deed of SOMEBODY at NOW. `text`: the stone; NULL: nothing was written. */
int yard_stage(struct yard *y, const char *name, enum deed_kind kind, const char *text);

/* Stages it and commits; both have to succeed. */
void yard_tell(struct yard *y, const char *name, enum deed_kind kind, const char *text);

int yard_remove(struct yard *y, const char *name);
/* Hands it over to `owner`, as `uid`. */
int yard_chown(struct yard *y, const char *name, uid_t owner, uid_t uid);
void yard_commit(struct yard *y);

/* What the store has; it has to be there. */
struct event yard_event(struct yard *y, uint64_t seq);
struct grave yard_grave(struct yard *y, const char *name);
struct life yard_life(struct yard *y, const char *name, uint64_t number);

/* Requires the current life of a name to be such: "2 b10 d30"; "": none is on view. */
void assert_yard_life(struct yard *y, const char *name, const char *expected);

/* Requires all events after `after` to be such: "a 1 born@10, a 1 died@30=3". */
void assert_yard_events(struct yard *y, uint64_t after, const char *expected);

/* Requires the leases to be such, in order: "a 1 7@70", name, life, pid and start. */
void assert_yard_leases(struct yard *y, const char *expected);

/* Numbers from 0 to n - 1 that are the same in every run. */
unsigned dice(uint64_t *seed, unsigned n);
