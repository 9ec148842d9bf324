/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as Go writes them: "30s", "1m30s", "400ms", "1.5h". */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * One or more of NUMBER UNIT, NUMBER with an optional fraction, UNIT of ns, us, ms, s, m, h. A bare
 * number is an error (30 of what?), "0" excepted as in Go. No sign, no spaces.
 *
 * ret_ns: nanoseconds, 0 or more.
 * Errors: -EINVAL not a duration; -ERANGE longer than 64 bits of nanoseconds hold (292 years).
 */
int duration_parse(const char *text, size_t len, int64_t *ret_ns);
