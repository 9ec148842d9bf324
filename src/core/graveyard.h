/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of lives: what a birth, a readiness and a death do to a name, as whom, and how each becomes
 * an event. Everything is staged in one transaction of the store and happens at graveyard_commit(), or
 * not at all. Vigils hear of it after the commit, never before.
 *
 * Core reads no clock: times come with the deeds, in nanoseconds since the Epoch.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/store.h"

struct vigils;
struct graveyard;

/* Deeds that can be staged before a commit has to come. */
#define GRAVEYARD_BATCH 64

struct graveyard_config {
	const char *names; /* --names a,b,c: only these exist; NULL: any. Outlives the graveyard. */
	uint64_t max_names; /* a new one beyond is -ENOSPC */
};

/* Neither store nor vigils become the graveyard's; both outlive it. */
int graveyard_new(struct store *store, struct vigils *vigils, const struct graveyard_config *config,
		  struct graveyard **ret_graveyard);
void graveyard_free(struct graveyard *g);

/* May the name exist here? 0; -EINVAL: it is no name; -ENOENT: --names does not list it. */
int graveyard_admits(const struct graveyard *g, const char *name, size_t len);
/* May every name? */
bool graveyard_admits_all(const struct graveyard *g);

struct store *graveyard_store(const struct graveyard *g);

/* The number of the last event that has happened, staged ones left out; 0 if there was none. */
uint64_t graveyard_seq(const struct graveyard *g);

/* Where the journal ends, staged events left out. */
struct journal_end {
	uint64_t seq;
	uint64_t text;    /* length of the text of `.log` */
	int64_t recorded; /* when the last event was; 0 if there was none */
	int64_t on_view;  /* names; right once graveyard_count() was called */
};

const struct journal_end *graveyard_end(const struct graveyard *g);

/* Is there no room for another name (--max-names)? */
bool graveyard_full(struct graveyard *g);

/* How many names are on view. Counted once, which costs time in proportion; then kept. */
int graveyard_count(struct graveyard *g, uint64_t *ret_count);

/* ---- looking ---- */

/* A name that is on view and its current life. -ENOENT: never born, or removed. */
int graveyard_find(struct graveyard *g, const char *name, size_t len, struct grave *ret_grave,
		   struct life *ret_life);

/*
 * A name, on view or not, and its latest life. Both are the graveyard's, and valid until the next call of any
 * of its functions. -ENOENT: never born.
 */
int graveyard_latest(struct graveyard *g, const char *name, size_t len,
		     const struct grave **ret_grave, const struct life **ret_life);

/* The latest life that had begun at `seq`, with every fact known today. -ENOENT: none had. */
int graveyard_begun_at(struct graveyard *g, const char *name, size_t len, uint64_t seq,
		       struct life *ret_life);

/* The life that was current and on view at `seq`, as it was then. -ENOENT: there was none. */
int graveyard_find_at(struct graveyard *g, const char *name, size_t len, uint64_t seq,
		      struct life *ret_life);

/* The same of a grave that store_ops.list() gave. */
int graveyard_grave_at(struct graveyard *g, const struct grave *grave, uint64_t seq,
		       struct life *ret_life);

/* May something have been taken off view after `seq`, or come back to it? (Of a time before the start, that is not
 * known.) If not, what is on view now begins with what was then, in the order of ids. */
bool graveyard_removed_since(const struct graveyard *g, uint64_t seq);

/* ---- changing ---- */

enum deed_kind {
	DEED_STONE, /* a stone, or a part of one, was written to NAME */
	DEED_BIRTH, /* .born/NAME: born now */
	DEED_READY, /* .ready/NAME: ready now */
	DEED_DEATH, /* .died/NAME: died, with what the stone says of it */
	DEED_EARLY, /* what lies underneath the mount: as DEED_STONE, but for what is known already */
};

struct deed {
	enum deed_kind kind;
	const struct stone *stone; /* what was written; NULL: nothing */
	bool creates; /* DEED_STONE: by creating NAME, which is a birth if it is still absent */
	bool judged;  /* whether the writer may was decided before (at open) */
	const uint64_t
		*opened; /* DEED_BIRTH: told by opening a file at this number, and counts only
				 * now, at its close; NULL: told now */
	uint64_t life;   /* only if the current life has this number; 0: whichever it has */
	int64_t coarse; /* DEED_EARLY: what is known was told before it, and its times are too early
			   by less than this; 0: its times alone say which life it is about */
	int64_t now;
	bool found; /* DEED_EARLY: it may have been told long ago, and taken in before */
	struct writer by;
};

/*
 * Stages a deed. Begins the transaction if there is none. A deed that changes nothing stages nothing.
 *
 * Errors, after which nothing of this deed is staged (but earlier deeds still are):
 * -ENOBUFS no room: commit first; -EINVAL, -ENOENT as graveyard_admits(); -EACCES not the owner; -EPERM what is written is final and
 * something else, or ready after death; -ENOSPC one name too many; and the store's.
 */
int graveyard_stage(struct graveyard *g, const char *name, size_t len, const struct deed *deed);

/* Takes a name off view, waking nobody. -ENOBUFS, -ENOENT, -EACCES, and the store's. */
int graveyard_remove(struct graveyard *g, const char *name, size_t len, const struct deed *deed);

/* Hands a name over to another owner. -ENOBUFS, -ENOENT, -EPERM unless root, and the store's. */
int graveyard_chown(struct graveyard *g, const char *name, size_t len, uid_t uid, gid_t gid,
		    const struct deed *deed);

/* Takes every name off view (--fresh). The store's errors. */
int graveyard_fresh(struct graveyard *g, int64_t now);

/* May `uid` write to the name? 0, also if it does not exist; -EACCES; the store's. */
int graveyard_may_write(struct graveyard *g, const char *name, size_t len, uid_t uid);

/* Is something staged? And for this name? (Once a write of the store has failed: for every name.) */
bool graveyard_staged(const struct graveyard *g);
bool graveyard_staged_for(const struct graveyard *g, const char *name, size_t len);

/* The number of the last event once what is staged has happened; 0 if no event is staged. */
uint64_t graveyard_staged_seq(const struct graveyard *g);

/* How many events are staged. */
unsigned graveyard_staged_events(const struct graveyard *g);

/* Is there room for another deed, or so many, before a commit? */
bool graveyard_has_room(const struct graveyard *g);
bool graveyard_has_room_for(const struct graveyard *g, unsigned deeds);

/*
 * Makes what is staged happen and wakes the vigils it concerns. On failure nothing has happened, and
 * the transaction is over. Does nothing if nothing is staged.
 */
int graveyard_commit(struct graveyard *g);
void graveyard_rollback(struct graveyard *g);

/* Calls `each` with every event of the commits since the last call, oldest first (for the log). Those of the
 * last commit are at hand; earlier ones are read, and one that cannot be is left out. */
void graveyard_tell(struct graveyard *g, void (*each)(void *arg, const struct event *), void *arg);
