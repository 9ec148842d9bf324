/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/kept.h"

#include <linux/fuse.h>
#include <string.h>

static void enter(struct kept *kept, enum kept_stage stage)
{
	__atomic_store_n(&kept->stage, stage, __ATOMIC_RELEASE);
}

void kept_arm(struct kept *kept, uint64_t seq)
{
	kept->seq = seq;
	enter(kept, KEPT_ARMED);
}

void kept_settle(struct kept *kept, struct state *state)
{
	const struct after *after = &kept->after;

	switch (after->what) {
	case AFTER_OPEN:
		state_handle_open(state, after->fh, &after->handle);
		break;
	case AFTER_SET:
		state_handle_set(state, after->fh, &after->handle);
		break;
	case AFTER_CLOSE:
		state_handle_close(state, after->fh);
		break;
	default:
		break;
	}
	enter(kept, KEPT_SETTLED);
}

void kept_forget(struct kept *kept)
{
	enter(kept, KEPT_NOT);
}

void kept_fail(struct kept *kept, int r)
{
	const struct fuse_out_header header = {
		.len = sizeof(header), .error = r, .unique = kept->unique};

	memcpy(kept->bytes, &header, sizeof(header));
	kept->len = sizeof(header);
	kept->after.what = AFTER_NOTHING;
}
