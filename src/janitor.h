/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --janitor: serves nothing, and in the end unmounts what others have left behind. Fit to be process 1; asks no
 * graveyard for anything, since nobody may be there to answer.
 */
#pragma once

struct options;

/* Sleeps until SIGTERM, SIGINT or SIGHUP, then takes down what is left at each DIR. Returns what to exit with. */
int janitor_run(const struct options *options);
