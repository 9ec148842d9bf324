/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line to standard error a message: "graveyardfs: warning: unable to open 'x': No such file".
 * No time stamps: whoever collects standard error adds them.
 *
 * A message never blocks the caller: if standard error is a pipe that nobody empties, lines are
 * dropped, and their number is told once the pipe has room again. Control characters in a message
 * are written as \xNN: what strangers wrote may be part of it. errno is kept.
 */
#pragma once

/* LOG_LEVEL_EVENT is always written: what happened is what outlives the program. */
enum log_level {
	LOG_LEVEL_EVENT,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Messages above `level` are not written. LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level level);

/* "error", "warning", "info", "debug"; -EINVAL for anything else. */
int log_level_parse(const char *text, enum log_level *ret_level);

void log_msg(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs the error `r`, if it is one (-errno): "unable to WHAT 'PATH': No such file". Returns `r`. */
int log_failure(int r, const char *what, const char *path);

#define log_event(...) log_msg(LOG_LEVEL_EVENT, __VA_ARGS__)
#define log_error(...) log_msg(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_msg(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_msg(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)
