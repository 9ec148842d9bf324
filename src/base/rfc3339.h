/* SPDX-License-Identifier: Apache-2.0 */
/* Times as RFC 3339 writes them, to the nanosecond. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* "2026-11-21T03:00:00.123456789Z" and its NUL. */
#define RFC3339_SIZE 31

/*
 * Reads a time with any offset ("Z", "z", "+01:00", "-00:00"), 'T', 't' or a space between date and
 * time, and any number of digits in the fraction (those after the ninth are cut off). A leap second
 * (:60) is the second after :59. All of `text`, `len` bytes, has to be the time.
 *
 * ret_ns: nanoseconds since the Epoch, UTC.
 * Errors: -EINVAL not such a time; -ERANGE one, but not within 64 bits (from
 * 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z).
 */
int rfc3339_parse(const char *text, size_t len, int64_t *ret_ns);

/*
 * Writes a time in UTC with "Z", the fraction without trailing zeros and left out where it is 0
 * (as Go's RFC3339Nano). Any int64_t can be written. Returns the length without the NUL.
 */
size_t rfc3339_format(int64_t ns, char ret_text[RFC3339_SIZE]);
