/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's process, from its start to its end: what the keeper starts, and starts again. */
#pragma once

struct options;

/* Returns what to exit with (exit_status.h). */
int server_run(const struct options *options);
