/* SPDX-License-Identifier: Apache-2.0 */
/* The mount that the keeper holds, by the descriptors of its connection. What goes wrong is logged here. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "fs/device.h"
#include "second_mount.h"

struct held_mount {
	const char *given;
	char path
		[PATH_MAX]; /* the same without links, for these are not followed when it is unmounted */
	bool read_only;
	bool mounted;
	struct second_mount second;
	int fds[DEVICES]; /* of the connection; -1: let go */
};

/* `read_only_at`: see second_mount.h; NULL: none. */
void held_mount_init(struct held_mount *m, const char *given, bool read_only,
		     const char *read_only_at);

/* Makes the directories, and frees them of what is left of others. -EBUSY: a graveyard is served there. */
int held_mount_clear(struct held_mount *m);

/* Mounts, and opens the connection. -errno as mountpoint_mount(), devices_open() and second_mount_make(). */
int held_mount_make(struct held_mount *m);

/* The mount table has changed, as second.table tells. */
void held_mount_look(struct held_mount *m);

/* The connection ends, unless others have it open too: whoever is in the mount is told now. */
void held_mount_let_go(struct held_mount *m);

/* Lets go, and takes down what is left: nobody can go on with this connection. */
void held_mount_give_up(struct held_mount *m);

/* Takes it down in front of a server that hangs: whoever waits in it gets an error. */
void held_mount_abort(struct held_mount *m);

/* Takes it down. `gone`: somebody else has, so that what is mounted there by now may be theirs: only if it is dead. */
void held_mount_end(struct held_mount *m, bool gone);
