/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by their names: "TERM". */
#pragma once

#define SIGNAL_MAX 64
#define SIGNAL_NAME_MAX 16

/* "TERM", "SIGTERM", "term" or "15". -EINVAL: there is no such signal. */
int signal_parse(const char *text);

/* "TERM", or the number of one without a name. */
const char *signal_name(int signal, char text[SIGNAL_NAME_MAX]);
