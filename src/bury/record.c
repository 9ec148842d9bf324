/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/record.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What ends a record, whatever was cut: a quote, a brace, a newline. */
#define RESERVE 3

static struct {
	bool json, quiet;
	const char *name;
} setup;

void record_setup(bool json, bool quiet, const char *name)
{
	setup.json = json;
	setup.quiet = quiet;
	setup.name = name;
}

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

/* Bytes of the UTF-8 character at `s`; 0: it is none. */
static size_t character_len(const unsigned char *s)
{
	size_t len = *s < 0x80   ? 1
		     : *s < 0xc2 ? 0
		     : *s < 0xe0 ? 2
		     : *s < 0xf0 ? 3
		     : *s < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong, surrogates, beyond U+10FFFF. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static bool is_control(const unsigned char *s)
{
	return *s < 0x20 || *s == 0x7f || (*s == 0xc2 && s[1] < 0xa0);
}

/* Quoted as JSON has it, which is also how values with spaces are quoted otherwise. */
static void put_quoted(struct record *r, const char *value)
{
	put_string(r, "\"");
	if (r->full)
		return;
	for (const unsigned char *s = (const unsigned char *)value; *s && !r->full;) {
		size_t len = character_len(s);
		char escape[8];

		if (len == 0)
			put_string(r, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			put(r, (char[]){'\\', (char)*s}, 2);
		else if (is_control(s))
			put(r, escape,
			    (size_t)snprintf(escape, sizeof(escape), "\\u%04x", s[len - 1]));
		else
			put(r, (const char *)s, len);
		s += len ? len : 1;
	}
	put_end(r, '"');
}

static bool is_plain(const char *value)
{
	for (const char *s = value; *s; s++) {
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '\\' || *s == '=')
			return false;
	}
	return *value;
}

static void put_key(struct record *r, const char *key)
{
	char text[64];
	int len = snprintf(text, sizeof(text), setup.json ? "%s\"%s\":" : "%s%s=",
			   r->len < 2   ? ""
			   : setup.json ? ","
					: " ",
			   key);

	put(r, text, (size_t)len);
}

void record_begin(struct record *r, enum record_level level, const char *event)
{
	static const char *const names[] = {
		[RECORD_INFO] = "info", [RECORD_WARNING] = "warning", [RECORD_ERROR] = "error"};

	r->level = level;
	r->len = 0;
	r->full = false;
	if (setup.json)
		put_string(r, "{");
	record_text(r, "level", names[level]);
	record_text(r, "event", event);
	if (setup.name)
		record_text(r, "name", setup.name);
}

void record_text(struct record *r, const char *key, const char *value)
{
	/* A key without its value would be no JSON: all of it, or what of the value fits. */
	if (r->full || r->len + strlen(key) + 8 > sizeof(r->text) - RESERVE) {
		r->full = true;
		return;
	}
	put_key(r, key);
	if (!setup.json && is_plain(value) && r->len + strlen(value) <= sizeof(r->text) - RESERVE)
		put_string(r, value);
	else
		put_quoted(r, value);
}

void record_number(struct record *r, const char *key, int64_t value)
{
	char text[24];

	if (r->full || r->len + strlen(key) + 8 + sizeof(text) > sizeof(r->text) - RESERVE) {
		r->full = true;
		return;
	}
	put_key(r, key);
	put(r, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value));
}

void record_error(struct record *r, int error)
{
	if (error < 0)
		record_text(r, "error", strerror(-error));
}

void record_end(struct record *r)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
	int saved = errno;

	if (setup.json)
		put_end(r, '}');
	put_end(r, '\n');
	/* With POLLERR beside POLLOUT the reader is gone. */
	if ((!setup.quiet || r->level == RECORD_ERROR) && poll(&fd, 1, 0) == 1 &&
	    fd.revents == POLLOUT && write(STDERR_FILENO, r->text, r->len) < 0)
		errno = saved; /* there is nowhere to say so */
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
