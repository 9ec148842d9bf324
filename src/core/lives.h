/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state × fact table: what each fact that is told does to a name that was never born, is alive or is
 * dead. Works on values; the graveyard loads and keeps them.
 */
#pragma once

#include "core/graveyard.h"
#include "core/store.h"

/* A birth, an epitaph, a readiness, a death, and a code or an epitaph added: no deed makes more. */
#define LIVES_EVENTS_MAX FACT_COUNT

struct lives {
	bool on_view;     /* is there a current life? */
	struct life life; /* the latest one; number 0: there was none */
	int64_t removed; /* when somebody took that off view; 0: nobody did, or the deed is not found */
	unsigned count;                        /* events that came of the deed */
	struct event events[LIVES_EVENTS_MAX]; /* time, life, what and code only */
};

/*
 * Applies a deed to the latest life, field by field in the order of enum fact. New facts have the
 * number 0 in life.seq until lives_number() gives them theirs.
 *
 * Errors: -EPERM what is told is final already and something else, or readiness after death; `l` is then
 * of no more use. -ENOMEM.
 */
int lives_apply(struct lives *l, const struct deed *deed);

/* Numbers the events from `first` on, and the facts they brought with the last of them: what one write
 * told becomes known all at once. */
void lives_number(struct lives *l, uint64_t first);
