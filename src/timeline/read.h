/* SPDX-License-Identifier: Apache-2.0 */
/* A timeline out of an open log. */
#pragma once

#include <stddef.h>

#include "timeline/timeline.h"

/* Holds "line N: " and a reason. */
#define READ_WHY_SIZE (TIMELINE_WHY_SIZE + 32)

/*
 * Reads `fd` to its end, or as far as there is something: of `.events`, which has no end, what has happened so far.
 * Lines and what is kept of them are bounded; how many lines there are is not.
 *
 * Errors: -EINVAL a line is wrong: `why` says which, and why. Otherwise why[0] is 0: -ENOMEM, or what poll(2) and
 * read(2) say.
 */
int read_timeline(int fd, struct timeline *timeline, char why[READ_WHY_SIZE]);

/* The same of a text that is all there. */
int read_timeline_text(const char *text, size_t len, struct timeline *timeline,
		       char why[READ_WHY_SIZE]);
