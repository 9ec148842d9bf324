/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything in a picture of a timeline lies. All lengths are in tenths of a pixel, whole numbers, so that
 * a picture of the same log is the same on every machine. Widths of text are those of a monospaced font, amply.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timeline/ticks.h"
#include "timeline/timeline.h"
#include "timeline/window.h"

#define CHART_WIDTH 10000
#define CHART_MARGIN 160
#define CHART_AXIS 420    /* height of a band with two lines of labels, and marks */
#define CHART_FADE 240    /* how far somebody goes on beyond an edge */
#define CHART_NAME_MAX 32 /* characters of a name that are shown */
#define CHART_NOWHERE (-1)

/* How a life has ended. */
enum outcome {
	OUTCOME_ALIVE,
	OUTCOME_OK,      /* code 0 */
	OUTCOME_FAILED,  /* another */
	OUTCOME_SIGNAL,  /* -1, or 128 and a signal */
	OUTCOME_UNKNOWN, /* without a code */
	OUTCOME_REMOVED, /* alive, and taken off view */
};

/* What a legend can explain, in its order. */
enum sign {
	SIGN_BORN,
	SIGN_READY,
	SIGN_ALIVE,
	SIGN_OK,
	SIGN_FAILED,
	SIGN_SIGNAL,
	SIGN_UNKNOWN,
	SIGN_REMOVED,
	SIGN_BEFORE,
	SIGN_BACKWARDS,
	SIGN_FRESH,
	SIGN_COUNT,
};

/* Either runs from left to right, or died before it was born (`backwards`). */
struct chart_life {
	const struct timeline_life *life;
	size_t row;
	enum outcome outcome;
	int left, right;             /* of the line */
	int birth;                   /* CHART_NOWHERE: off the chart, or not known */
	int ready_left, ready_right; /* CHART_NOWHERE: never was */
	bool open_left, open_right;  /* goes on beyond the edge */
	bool backwards;
	bool cramped;  /* the next one is too near for more than a stroke at its end */
	bool labelled; /* there is room for its code */
};

struct chart_sign {
	enum sign sign;
	const char *text;
	int x, y; /* left, middle */
};

/* Fields are to be read only. */
struct chart {
	const struct timeline *timeline;
	int height, top;                        /* of the whole; of the first axis */
	int plot_left, plot_right;              /* first and last moment */
	int row_height, bar, line, glyph, font; /* glyph: half its size */
	size_t section_rows;                    /* an axis comes before so many */
	struct window window;
	struct ticks ticks;
	struct chart_life *lives; /* owned; by row, in each from left to right */
	size_t life_count, alive;
	struct chart_sign signs[SIGN_COUNT];
	size_t sign_count;
};

/* Lays out a timeline, which has to outlive the chart; its moments are sorted. -ENOMEM. */
int chart_init(struct chart *chart, struct timeline *timeline);
void chart_release(struct chart *chart);

/* Where a time is between left and right; the nearer of them where it is off the chart. */
int chart_x(const struct chart *chart, int64_t time);

/* The top of a row; of row_count: what comes below the last. */
int chart_row_y(const struct chart *chart, size_t row);

/* The top of the axis above a section. */
int chart_section_y(const struct chart *chart, size_t section);

/* The width of so many characters. */
int chart_text_width(size_t characters, int font);

/* Does the axis come once more below the last row? */
bool chart_axis_below(const struct chart *chart);
