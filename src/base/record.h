/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one record a line on standard error, of keys and values, as logfmt or JSON.
 *
 *	level=info event=exited name=app code=3
 *	{"level":"info","event":"exited","name":"app","code":3}
 *
 * A value may be anything, and is quoted here: a record is always one line of valid UTF-8, and harmless in a terminal
 * (see base/json.h). It is written at once, whole, and at most RECORD_MAX bytes long: values that do not fit are cut.
 *
 * A record never blocks the caller: if standard error is a pipe or a terminal that nobody reads, lines are dropped, and
 * their number is told once there is room again. errno is kept. There are no time stamps: whoever collects standard
 * error adds them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Less than PIPE_BUF: a pipe that has room takes a line whole, and unmixed with others'. */
#define RECORD_MAX 1024

enum record_level {
	RECORD_EVENT, /* always written: what happened is what outlives the program. Called "info" */
	RECORD_ERROR,
	RECORD_WARNING,
	RECORD_INFO,
	RECORD_DEBUG,
};

struct record {
	enum record_level level;
	size_t len;
	bool full;
	char text[RECORD_MAX];
};

/* How records look, from now on; those above `level` are not written. `name`, who speaks, is in all; NULL: nobody.
 * At first: RECORD_INFO, logfmt, nobody. To be called again if standard error becomes another. */
void record_setup(enum record_level level, bool json, const char *name);

/* Are records of this level written? */
bool record_wanted(enum record_level level);

/* "error", "warning", "info", "debug"; -EINVAL for anything else. */
int record_level_parse(const char *text, enum record_level *ret_level);

/* `event` may be NULL. Keys are lower case words. */
void record_begin(struct record *r, enum record_level level, const char *event);
void record_text(struct record *r, const char *key, const char *value);
void record_number(struct record *r, const char *key, int64_t value);
/* Of an error, -errno: what the system calls it. Nothing if it is none. */
void record_error(struct record *r, int error);
void record_end(struct record *r);

/* A record of an event and one text: most are. */
void record_event(enum record_level level, const char *event, const char *key, const char *value);

/* Logs the error `error` (-errno), if it is one, over what was done with what. Returns it. */
int record_failure(int error, const char *event, const char *key, const char *value);
