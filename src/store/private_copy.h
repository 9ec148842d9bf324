/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a database for one process to look at, while others may go on with the original. */
#pragma once

#include "store/sqlite_util.h"

/*
 * Copies `path` and its -wal as of now and opens the copy, alone and for writing (a migration may be
 * due). The copy lies in a directory of its own under $TMPDIR, /var/tmp, /tmp or /dev/shm, whichever is
 * the first to take it, and has no name any more when this returns: it is gone with the connection.
 *
 * The original may lie on a read-only medium and may be in use. It is not changed, no file appears
 * beside it, its users may write, and checkpoint too, meanwhile; what they cannot do is to begin
 * the -wal over. Not for a database that this very process has open: closing a file drops
 * the POSIX locks on it.
 *
 * Errors, with `why`: -EAGAIN the original kept changing; -ENOSPC no directory has room, or none may be
 * written to; others as open() and sqlite_errno() give them.
 */
int private_copy_open(const char *path, const struct why *why, struct sqlite3 **ret_db);
