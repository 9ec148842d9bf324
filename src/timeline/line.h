/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of `.log` taken apart, strictly: the inverse of journal_line() in core/journal.h. Further columns, which later
 * versions may add, are not looked at.
 *
 * What the daemon writes to standard error will do, too, as it outlives the pod: there the columns are keys (`seq`,
 * `time`...) with values, in records among others that tell of no event of the journal, and have no `seq`.
 */
#pragma once

#include <stddef.h>

struct event;

/* More than any line that journal_line() writes, with room for further columns. */
#define LINE_MAX_LEN 1023

/* Holds a reason, with what it is about. */
#define LINE_WHY_SIZE 128

enum line_kind {
	LINE_EVENT,
	LINE_OTHER, /* one of the daemon's that tells of no event */
};

/*
 * Takes a line apart, without its newline. Of the event, `grave`, `recorded` and `text_at` are not in it, and are 0.
 * Returns an enum line_kind; the event is written for LINE_EVENT only.
 * -EINVAL: `why` says what is wrong, in printable ASCII, whatever is in the line.
 */
int line_parse(const char *text, size_t len, struct event *ret_event, char why[LINE_WHY_SIZE]);
