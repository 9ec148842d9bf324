/* SPDX-License-Identifier: Apache-2.0 */
/* For images without a shell: cat, touch, and how bury gets into them. They return an exit status. */
#pragma once

/* What they are made of: all that can be read from one descriptor, to another. -errno. */
int tool_copy(int from, int to);

/* Writes files to standard output, each read as it is: one of .wait/ waits, as pid 1 until TERM. */
int tool_cat(char **files);

/* Makes files that are not there, and sets the times of those that are: on a graveyardfs it is what tells it. */
int tool_touch(char **files);

/* Puts a copy of this program into a directory, as "bury", whole or not at all. */
int tool_install(const char *directory);
