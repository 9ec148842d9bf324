/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/snapshot.h"

#include <errno.h>

#include "base/log.h"
#include "fs/fs.h"
#include "fs/state.h"

int snapshot_keep(struct fs *fs, const void *data, size_t len, uint32_t *ret_snapshot)
{
	int r = state_snapshot_new(fs->state, data, len, ret_snapshot);

	if (r == -ENFILE && !fs->crowded)
		log_warning("no room to keep what .status and the like show: too many are open");
	fs->crowded = r == -ENFILE;
	return r;
}
