/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHO, the last part of .wait/died/WHO: whom a wait is for.
 *
 *	NAME   a,b (any of them)   a+b (all of them)   then optionally   @30s   @next
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, as the kernel's limit for a name in a FUSE directory (FUSE_NAME_MAX in fs/fuse/fuse_i.h). */
#define WHO_MAX 1024

struct who {
	const char *names; /* NAME, a,b or a+b, within the text that was parsed; not terminated */
	size_t names_len;
	unsigned count;  /* names in it, at least 1 */
	bool all;        /* all of several, rather than any; false for one */
	bool next;       /* @next: not what is so already */
	int64_t timeout; /* nanoseconds from the open; -1 none */
};

/* One of the names, within the text that was parsed; not terminated. */
struct who_name {
	const char *name; /* NULL before the first */
	size_t len;
};

/*
 * Reads WHO. `text` has to outlive `ret_who`. The two suffixes may come in either order, each once.
 * Errors: -EINVAL: a name that is none, `,` and `+` mixed, an unknown suffix, longer than WHO_MAX.
 */
int who_parse(const char *text, size_t len, struct who *ret_who);

/* Steps `it` (zeroed at first) to the next name; false after the last. */
bool who_next_name(const struct who *who, struct who_name *it);
