/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an axis of time is marked, in UTC: at round times, from nanoseconds to centuries, as close as their labels
 * allow. A label has what changes from mark to mark, and the context, which goes on a line of its own, the rest:
 * "03:15" on "2026-11-21".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TICKS_MAX 128
#define TICK_TEXT_SIZE 24

struct tick {
	int64_t time;
	char label[TICK_TEXT_SIZE];
	char context[TICK_TEXT_SIZE]; /* "" where the label says all */
};

struct ticks {
	size_t count;
	struct tick ticks[TICKS_MAX];
	char context[TICK_TEXT_SIZE]; /* of the beginning */
};

/* Marks from `from` to `to` (later than `from`), both included, on an axis on which `width` characters fit. Labels
 * have at least two characters between them, if each is put at the middle of its mark. */
void ticks_choose(int64_t from, int64_t to, unsigned width, struct ticks *ret_ticks);
