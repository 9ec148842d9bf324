/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a view's open(): what its file shows that is no function of the journal, such as who waits, is taken then and
 * kept with the handle (fs/state.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct fs;

/* Bytes of all snapshots together: what an open file may cost whoever serves it is bounded. */
#define SNAPSHOT_ROOM (8u << 20)

/* Is there room for so many bytes? -ENFILE: no, which is logged once for as long as it lasts. */
int snapshot_room(struct fs *fs, size_t len);

/* Keeps `len` bytes; ret_snapshot is handle->snapshot. -ENFILE likewise. */
int snapshot_keep(struct fs *fs, const void *data, size_t len, uint32_t *ret_snapshot);
