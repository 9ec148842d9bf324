/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command, from before its start to after its end: waits for what it is to wait for, runs it, stops it when told
 * to, by a signal or by what --until waits for, carves its stone, and says with what to exit.
 */
#pragma once

struct options;

/* Exit statuses of our own; the others are the command's. */
enum exit_status {
	EXIT_NOT_BEGUN = 1, /* what --after waits for did not come */
	EXIT_USAGE = 2,
	EXIT_SYSTEM = 111,
	EXIT_NOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128, /* and the signal */
};

/* Returns what to exit with. What becomes of the goals is kept in `options`. */
int supervise(struct options *options);
