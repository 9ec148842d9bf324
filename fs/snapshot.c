/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/snapshot.h"

#include <errno.h>

#include "base/log.h"
#include "fs/fs.h"
#include "fs/state.h"

int snapshot_room(struct fs *fs, size_t len)
{
	bool fits = state_snapshot_fits(fs->state, len);

	if (!fits && !fs->crowded)
		log_warning("no room to keep what .status and the like show: too many are open");
	fs->crowded = !fits;
	return fits ? 0 : -ENFILE;
}

int snapshot_keep(struct fs *fs, const void *data, size_t len, uint32_t *ret_snapshot)
{
	int r = snapshot_room(fs, len);

	return r < 0 ? r : state_snapshot_new(fs->state, data, len, ret_snapshot);
}
