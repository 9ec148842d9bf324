/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .status: a table for people, 80 columns. Every row is as long as the others, so that a reader at any offset can be
 * served; and of ASCII, so that it is as wide as it is long, whatever a name or an epitaph has in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "core/graveyard.h"
#include "core/life.h"
#include "fs/fs.h"
#include "fs/roll.h"
#include "fs/state.h"
#include "fs/view.h"

#define ROW 80
#define NAME_WIDTH 16
#define EPITAPH_WIDTH 12

/* Whatever it is, it fits its column: see put_row(). */
struct cells {
	char name[NAME_WIDTH + 1], life[5], born[6], ready[6], died[6], lasted[6], code[5],
		waiting[8], epitaph[EPITAPH_WIDTH + 1];
};

static int status_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		       struct file *ret_file)
{
	uint64_t rows;
	int r = roll_count(fs, &rows);

	(void)view, (void)text, (void)len;
	if (r < 0)
		return r;
	*ret_file = (struct file){
		.size = ROW * (1 + rows),
		.changed = graveyard_seq(fs->graveyard) ? graveyard_end(fs->graveyard)->recorded
							: fs->started,
		.uid = fs->uid,
		.gid = fs->gid,
	};
	return 0;
}

static int status_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	(void)node;
	return roll_open(fs, handle);
}

/* ---- cells ---- */

/* Both ends of a long name are told: replicas differ at the end. */
static void put_name(const char *name, char cell[NAME_WIDTH + 1])
{
	size_t len = strlen(name), head = NAME_WIDTH / 2, tail = NAME_WIDTH - 1 - head;

	if (len <= NAME_WIDTH)
		memcpy(cell, name, len + 1);
	else
		(void)snprintf(cell, NAME_WIDTH + 1, "%.*s~%s", (int)head, name, name + len - tail);
}

/* "03:10" within a day of `now`, "11-21" within a year, "2025"; all in UTC. */
static void put_time(int64_t ns, int64_t now, char cell[6])
{
	const int64_t day = 86400 * NSEC_PER_SEC;
	int64_t away = ns / 2 > now / 2 ? ns / 2 - now / 2 : now / 2 - ns / 2;
	char time[RFC3339_SIZE];

	(void)rfc3339_format(ns, time);
	(void)snprintf(cell, 6, "%.*s", away < 182 * day ? 5 : 4,
		       time + (away < day / 2     ? 11
			       : away < 182 * day ? 5
						  : 0));
}

/* At most 5 characters: "7ms", "2.0s", "9m59s", "2h05m", "12d", "27y". */
static void put_duration(int64_t from, int64_t to, char cell[6])
{
	const uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
	uint64_t ms = to > from ? ((uint64_t)to - (uint64_t)from) / NSEC_PER_MSEC : 0;
	uint64_t s = ms / 1000;

	if (ms < 1000)
		(void)snprintf(cell, 6, "%ums", (unsigned)ms);
	else if (s < minute)
		(void)snprintf(cell, 6, "%u.%us", (unsigned)s, (unsigned)(ms % 1000 / 100));
	else if (s < 10 * minute)
		(void)snprintf(cell, 6, "%um%02us", (unsigned)(s / minute), (unsigned)(s % minute));
	else if (s < hour)
		(void)snprintf(cell, 6, "%um", (unsigned)(s / minute));
	else if (s < 10 * hour)
		(void)snprintf(cell, 6, "%uh%02um", (unsigned)(s / hour),
			       (unsigned)(s % hour / minute));
	else if (s < 2 * day)
		(void)snprintf(cell, 6, "%uh", (unsigned)(s / hour));
	else if (s < 1000 * day)
		(void)snprintf(cell, 6, "%ud", (unsigned)(s / day));
	else
		(void)snprintf(cell, 6, "%uy", (unsigned)(s / (365 * day)));
}

/* "1r2d": one waits for readiness, two for the death; "12*": so many in all, where that would not fit. */
static void put_waiting(const uint32_t counts[WAIT_KIND_COUNT], char cell[8])
{
	static const char kinds[WAIT_KIND_COUNT + 1] = "brdes";
	char text[WAIT_KIND_COUNT * 11 + 1] = "";
	uint64_t all = 0;
	int len = 0;

	for (int kind = 0; kind < WAIT_KIND_COUNT; kind++) {
		all += counts[kind];
		if (counts[kind] > 0)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%" PRIu32 "%c",
					counts[kind], kinds[kind]);
	}
	if (len < 8)
		memcpy(cell, len > 0 ? text : "-", len > 0 ? (size_t)len + 1 : 2);
	else
		(void)snprintf(cell, 8, "%u*", (unsigned)(all < 999999 ? all : 999999));
}

/* What is not ASCII may be of any width, or do anything. */
static void put_epitaph(const char *epitaph, char cell[EPITAPH_WIDTH + 1])
{
	const char *at = epitaph, *end = epitaph + strlen(epitaph);
	size_t len = 0;

	while (at < end && len < EPITAPH_WIDTH) {
		uint32_t c = utf8_take(&at, end);

		cell[len++] = (char)(c < 0x80 && !utf8_is_special(c) ? c : '?');
	}
	if (at < end)
		cell[len - 1] = '~';
	cell[len] = '\0';
}

static void put_life(const struct life *life, int64_t now, struct cells *cells)
{
	const struct stone *stone = &life->stone;
	bool born = stone_has(stone, FACT_BORN), died = stone_has(stone, FACT_DIED);

	(void)snprintf(cells->life, sizeof(cells->life), life->number > 9999 ? "****" : "%u",
		       (unsigned)life->number);
	if (born)
		put_time(stone->born, now, cells->born);
	if (born && stone_has(stone, FACT_READY))
		put_duration(stone->born, stone->ready, cells->ready);
	if (died)
		put_time(stone->died, now, cells->died);
	if (born && died)
		put_duration(stone->born, stone->died, cells->lasted);
	if (stone_has(stone, FACT_CODE))
		(void)snprintf(cells->code, sizeof(cells->code), "%d", stone->code);
	if (stone_has(stone, FACT_EPITAPH))
		put_epitaph(stone->epitaph, cells->epitaph);
}

static void put_row(const struct portrait *portrait, int64_t now, struct buf *text)
{
	struct cells cells = {.life = "-",
			      .born = "-",
			      .ready = "-",
			      .died = "-",
			      .lasted = "-",
			      .code = "-",
			      .waiting = "-",
			      .epitaph = "-"};

	put_name(portrait->name, cells.name);
	if (portrait->life)
		put_life(portrait->life, now, &cells);
	put_waiting(portrait->waiting, cells.waiting);
	buf_addf(text, "%-16s %-6s %4s %-5s %5s %-5s %6s %4s %-7s %-12s\n", cells.name,
		 portrait_state(portrait), cells.life, cells.born, cells.ready, cells.died,
		 cells.lasted, cells.code, cells.waiting, cells.epitaph);
}

/* ---- rows ---- */

/* Makes the handle's place, `hint` before the row `extent`, that before `row`. VIEW_MORE: it is on the way. */
static int seek_row(struct fs *fs, struct handle *handle, uint64_t row, unsigned *budget)
{
	struct roll_call call;
	int r = 0;

	if (handle->extent > row)
		handle->hint = handle->extent = 0;
	if (handle->extent < row) {
		r = roll_skip(fs, handle, &handle->hint, row - handle->extent);
		if (r < 0)
			return r;
		handle->extent += (unsigned)r;
		if (r > 0)
			*budget = 1;
	}
	for (r = 0; r == 0 && handle->extent < row;) {
		r = roll_next(fs, handle, &handle->hint, budget, &call);
		handle->extent += r == 0;
	}
	return r;
}

static int add_rows(struct fs *fs, struct handle *handle, size_t enough, unsigned *budget,
		    struct buf *rows)
{
	int64_t now = roll_taken(fs, handle);

	while (rows->len < enough) {
		uint64_t place = handle->hint;
		struct roll_call call;
		int r = roll_next(fs, handle, &place, budget, &call);

		if (r == 0)
			put_row(&call.portrait, now, rows);
		/* It stays before the last row if that is not told whole, and has to be told again. */
		if (r == VIEW_MORE || (r == 0 && rows->len <= enough))
			handle->hint = place;
		handle->extent += r == 0 && rows->len <= enough;
		if (r != 0)
			return r;
	}
	return 0;
}

static int status_read(struct fs *fs, const struct view *view, const struct node *node,
		       struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	size_t skip = (size_t)(offset % ROW);
	_cleanup_(buf_release) struct buf rows = BUF_INIT;
	unsigned budget = ROLL_SLICE;
	int r;

	(void)view, (void)node;
	if (offset < ROW)
		buf_addf(&rows, "%-16s %-6s %4s %-5s %5s %-5s %6s %4s %-7s %-12s\n", "NAME",
			 "STATE", "LIFE", "BORN", "READY", "DIED", "LASTED", "EXIT", "WAITING",
			 "EPITAPH");
	r = seek_row(fs, handle, offset < ROW ? 0 : offset / ROW - 1, &budget);
	if (r == 0)
		r = add_rows(fs, handle, skip + size, &budget, &rows);
	if (r < 0 && r != -ENOENT)
		return r;
	view_slice(&rows, skip, size, text);
	return buf_error(&rows) < 0 ? -ENOMEM : r == VIEW_MORE ? VIEW_MORE : 0;
}

const struct view_ops view_status_ops = {
	.look = status_look,
	.read = status_read,
	.open = status_open,
};
