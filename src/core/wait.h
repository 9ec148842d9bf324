/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wait is for, and whether it has come: a function of the journal and of the sequence number at which
 * the wait was opened, so that the answer is the same whoever asks, as often as it is asked. Save one: a code
 * that comes after its death takes the place of -ENODATA, and the wait has then come with the code.
 *
 * A wait is about the life that was current when it was opened (the next to be born if there was none),
 * with @next about the next event of its kind, and it shows each stone as it was at the event.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct graveyard;
struct who;
struct who_name;

enum wait_kind { WAIT_BORN, WAIT_READY, WAIT_DIED, WAIT_EXITCODE, WAIT_SUCCEEDED, WAIT_KIND_COUNT };

/* The events that may end a wait of this kind, as vigil.interest has them. */
unsigned wait_interest(enum wait_kind kind);

/* One name of a wait. */
struct wait_standing {
	bool happened;
	uint64_t life; /* that it is about; if it happened: in which it did */
	uint64_t at;   /* if it happened: the sequence number, not before that of the open */
};

/*
 * How a wait for one name stands.
 * Errors: -ESRCH WAIT_READY: dead; and the store's.
 */
int wait_look_one(struct graveyard *g, enum wait_kind kind, const struct who_name *name, bool next,
		  uint64_t opened, struct wait_standing *ret_standing);

/*
 * Has it happened to a name, in the life that was current at `opened` (the next, if there was none) or a later one? What
 * has stays so. Unlike a wait, WAIT_READY does not fail when a life is over, and goes on with the next. 1; 0 not yet; the
 * store's errors.
 */
int wait_happened(struct graveyard *g, enum wait_kind kind, const struct who_name *name,
		  uint64_t opened);

/*
 * How a wait stands: 1 it has come, ret_at tells when; 0 not yet.
 * Errors: -ESRCH WAIT_READY: one of all, or each of any, is dead; and the store's.
 */
int wait_look(struct graveyard *g, enum wait_kind kind, const struct who *who, uint64_t opened,
	      uint64_t *ret_at);

/*
 * Appends what a reader of a wait that has come (at `at`) gets: the stones, or for WAIT_EXITCODE the
 * numbers. Several names: with `Name: a` before each stone, and `a 3` for numbers.
 * Errors: -ENODATA WAIT_EXITCODE: dead without a known code; and the store's.
 */
int wait_text(struct graveyard *g, enum wait_kind kind, const struct who *who, uint64_t opened,
	      uint64_t at, struct buf *text);
