/* SPDX-License-Identifier: Apache-2.0 */
/* --timeline: draws what a log tells. Serves nothing, and asks no graveyard but that whose log it reads. */
#pragma once

/* Writes the SVG of the log at `path` (NULL: standard input) to standard output. Returns what to exit with. */
int picture_run(const char *path);
