/* SPDX-License-Identifier: Apache-2.0 */
/* The mount that the keeper holds, by the descriptors of its connection. What goes wrong is logged here. */
#pragma once

#include <stdbool.h>

#include "fs/device.h"

struct held_mount {
	const char *path;
	bool read_only;
	bool mounted;
	int fds[DEVICES]; /* of the connection; -1: let go */
};

void held_mount_init(struct held_mount *m, const char *path, bool read_only);

/* Makes the directory, and frees it of what is left of others. -EBUSY: a graveyard is served there. */
int held_mount_clear(const struct held_mount *m);

/* Mounts, and opens the connection. -errno as mountpoint_mount() and devices_open(). */
int held_mount_make(struct held_mount *m);

/* The connection ends, unless others have it open too: whoever is in the mount is told now. */
void held_mount_let_go(struct held_mount *m);

/* Lets go, and takes down what is left: nobody can go on with this connection. */
void held_mount_give_up(struct held_mount *m);

/* Takes it down in front of a server that hangs: whoever waits in it gets an error. */
void held_mount_abort(struct held_mount *m);

/* Takes it down. `gone`: somebody else has, so that what is mounted there by now may be theirs: only if it is dead. */
void held_mount_end(struct held_mount *m, bool gone);
