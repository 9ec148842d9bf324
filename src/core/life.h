/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with one life (struct life of core/store.h) as a value. */
#pragma once

#include <stdint.h>

struct buf;
struct life;
struct portrait;

/* Takes the facts away that became known after `seq`. */
void life_as_of(struct life *life, uint64_t seq);

/* The text of one life in `.history/NAME`. */
void life_history_text(const struct life *life, struct buf *text);

/* "alive", "ready", "dead"; "waited" for who was never born. */
const char *portrait_state(const struct portrait *portrait);
