/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of texts that strangers wrote. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands for bytes that are no character. */
#define UTF8_REPLACEMENT 0xfffdu

/* A code point that is a character: no surrogate. */
bool utf8_is_character(uint32_t c);

/* Takes a character off the text from `*at` to `end`, which is not empty; a byte that is part of none is U+FFFD. */
uint32_t utf8_take(const char **at, const char *end);

/* Writes a character, at most 4 bytes. How many. */
size_t utf8_put(uint32_t c, char *at);

/*
 * Would it do something on a terminal, or to a text, rather than be seen? Control characters (C0, DEL, C1), those of
 * direction, line and paragraph separators, byte order marks, and what is no character. None is above U+FFFF.
 */
bool utf8_is_special(uint32_t c);
