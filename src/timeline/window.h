/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From when to when a chart goes. That is from the first moment to the last, unless one far off, as a birth in 1970 that
 * somebody has told, would squeeze all others into one point: then it is left out, and the chart says that something
 * is off its edge.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "timeline/timeline.h"

struct window {
	int64_t from, to; /* from < to */
};

/* Sorts the moments, of which there is at least one, by their time. */
struct window window_choose(struct timeline_moment *moments, size_t count);
