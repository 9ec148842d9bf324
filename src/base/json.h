/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands between the quotes of a JSON string, whatever bytes it is made from. It is valid UTF-8 on one line, and
 * harmless: in a terminal (no control character, nothing that changes the direction of writing or is not seen), and in
 * a web page (no < > &).
 */
#pragma once

#include <stddef.h>

/* Bytes that one step may take. */
#define JSON_STEP_MAX 12

/*
 * Writes the character that begins at `*text`, which is less than `end`, and goes to the next. Returns the number of
 * bytes, 1 to JSON_STEP_MAX. A byte that is no UTF-8 becomes \ufffd.
 */
size_t json_step(const char **text, const char *end, char out[JSON_STEP_MAX]);
