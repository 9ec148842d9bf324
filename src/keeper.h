/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: holds the mount and what outlives those who serve it, and starts them again. The container's process
 * 1, so it reaps whatever is left to it and passes on that it is to end. It never asks its own mount for anything,
 * waits for nobody who might, and allocates nothing once it has started.
 */
#pragma once

struct options;

/*
 * Mounts, and keeps the mount served until it is to end; `argv` is the command line. Returns what to exit with: 0,
 * or EXIT_SYSTEM after saying why.
 */
int keeper_run(const struct options *options, char **argv);
