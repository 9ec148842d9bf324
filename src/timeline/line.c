/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rfc3339.h"
#include "core/journal.h"
#include "core/store.h"
#include "timeline/column.h"
#include "timeline/record.h"

/* What is shown of a column that is wrong: enough to find it. */
#define SHOWN_MAX 24

static const char *const column_names[] = {"SEQ",  "TIME", "NAME", "LIFE", "WHAT",
					   "CODE", "UID",  "GID",  "PID"};

/* A terminal shows this: no byte of it is anything but printable ASCII. */
static void show(const struct column_text *text, char ret_shown[SHOWN_MAX * 4 + 4])
{
	char *to = ret_shown;

	for (size_t i = 0; i < text->len && i < SHOWN_MAX; i++) {
		unsigned char c = (unsigned char)text->at[i];

		if (c >= ' ' && c <= '~')
			*to++ = (char)c;
		else
			to += sprintf(to, "\\x%02x", c);
	}
	(void)sprintf(to, "%s", text->len > SHOWN_MAX ? "..." : "");
}

static int wrong(enum column column, const struct column_text *text, const char *what,
		 char why[LINE_WHY_SIZE])
{
	char shown[SHOWN_MAX * 4 + 4];

	show(text, shown);
	(void)snprintf(why, LINE_WHY_SIZE, "%s '%.80s' %s", column_names[column], shown, what);
	return -EINVAL;
}

/* Digits alone, without leading zeros, as they are written. */
static bool parse_number(const struct column_text *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text->len == 0 || (text->at[0] == '0' && text->len > 1))
		return false;
	for (size_t i = 0; i < text->len; i++) {
		if (text->at[i] < '0' || text->at[i] > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text->at[i] - '0'), &number))
			return false;
	}
	if (number > max)
		return false;
	*ret_number = number;
	return true;
}

static bool is_dash(const struct column_text *text)
{
	return column_is(text, "-");
}

static bool parse_what(const struct column_text *text, enum event_what *ret_what)
{
	for (enum event_what what = EVENT_BORN; what <= EVENT_FRESH; what++) {
		if (column_is(text, event_word(what))) {
			*ret_what = what;
			return true;
		}
	}
	return false;
}

static bool parse_code(const struct column_text *text, struct event *event)
{
	uint64_t code;

	if (is_dash(text))
		return event->what != EVENT_EXITCODE;
	if (event->what != EVENT_DIED && event->what != EVENT_EXITCODE)
		return false;
	event->has_code = true;
	event->code = -1;
	if (column_is(text, "-1"))
		return true;
	if (!parse_number(text, 255, &code))
		return false;
	event->code = (int)code;
	return true;
}

static bool parse_name(const struct column_text *text, struct event *event)
{
	if (event->what == EVENT_FRESH)
		return is_dash(text);
	if (!name_valid(text->at, text->len))
		return false;
	memcpy(event->name, text->at, text->len);
	event->name[text->len] = '\0';
	return true;
}

/* The number of a life there is, save where none is meant. */
static bool parse_life(const struct column_text *text, struct event *event)
{
	bool none = event->what == EVENT_FRESH || event->what == EVENT_OWNER;

	return parse_number(text, UINT64_MAX, &event->life) && none == (event->life == 0);
}

static bool parse_writer(const struct column_text columns[COLUMNS], struct event *event)
{
	uint64_t uid, gid, pid;

	if (!parse_number(&columns[UID], UINT32_MAX, &uid) ||
	    !parse_number(&columns[GID], UINT32_MAX, &gid) ||
	    !parse_number(&columns[PID], INT32_MAX, &pid))
		return false;
	event->by = (struct writer){.uid = (uid_t)uid, .gid = (gid_t)gid, .pid = (pid_t)pid};
	return true;
}

static int parse_columns(const struct column_text columns[COLUMNS], struct event *event,
			 char why[LINE_WHY_SIZE])
{
	if (!parse_number(&columns[SEQ], UINT64_MAX, &event->seq) || event->seq == 0)
		return wrong(SEQ, &columns[SEQ], "is not a number from 1 on", why);
	if (rfc3339_parse(columns[TIME].at, columns[TIME].len, &event->time) < 0)
		return wrong(TIME, &columns[TIME], "is not a time", why);
	if (!parse_what(&columns[WHAT], &event->what))
		return wrong(WHAT, &columns[WHAT], "is no event", why);
	if (!parse_name(&columns[NAME], event))
		return wrong(NAME, &columns[NAME], "is not a name", why);
	if (!parse_life(&columns[LIFE], event))
		return wrong(LIFE, &columns[LIFE], "is not the number of a life", why);
	if (!parse_code(&columns[CODE], event))
		return wrong(CODE, &columns[CODE], "is not an exit code of that event", why);
	if (!parse_writer(columns, event))
		return wrong(UID, &columns[UID], "and what follows are not UID GID PID", why);
	return LINE_EVENT;
}

/* How many columns there are, at most COLUMNS. */
static size_t split(const char *text, size_t len, struct column_text ret_columns[COLUMNS])
{
	const char *end = text + len;
	size_t count = 0;

	while (count < COLUMNS) {
		const char *space = memchr(text, ' ', (size_t)(end - text));

		ret_columns[count++] =
			(struct column_text){text, (size_t)((space ? space : end) - text)};
		if (!space)
			break;
		text = space + 1;
	}
	return count;
}

/* LINE_EVENT: there are columns to look at. */
static int find_columns(const char *text, size_t len, struct column_text ret_columns[COLUMNS],
			char why[LINE_WHY_SIZE])
{
	int r;

	if (record_recognize(text, len)) {
		r = record_split(text, len, ret_columns);
		if (r < 0)
			(void)snprintf(why, LINE_WHY_SIZE, "is not of keys and values");
		return r < 0 ? r : r > 0 ? LINE_EVENT : LINE_OTHER;
	}
	if (split(text, len, ret_columns) == COLUMNS)
		return LINE_EVENT;
	(void)snprintf(why, LINE_WHY_SIZE,
		       "has not the columns SEQ TIME NAME LIFE WHAT CODE UID GID PID");
	return -EINVAL;
}

int line_parse(const char *text, size_t len, struct event *ret_event, char why[LINE_WHY_SIZE])
{
	struct column_text columns[COLUMNS];
	struct event event = {0};
	int r = find_columns(text, len, columns, why);

	if (r == LINE_EVENT)
		r = parse_columns(columns, &event, why);
	if (r == LINE_EVENT)
		*ret_event = event;
	return r;
}
