/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for people, as records of the log (base/record.h, which says how they are written):
 *
 *	level=warning msg="unable to open 'x': No such file"
 *
 * Of what happens again and again, and is looked for by programs, use a record with an event.
 */
#pragma once

#include <stdarg.h>

#include "base/record.h"

void log_msg(enum record_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Logs the error `r`, if it is one (-errno): "unable to WHAT 'PATH': No such file". Returns `r`. */
int log_failure(int r, const char *what, const char *path);

/* As `msg` of a record that has more to tell. */
void log_text(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_msg(RECORD_ERROR, __VA_ARGS__)
#define log_warning(...) log_msg(RECORD_WARNING, __VA_ARGS__)
#define log_info(...) log_msg(RECORD_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(RECORD_DEBUG, __VA_ARGS__)
