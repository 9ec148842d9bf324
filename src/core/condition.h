/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --until waits for:
 *
 *	died:a   born:a   ready:a   succeeded:a   died:a+born:b (all of them)   died:a,died:b (any of them)
 *
 * It is about the lives that were current at a sequence number, and all that came after. What held once holds for
 * good, so the answer is a function of the journal and that number, and is the same whoever asks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wait.h"
#include "core/who.h"

struct graveyard;

struct condition {
	const char *text; /* that was parsed; not terminated */
	size_t len;
	unsigned count; /* of parts, at least 1 */
	bool all;       /* all of several, rather than any; false for one */
};

/* One of the parts, within the text that was parsed. */
struct condition_part {
	enum wait_kind kind;
	struct who_name name; /* name.name NULL before the first */
};

/* Reads a condition. `text` has to outlive `ret_condition`. -EINVAL: `ret_why` ends a sentence that begins with it. */
int condition_parse(const char *text, size_t len, struct condition *ret_condition,
		    const char **ret_why);

/* Steps `part` (zeroed at first) to the next; false after the last. */
bool condition_next_part(const struct condition *c, struct condition_part *part);

/* Does it hold, for the lives from `opened` on? 1; 0 not yet; the store's errors. */
int condition_look(struct graveyard *g, const struct condition *c, uint64_t opened);
