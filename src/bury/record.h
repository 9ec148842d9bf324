/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one record a line on standard error, of keys and values.
 *
 *	level=info event=exited name=app code=3
 *	{"level":"info","event":"exited","name":"app","code":3}
 *
 * A record never blocks: where nobody empties the pipe it is dropped. It is written at once, whole, and at most
 * RECORD_MAX bytes long: values that do not fit are cut. errno is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Less than PIPE_BUF: a pipe that has room takes a line whole, and unmixed with others'. */
#define RECORD_MAX 1024

enum record_level { RECORD_INFO, RECORD_WARNING, RECORD_ERROR };

struct record {
	enum record_level level;
	size_t len;
	bool full;
	char text[RECORD_MAX];
};

/* How records look, from now on; `quiet`: only errors are written. `name`, who speaks, is in all; NULL: nobody. */
void record_setup(bool json, bool quiet, const char *name);

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
