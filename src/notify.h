/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling whoever started us how we are, as sd_notify(3) does: datagrams to the socket that NOTIFY_SOCKET names. Nobody
 * depends on it: what fails is logged, and nothing waits.
 */
#pragma once

#include <stdbool.h>

struct notify {
	int fd;               /* -1: nobody wants to be told */
	bool ready, stopping; /* told */
};

/*
 * Connects, and takes NOTIFY_SOCKET out of the environment, so that nobody who is started later takes our place. Before
 * the mount, which the socket's path may lead into. Looks a path up, so not in front of a mount that may hang.
 */
void notify_open(struct notify *n);

/* Serving; about to end. The first time only. */
void notify_ready(struct notify *n);
void notify_stopping(struct notify *n);
