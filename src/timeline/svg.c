/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/svg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "timeline/svg_private.h"
#include "timeline/text.h"

/*
 * The colours of outcomes are those of Okabe and Ito, which people who are blind to some can tell apart, somewhat darker on
 * white and lighter on black; each comes with a sign of its own. Where a viewer knows no media queries it is light.
 */
static const char style[] =
	"<style>\n"
	"svg{color-scheme:light dark;background:#fff;max-width:100%;height:auto}\n"
	"rect{shape-rendering:crispEdges}\n"
	"text{fill:#1f2328}.m{fill:#59636e}.t{font-weight:600}\n"
	".bg{fill:#fff}.z{fill:#f4f6f8}.g{stroke:#d1d9e0;fill:none}.f{stroke:#59636e;fill:none;"
	"stroke-dasharray:2 3}\n"
	".h{fill:none;pointer-events:all}.o{fill:none;stroke:currentColor;stroke-width:1.8}"
	".b{stroke-dasharray:3 3}\n"
	".alive{color:#0072b2}.ok{color:#008f68}.failed{color:#d55e00}.signal{color:#a8477e}"
	".unknown{color:#6e7781}\n"
	"g{fill:currentColor}\n"
	"@media (prefers-color-scheme:dark){\n"
	"svg{background:#0d1117}\n"
	"text{fill:#e6edf3}.m{fill:#9198a1}\n"
	".bg{fill:#0d1117}.z{fill:#151b23}.g{stroke:#2f3742}.f{stroke:#9198a1}\n"
	".alive{color:#56b4e9}.ok{color:#2fc79d}.failed{color:#f0803c}.signal{color:#e79ac6}"
	".unknown{color:#9198a1}\n"
	"}\n"
	"</style>\n";

static const char fonts[] = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace";

static void add_count(struct buf *to, size_t count, const char *one, const char *many)
{
	buf_addf(to, "%zu %s", count, count == 1 ? one : many);
}

static void add_summary(const struct chart *chart, struct buf *to)
{
	const struct timeline *t = chart->timeline;

	add_count(to, t->row_count, "name", "names");
	buf_adds(to, ", ");
	add_count(to, t->life_count, "life", "lives");
	if (chart->alive > 0)
		buf_addf(to, ", %zu still alive", chart->alive);
}

/* A time with as much of its fraction as matters over such a span. */
static void add_time(struct buf *to, int64_t time, uint64_t span)
{
	size_t len = RFC3339_SIZE, whole;
	char text[RFC3339_SIZE];

	if (span >= 10 * (uint64_t)NSEC_PER_SEC)
		len = strlen("2026-11-21T03:00:00");
	else if (span >= 10 * (uint64_t)NSEC_PER_MSEC)
		len = strlen("2026-11-21T03:00:00.123");
	(void)rfc3339_format(time, text);
	text[10] = ' ';
	whole = strcspn(text, "Z");
	buf_add(to, text, len < whole ? len : whole);
}

static void add_span(const struct chart *chart, struct buf *to)
{
	const struct window *w = &chart->window;
	uint64_t span = (uint64_t)w->to - (uint64_t)w->from;
	char lasted[DURATION_SIZE];

	if (chart->timeline->moment_count == 0) {
		buf_adds(to, "Nothing has happened yet");
		return;
	}
	add_time(to, w->from, span);
	buf_adds(to, " to ");
	add_time(to, w->to, span);
	text_duration(span, lasted);
	buf_addf(to, " UTC, %s", lasted);
}

static void header(const struct chart *chart, struct buf *to)
{
	buf_addf(to,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" "
		 "viewBox=\"0 0 %s %s\" role=\"graphics-document document\" "
		 "aria-labelledby=\"title desc\" font-family=\"%s\" font-size=\"%s\">\n",
		 PX(CHART_WIDTH), PX(chart->height), PX(CHART_WIDTH), PX(chart->height), fonts,
		 PX(chart->font));
	buf_adds(to, "<title id=\"title\">Timeline of a graveyard: ");
	add_summary(chart, to);
	buf_adds(to, "</title>\n<desc id=\"desc\">A row a name, in it a line a life, from birth to "
		     "death, thick "
		     "from when it was ready. ");
	add_span(chart, to);
	buf_adds(to, ".</desc>\n");
	buf_adds(to, style);
	buf_addf(to, "<rect class=\"bg\" width=\"%s\" height=\"%s\"/>\n", PX(CHART_WIDTH),
		 PX(chart->height));
	buf_addf(to, "<text class=\"t\" x=\"%s\" y=\"%s\" font-size=\"15\">", PX(CHART_MARGIN),
		 PX(280));
	add_summary(chart, to);
	buf_addf(to, "</text>\n<text class=\"m\" x=\"%s\" y=\"%s\" font-size=\"12\">",
		 PX(CHART_MARGIN), PX(470));
	add_span(chart, to);
	buf_adds(to, "</text>\n");
}

/* ---- the legend ---- */

/* Those that are about the line, and not about its end, are grey. */
static void sample(enum sign sign, int x, int y, struct buf *to)
{
	static const enum outcome outcomes[SIGN_COUNT] = {
		[SIGN_BORN] = OUTCOME_UNKNOWN,    [SIGN_READY] = OUTCOME_UNKNOWN,
		[SIGN_ALIVE] = OUTCOME_ALIVE,     [SIGN_OK] = OUTCOME_OK,
		[SIGN_FAILED] = OUTCOME_FAILED,   [SIGN_SIGNAL] = OUTCOME_SIGNAL,
		[SIGN_UNKNOWN] = OUTCOME_UNKNOWN, [SIGN_REMOVED] = OUTCOME_REMOVED,
		[SIGN_BEFORE] = OUTCOME_UNKNOWN,  [SIGN_BACKWARDS] = OUTCOME_UNKNOWN,
		[SIGN_FRESH] = OUTCOME_UNKNOWN,
	};
	const int line = 36, bar = 100, end = x + 130;

	buf_addf(to, "<g class=\"%s\">", svg_class(outcomes[sign]));
	switch (sign) {
	case SIGN_BORN:
		svg_rect(to, x, x + 20, y, bar);
		svg_rect(to, x, x + CHART_FADE, y, line);
		break;
	case SIGN_READY:
		svg_rect(to, x, x + CHART_FADE, y, bar);
		break;
	case SIGN_ALIVE:
		svg_fade(to, x, y, line, true);
		break;
	case SIGN_BEFORE:
		svg_fade(to, x + CHART_FADE, y, line, false);
		break;
	case SIGN_BACKWARDS:
		svg_dashes(to, x, x + CHART_FADE - 20, y);
		svg_rect(to, x + CHART_FADE - 20, x + CHART_FADE, y, bar);
		break;
	case SIGN_FRESH:
		buf_addf(to, "<path class=\"f\" d=\"M%s %sV%s\"/>", PX(x + 120), PX(y - 70),
			 PX(y + 70));
		break;
	default:
		svg_rect(to, x, end, y, line);
		svg_glyph(to, outcomes[sign], end + 60, y, 38);
	}
	buf_adds(to, "</g>");
}

static void legend(const struct chart *chart, struct buf *to)
{
	for (size_t i = 0; i < chart->sign_count; i++) {
		const struct chart_sign *s = &chart->signs[i];

		sample(s->sign, s->x, s->y, to);
		buf_addf(to, "<text class=\"m\" x=\"%s\" y=\"%s\" font-size=\"11\">%s</text>\n",
			 PX(s->x + 300), PX(s->y + 40), s->text);
	}
}

/* ---- the axis ---- */

/* No text comes nearer to an edge. */
#define CHART_EDGE 40

/* A label in the middle of its mark, within the picture. */
static void label(int x, int y, const char *text, struct buf *to)
{
	int half = chart_text_width(strlen(text), 110) / 2;

	if (x - half < CHART_EDGE)
		x = CHART_EDGE + half;
	if (x + half > CHART_WIDTH - CHART_EDGE)
		x = CHART_WIDTH - CHART_EDGE - half;
	buf_addf(to, "<text class=\"m a\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>",
		 PX(x), PX(y), text);
}

/* Where it changes; the one at the beginning gives way to one that comes soon. */
static void contexts(const struct chart *chart, int y, struct buf *to)
{
	const struct ticks *ticks = &chart->ticks;
	const char *last = ticks->context;
	int left = chart->plot_left, right = CHART_WIDTH;
	int width = chart_text_width(strlen(last) + 2, 110);

	for (size_t i = ticks->count; i-- > 0;) {
		const char *before = i > 0 ? ticks->ticks[i - 1].context : ticks->context;
		int x = chart_x(chart, ticks->ticks[i].time);

		if (strcmp(before, ticks->ticks[i].context) == 0 || x + width > right)
			continue;
		buf_addf(to, "<text class=\"t a\" x=\"%s\" y=\"%s\">%s</text>", PX(x), PX(y),
			 ticks->ticks[i].context);
		right = x;
	}
	if (left + width <= right && *last)
		buf_addf(to, "<text class=\"t a\" x=\"%s\" y=\"%s\">%s</text>", PX(left), PX(y),
			 last);
}

/* Above a section, the labels are over the marks; below the last, under them. */
static void axis(const struct chart *chart, int top, bool below, struct buf *to)
{
	int line = below ? top : top + CHART_AXIS;
	int marks = below ? line + 50 : line - 50;

	buf_addf(to, "<g font-size=\"11\">");
	contexts(chart, below ? top + 320 : top + 150, to);
	for (size_t i = 0; i < chart->ticks.count; i++)
		label(chart_x(chart, chart->ticks.ticks[i].time), below ? top + 170 : top + 300,
		      chart->ticks.ticks[i].label, to);
	buf_addf(to, "\n<path class=\"g\" d=\"M%s %sH%s", PX(chart->plot_left), PX(line),
		 PX(chart->plot_right));
	for (size_t i = 0; i < chart->ticks.count; i++)
		buf_addf(to, "M%s %sV%s", PX(chart_x(chart, chart->ticks.ticks[i].time)), PX(marks),
			 PX(line));
	buf_adds(to, "\"/></g>\n");
}

/* Lines across a section's rows, at the marks and where everything began afresh. */
static void across(const struct chart *chart, size_t first, size_t last, struct buf *to)
{
	const struct timeline *t = chart->timeline;
	struct px top = px_text(chart_row_y(chart, first));
	struct px bottom = px_text(chart_row_y(chart, last) + chart->row_height);

	buf_adds(to, "<path class=\"g\" d=\"");
	for (size_t i = 0; i < chart->ticks.count; i++)
		buf_addf(to, "M%s %sV%s", PX(chart_x(chart, chart->ticks.ticks[i].time)), top.text,
			 bottom.text);
	buf_adds(to, "\"/>\n");
	for (size_t i = 0; i < t->fresh_count; i++)
		buf_addf(to, "<path class=\"f\" d=\"M%s %sV%s\"/>\n",
			 PX(chart_x(chart, t->fresh[i])), top.text, bottom.text);
}

/* ---- the rows ---- */

/* A long name loses its middle: ends tell replicas apart. */
static void name(const struct chart *chart, size_t row, struct buf *to)
{
	const char *text = chart->timeline->rows[row].name;
	size_t len = strlen(text), head = CHART_NAME_MAX * 2 / 3 - 1,
	       tail = CHART_NAME_MAX - head - 1;
	int y = chart_row_y(chart, row) + chart->row_height / 2 + chart->font * 36 / 100;

	buf_addf(to, "<text x=\"%s\" y=\"%s\">", PX(CHART_MARGIN), PX(y));
	if (len > CHART_NAME_MAX) {
		buf_adds(to, "<title>");
		text_escape(to, text, len);
		buf_adds(to, "</title>");
		text_escape(to, text, head);
		buf_adds(to, "&#8230;");
		text_escape(to, text + len - tail, tail);
	} else {
		text_escape(to, text, len);
	}
	buf_adds(to, "</text>\n");
}

static void stripe(const struct chart *chart, size_t row, struct buf *to)
{
	buf_addf(to, "<rect class=\"z\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n",
		 PX(CHART_MARGIN - 60), PX(chart_row_y(chart, row)),
		 PX(CHART_WIDTH - 2 * CHART_MARGIN + 120), PX(chart->row_height));
}

static void section(const struct chart *chart, size_t first, size_t last, struct buf *to)
{
	for (size_t row = first; row <= last; row += 2)
		stripe(chart, row, to);
	across(chart, first, last, to);
	for (size_t row = first; row <= last; row++)
		name(chart, row, to);
}

void svg_write(const struct chart *chart, struct buf *to)
{
	size_t rows = chart->timeline->row_count;

	header(chart, to);
	legend(chart, to);
	for (size_t i = 0; i * chart->section_rows < rows; i++) {
		size_t first = i * chart->section_rows, last = first + chart->section_rows - 1;

		axis(chart, chart_section_y(chart, i), false, to);
		section(chart, first, last < rows ? last : rows - 1, to);
	}
	if (chart_axis_below(chart))
		axis(chart, chart_row_y(chart, rows), true, to);
	buf_addf(to, "<g font-size=\"%s\">\n", PX(chart->font - 10));
	for (size_t i = 0; i < chart->life_count; i++)
		svg_life(chart, &chart->lives[i], to);
	buf_adds(to, "</g>\n</svg>\n");
}
