/* SPDX-License-Identifier: Apache-2.0 */
/* How the tests of a store make things and put them in. All that can fail is asserted not to. */
#pragma once

#include "core/store.h"

#define NOON INT64_C(1795230000123456789) /* 2026-11-21T03:00:00.123456789Z */

/* A grave of that name, on view, with `life` lives; not kept. */
struct grave a_grave(const char *name, uint64_t life);

/* A life that was born at event `seq`; not kept. */
struct life a_life(int64_t grave, uint64_t number, uint64_t seq);

/* Makes a fact known at event `seq`. */
void set_fact(struct life *life, enum fact fact, uint64_t seq);

/* The event that may be appended next; not kept. */
struct event an_event(struct store *store, enum event_what what, const struct grave *grave);

/* Within a transaction: the next life of a name, or its first, with its event. */
void be_born(struct store *store, const char *name);

/* Within a transaction: the death of its latest life with a code, with its event. */
void die(struct store *store, const char *name, int code);

/* Each in a transaction of its own. */
void commit_birth(struct store *store, const char *name);
void commit_death(struct store *store, const char *name, int code);

/* The number of the last event. */
uint64_t last_seq(struct store *store);
