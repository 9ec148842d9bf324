/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of text for people, and for a picture. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DURATION_SIZE 32

struct buf;

/* Two units, or three places, at most: "2d 3h", "1h 5m", "3m 20s", "3.25s", "12.50ms", "870us", "15ns". */
void text_duration(uint64_t ns, char ret_text[DURATION_SIZE]);

/* Appends `len` bytes as text of XML, harmless whatever they are: what is not printable ASCII becomes \xNN. */
void text_escape(struct buf *to, const char *text, size_t len);
