/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last part of .wait/listening/PORT and .wait/drained/PORT: which TCP port a wait is for.
 *
 *	PORT   PORT:3s (drained: how long it has to be quiet)   then optionally   @30s
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port_wait {
	uint16_t port;   /* 1 to 65535 */
	size_t digits;   /* of the text, its first, that say it */
	int64_t quiet;   /* nanoseconds; -1: nothing is said */
	int64_t timeout; /* nanoseconds from the open; -1 none */
};

/*
 * Reads PORT, which is decimal, without sign or leading zeros; with `quiet` a quiet period is allowed.
 * Errors: -EINVAL: anything else.
 */
int port_parse(const char *text, size_t len, bool quiet, struct port_wait *ret_wait);
