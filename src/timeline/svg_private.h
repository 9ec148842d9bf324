/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the SVG writer. */
#pragma once

#include "timeline/chart.h"

struct buf;

/* A length of a chart as SVG has it: pixels, with a decimal where there is one. */
struct px {
	char text[16];
};
struct px px_text(int tenths);
#define PX(tenths) (px_text(tenths).text)

/* A line, `height` thick; a dashed one. */
void svg_rect(struct buf *to, int left, int right, int middle, int height);
void svg_dashes(struct buf *to, int left, int right, int middle);

/* The sign of a life's end, around a middle, `r` half its size; nothing for OUTCOME_ALIVE. */
void svg_glyph(struct buf *to, enum outcome outcome, int x, int y, int r);

/* A line that goes on beyond an edge, from x on, to the right or left, paler and paler. */
void svg_fade(struct buf *to, int x, int y, int height, bool to_the_right);

/* The class that has an outcome's colour. */
const char *svg_class(enum outcome outcome);

/* One life, with its title. */
void svg_life(const struct chart *chart, const struct chart_life *life, struct buf *to);
