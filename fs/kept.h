/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that go with a change, kept where the next process finds them until they are given: so that a request
 * has its effect exactly once, though the process that serves it may be killed at any moment.
 *
 * Such an answer is made in advance, with what becomes of a handle, and armed, before the commit that it waits for.
 * After the commit the handle is changed, the answer is given to the kernel, and forgotten. A process that takes over
 * looks whether the commit happened, which the journal's last number tells: if so it does what was not done yet
 * (what was done already is harmless: the same value, or ENOENT from the kernel), if not it forgets, and the kernel
 * sends the request again.
 */
#pragma once

#include <stdint.h>

#include "fs/state.h"

/* The longest answer that goes with a change: to CREATE, 160 bytes. */
#define KEPT_MAX 192

enum after_what { AFTER_NOTHING, AFTER_OPEN, AFTER_SET, AFTER_CLOSE };

/* What becomes of a handle. */
struct after {
	uint32_t what;
	uint64_t fh;
	struct handle handle;
};

enum kept_stage { KEPT_NOT, KEPT_ARMED, KEPT_SETTLED };

struct kept {
	uint32_t stage;
	uint32_t device; /* to give it to */
	uint64_t seq;    /* it holds if the journal has this number; 0: in any case */
	struct after after;
	uint64_t unique; /* of the request */
	uint32_t len;    /* of what was made; 0: nothing yet */
	_Alignas(8) char bytes[KEPT_MAX];
};

void kept_arm(struct kept *kept, uint64_t seq);
/* Changes the handle. */
void kept_settle(struct kept *kept, struct state *state);
void kept_forget(struct kept *kept);

/* Makes it an error, instead of what it was; without a change of a handle. */
void kept_fail(struct kept *kept, int r);
