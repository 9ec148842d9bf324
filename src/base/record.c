/* SPDX-License-Identifier: Apache-2.0 */
#include "base/record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"

/* What ends a record, whatever was cut: a quote, a brace, a newline. */
#define RESERVE 3

static const char *const level_names[] = {
	[RECORD_EVENT] = "info", [RECORD_ERROR] = "error", [RECORD_WARNING] = "warning",
	[RECORD_INFO] = "info",  [RECORD_DEBUG] = "debug",
};

#define LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

static struct {
	enum record_level level;
	bool json;
	const char *name;
} setup = {.level = RECORD_INFO};

/* Numbers that are given to somebody else are below. */
#define OWN_LEAST 16

static struct {
	int own;               /* standard error once more, see open_own(); -1: not so */
	unsigned long dropped; /* records lost since the last report */
	size_t len; /* of what is left of a line that was taken in part: a terminal does so */
	char rest[RECORD_MAX];
} out = {.own = -1};

/*
 * poll(2) tells of some room, not of enough: a terminal that nobody reads takes a part of a line and has its writer
 * wait for the rest, and the room in a pipe may be taken by somebody else before it is written. Not to wait is a
 * property of the open file, which is shared with whoever started us: so it is opened once more. Where that cannot be,
 * as with a socket, or need not, it is written to as it is.
 */
static int open_own(void)
{
	_cleanup_(cleanup_close) int fd = -1;
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return -1;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OWN_LEAST);
}

void record_setup(enum record_level level, bool json, const char *name)
{
	setup.level = level;
	setup.json = json;
	setup.name = name;
	if (out.own >= 0)
		(void)close(out.own);
	out.own = open_own();
	out.len = 0;
}

bool record_wanted(enum record_level level)
{
	return level <= setup.level;
}

int record_level_parse(const char *text, enum record_level *ret_level)
{
	for (size_t i = RECORD_ERROR; i < LEVEL_COUNT; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum record_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- formatting ---- */

static void put(struct record *r, const char *text, size_t len)
{
	if (r->full || r->len + len > sizeof(r->text) - RESERVE) {
		r->full = true;
		return;
	}
	memcpy(r->text + r->len, text, len);
	r->len += len;
}

static void put_string(struct record *r, const char *text)
{
	put(r, text, strlen(text));
}

/* What ends something is put even when nothing else fits. */
static void put_end(struct record *r, char c)
{
	r->text[r->len++] = c;
}

/* Quoted as JSON has it, which is also how values with spaces are quoted otherwise. */
static void put_quoted(struct record *r, const char *value)
{
	const char *end = value + strlen(value);

	put_string(r, "\"");
	if (r->full)
		return;
	while (value < end && !r->full) {
		char step[JSON_STEP_MAX];

		put(r, step, json_step(&value, end, step));
	}
	put_end(r, '"');
}

/* Needs it no quotes? */
static bool is_plain(const char *value)
{
	for (const char *s = value; *s; s++) {
		if (*s <= ' ' || *s > '~' || strchr("\"\\=<>&", *s))
			return false;
	}
	return *value;
}

static void put_key(struct record *r, const char *key)
{
	if (setup.json)
		put_string(r, r->len > 1 ? ",\"" : "\"");
	else if (r->len > 0)
		put_string(r, " ");
	put_string(r, key);
	put_string(r, setup.json ? "\":" : "=");
}

/* A key without its value would be no JSON: all of it, or what of the value fits. */
static bool begin_pair(struct record *r, const char *key, size_t value_len)
{
	if (r->full || r->len + strlen(key) + 8 + value_len > sizeof(r->text) - RESERVE) {
		r->full = true;
		return false;
	}
	put_key(r, key);
	return true;
}

void record_begin(struct record *r, enum record_level level, const char *event)
{
	r->level = level;
	r->len = 0;
	r->full = false;
	if (setup.json)
		put_string(r, "{");
	record_text(r, "level", level_names[level]);
	if (event)
		record_text(r, "event", event);
	if (setup.name)
		record_text(r, "name", setup.name);
}

void record_text(struct record *r, const char *key, const char *value)
{
	if (!begin_pair(r, key, 0))
		return;
	if (!setup.json && is_plain(value) && r->len + strlen(value) <= sizeof(r->text) - RESERVE)
		put_string(r, value);
	else
		put_quoted(r, value);
}

void record_number(struct record *r, const char *key, int64_t value)
{
	char text[24];

	if (begin_pair(r, key, sizeof(text)))
		put(r, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value));
}

void record_error(struct record *r, int error)
{
	if (error < 0)
		record_text(r, "error", strerror(-error));
}

/* ---- writing ---- */

/* False: nothing of it was taken. Of what is taken in part, the rest is kept. */
static bool give(const char *text, size_t len)
{
	struct pollfd fd = {.fd = out.own >= 0 ? out.own : STDERR_FILENO, .events = POLLOUT};
	ssize_t n;

	/* With POLLERR beside POLLOUT the reader is gone, and writing would raise SIGPIPE. */
	if (poll(&fd, 1, 0) != 1 || fd.revents != POLLOUT)
		return false;
	n = write(fd.fd, text, len);
	if (n < 0)
		return false;
	out.len = len - (size_t)n;
	memmove(out.rest, text + n, out.len);
	return true;
}

static bool write_line(struct record *r)
{
	if (setup.json)
		put_end(r, '}');
	put_end(r, '\n');
	if (out.len > 0 && (!give(out.rest, out.len) || out.len > 0))
		return false;
	return give(r->text, r->len);
}

static void report_dropped(void)
{
	struct record r;

	if (out.dropped == 0)
		return;
	record_begin(&r, RECORD_WARNING, NULL);
	record_text(&r, "msg", "messages lost, as nobody read them");
	record_number(&r, "count", (int64_t)out.dropped);
	if (write_line(&r))
		out.dropped = 0;
}

void record_end(struct record *r)
{
	int saved = errno;

	if (!record_wanted(r->level))
		return;
	report_dropped();
	if (!write_line(r))
		out.dropped++;
	errno = saved;
}

void record_event(enum record_level level, const char *event, const char *key, const char *value)
{
	struct record r;

	record_begin(&r, level, event);
	record_text(&r, key, value);
	record_end(&r);
}

int record_failure(int error, const char *event, const char *key, const char *value)
{
	struct record r;

	if (error >= 0)
		return error;
	record_begin(&r, RECORD_ERROR, event);
	record_text(&r, key, value);
	record_error(&r, error);
	record_end(&r);
	return error;
}
