/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/chart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 560 /* two lines of title, and what is above the first line of the legend */
#define LEGEND_LINE 200
#define LEGEND_FONT 110
#define SAMPLE 300     /* room for a sign before its explanation */
#define SECTION_MAX 50 /* rows below one axis */
#define RIGHT_ROOM 480 /* for what goes on beyond the last moment, or a code */
#define LEAST_WIDTH 20 /* of a life, however short */

static const struct {
	size_t rows; /* up to */
	int row_height, bar, line, glyph, font;
} sizes[] = {
	{40, 260, 120, 36, 42, 120},
	{120, 200, 100, 32, 36, 120},
	{SIZE_MAX, 160, 80, 30, 31, 110},
};

/* In the order of enum sign. */
static const char *const sign_texts[SIGN_COUNT] = {
	"born",
	"ready",
	"still alive",
	"exit code 0",
	"other exit code",
	"by a signal",
	"code not known",
	"removed",
	"began before",
	"died before born",
	"started with --fresh",
};

int chart_text_width(size_t characters, int font)
{
	return (int)(characters * (size_t)font * 61 / 100);
}

int chart_x(const struct chart *chart, int64_t time)
{
	const struct window *w = &chart->window;
	uint64_t span = (uint64_t)w->to - (uint64_t)w->from;
	unsigned width = (unsigned)(chart->plot_right - chart->plot_left);

	if (time <= w->from)
		return chart->plot_left;
	if (time >= w->to)
		return chart->plot_right;
	return chart->plot_left +
	       (int)((unsigned __int128)((uint64_t)time - (uint64_t)w->from) * width / span);
}

int chart_section_y(const struct chart *chart, size_t section)
{
	return chart->top +
	       (int)section * (CHART_AXIS + (int)chart->section_rows * chart->row_height);
}

int chart_row_y(const struct chart *chart, size_t row)
{
	size_t section = row / chart->section_rows;

	if (row == chart->timeline->row_count)
		return chart_row_y(chart, row - 1) + chart->row_height;
	return chart->top + (int)(section + 1) * CHART_AXIS + (int)row * chart->row_height;
}

bool chart_axis_below(const struct chart *chart)
{
	return chart->timeline->row_count > 12;
}

/* ---- lives ---- */

static enum outcome outcome_of(const struct timeline_life *life)
{
	if (life->has_code) {
		if (life->code == 0)
			return OUTCOME_OK;
		return life->code == -1 || (life->code > 128 && life->code <= 128 + 64)
			       ? OUTCOME_SIGNAL
			       : OUTCOME_FAILED;
	}
	if (life->has_died)
		return OUTCOME_UNKNOWN;
	if (life->is_removed)
		return OUTCOME_REMOVED;
	return life->next == TIMELINE_NONE ? OUTCOME_ALIVE : OUTCOME_UNKNOWN;
}

/* The first that is known of a life. */
static bool first_time(const struct timeline_life *life, int64_t *ret_time)
{
	*ret_time = life->is_born    ? life->born
		    : life->is_ready ? life->ready
		    : life->has_died ? life->died
				     : life->removed;
	return life->is_born || life->is_ready || life->has_died || life->is_removed;
}

/* When it was over. Where the log does not tell, it was at the latest when the next one began. */
static bool end_time(const struct chart *chart, const struct timeline_life *life, int64_t *ret_time)
{
	if (life->has_died || life->is_removed) {
		*ret_time = life->has_died ? life->died : life->removed;
		return true;
	}
	return life->next != TIMELINE_NONE &&
	       first_time(&chart->timeline->lives[life->next], ret_time);
}

static void place_ready(const struct chart *chart, const struct timeline_life *life,
			struct chart_life *at)
{
	int x, last = at->right - LEAST_WIDTH;

	if (!life->is_ready || at->backwards)
		return;
	x = chart_x(chart, life->ready);
	at->ready_left = x < at->left ? at->left : x > last ? last : x;
	at->ready_right = at->right;
}

static void place_life(const struct chart *chart, const struct timeline_life *life, size_t row,
		       struct chart_life *at)
{
	const struct window *w = &chart->window;
	int64_t born = w->from, end = w->to;
	bool is_over = end_time(chart, life, &end);

	if (life->is_born)
		born = life->born;
	*at = (struct chart_life){
		.life = life,
		.row = row,
		.outcome = outcome_of(life),
		.birth = CHART_NOWHERE,
		.ready_left = CHART_NOWHERE,
		.ready_right = CHART_NOWHERE,
		.backwards = life->is_born && is_over && end < born,
	};
	at->open_left = !life->is_born || born < w->from || (at->backwards && end < w->from);
	at->open_right = !is_over || end > w->to || (at->backwards && born > w->to);
	if (life->is_born && born >= w->from && born <= w->to)
		at->birth = chart_x(chart, born);
	at->left = chart_x(chart, at->backwards ? end : born);
	at->right = is_over ? chart_x(chart, at->backwards ? born : end) : chart->plot_right;
	if (at->right < at->left + LEAST_WIDTH)
		at->right = at->left + LEAST_WIDTH;
	place_ready(chart, life, at);
}

static int compare_lives(const void *a, const void *b)
{
	const struct chart_life *l = a, *r = b;

	if (l->left != r->left)
		return l->left < r->left ? -1 : 1;
	return l->life->number < r->life->number ? -1 : l->life->number > r->life->number;
}

static size_t code_len(const struct timeline_life *life)
{
	if (!life->has_code)
		return 1;
	return life->code < 0 ? 2 : life->code < 10 ? 1 : life->code < 100 ? 2 : 3;
}

/* Who has room for its glyph, and for its code behind that? Lives are from left to right, and may overlap. */
static void find_room(const struct chart *chart, struct chart_life *lives, size_t count)
{
	int taken = 0;

	for (size_t i = 0; i < count; i++) {
		struct chart_life *l = &lives[i];
		int free = i + 1 < count ? lives[i + 1].left - 20 : CHART_WIDTH - CHART_MARGIN;
		int glyph = l->backwards ? 0 : 2 * chart->glyph + 40;
		int label = glyph + 60 + chart_text_width(code_len(l->life), chart->font - 10);

		l->cramped = l->right + glyph > free || l->right < taken;
		l->labelled = !l->cramped && !l->open_right && l->outcome != OUTCOME_ALIVE &&
			      l->outcome != OUTCOME_REMOVED && l->right + label <= free;
		taken = l->right > taken ? l->right : taken;
	}
}

static int place_lives(struct chart *chart)
{
	const struct timeline *t = chart->timeline;

	chart->lives = calloc(t->life_count + 1, sizeof(*chart->lives));
	if (!chart->lives)
		return -ENOMEM;
	for (size_t row = 0; row < t->row_count; row++) {
		struct chart_life *first = &chart->lives[chart->life_count];
		size_t count = 0;

		for (size_t i = t->rows[row].first; i != TIMELINE_NONE; i = t->lives[i].next)
			place_life(chart, &t->lives[i], row, &first[count++]);
		qsort(first, count, sizeof(*first), compare_lives);
		find_room(chart, first, count);
		chart->life_count += count;
	}
	return 0;
}

/* ---- all around them ---- */

static void see_signs(struct chart *chart, bool seen[SIGN_COUNT])
{
	static const enum sign of_outcome[] = {
		[OUTCOME_ALIVE] = SIGN_ALIVE,     [OUTCOME_OK] = SIGN_OK,
		[OUTCOME_FAILED] = SIGN_FAILED,   [OUTCOME_SIGNAL] = SIGN_SIGNAL,
		[OUTCOME_UNKNOWN] = SIGN_UNKNOWN, [OUTCOME_REMOVED] = SIGN_REMOVED,
	};

	for (size_t i = 0; i < chart->life_count; i++) {
		const struct chart_life *l = &chart->lives[i];

		seen[of_outcome[l->outcome]] = true;
		seen[SIGN_BORN] = true;
		seen[SIGN_READY] |= l->ready_left != CHART_NOWHERE;
		seen[SIGN_BEFORE] |= l->open_left;
		seen[SIGN_BACKWARDS] |= l->backwards;
		chart->alive += l->outcome == OUTCOME_ALIVE;
	}
	seen[SIGN_FRESH] = chart->timeline->fresh_count > 0;
}

/* Only what is there is explained. Returns the height. */
static int place_legend(struct chart *chart)
{
	bool seen[SIGN_COUNT] = {0};
	int x = CHART_MARGIN, y = LEGEND_LINE / 2;

	see_signs(chart, seen);
	for (enum sign sign = 0; sign < SIGN_COUNT; sign++) {
		int width = SAMPLE + chart_text_width(strlen(sign_texts[sign]), LEGEND_FONT);

		if (!seen[sign])
			continue;
		if (x + width > CHART_WIDTH - CHART_MARGIN) {
			x = CHART_MARGIN;
			y += LEGEND_LINE;
		}
		chart->signs[chart->sign_count++] =
			(struct chart_sign){sign, sign_texts[sign], x, HEADER + y};
		x += width + 200;
	}
	return chart->sign_count > 0 ? y + LEGEND_LINE / 2 + 60 : 0;
}

/* As many in each section as in the others, but for the last. */
static size_t section_rows(size_t rows)
{
	size_t sections = (rows + SECTION_MAX - 1) / SECTION_MAX;

	return rows > 0 ? (rows + sections - 1) / sections : 1;
}

static void choose_sizes(struct chart *chart)
{
	size_t rows = chart->timeline->row_count, longest = 0, i = 0;

	while (rows > sizes[i].rows)
		i++;
	chart->row_height = sizes[i].row_height;
	chart->bar = sizes[i].bar;
	chart->line = sizes[i].line;
	chart->glyph = sizes[i].glyph;
	chart->font = sizes[i].font;
	for (size_t row = 0; row < rows; row++) {
		size_t len = strlen(chart->timeline->rows[row].name);

		longest = len > longest ? len : longest;
	}
	if (longest > CHART_NAME_MAX)
		longest = CHART_NAME_MAX;
	chart->plot_left = CHART_MARGIN + chart_text_width(longest, chart->font) + 120 + CHART_FADE;
	chart->plot_right = CHART_WIDTH - CHART_MARGIN - RIGHT_ROOM;
	chart->section_rows = section_rows(rows);
}

int chart_init(struct chart *chart, struct timeline *timeline)
{
	int r;

	*chart = (struct chart){.timeline = timeline, .window = {0, 1}};
	choose_sizes(chart);
	if (timeline->moment_count > 0) {
		unsigned width = (unsigned)(chart->plot_right - chart->plot_left);

		chart->window = window_choose(timeline->moments, timeline->moment_count);
		ticks_choose(chart->window.from, chart->window.to,
			     width / (unsigned)chart_text_width(1, LEGEND_FONT), &chart->ticks);
	}
	r = place_lives(chart);
	if (r < 0)
		return r;
	chart->top = HEADER + place_legend(chart);
	if (timeline->row_count == 0) {
		chart->height = chart->top + CHART_MARGIN / 2;
		return 0;
	}
	chart->height = chart_row_y(chart, timeline->row_count) +
			(chart_axis_below(chart) ? CHART_AXIS : 0) + CHART_MARGIN;
	return 0;
}

void chart_release(struct chart *chart)
{
	free(chart->lives);
	*chart = (struct chart){0};
}
