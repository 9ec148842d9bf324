/* SPDX-License-Identifier: Apache-2.0 */
/* What the program exits with. */
#pragma once

enum {
	EXIT_OK = 0,
	EXIT_NOT_SO = 1, /* --check, --unmount: there is none */
	EXIT_USAGE = 100,
	EXIT_SYSTEM = 111,
	/* Between worker and keeper. */
	EXIT_OTHER_LAYOUT = 112, /* this program cannot go on from what the last one left */
};
