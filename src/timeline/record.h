/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line that the daemon has written to standard error (base/record.h), split into the columns of `.log`: logfmt, or a
 * JSON object of numbers and strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "timeline/column.h"

/* Does it begin as such a line does? `.log` has none that do. */
bool record_recognize(const char *text, size_t len);

/*
 * Columns that the line does not have are as `.log` has them where there is nothing to tell.
 * Returns 1, or 0 if it tells of nothing that is in the journal (it has no `seq`). -EINVAL: it ends within a value, or
 * is no such line at all.
 */
int record_split(const char *text, size_t len, struct column_text ret_columns[COLUMNS]);
