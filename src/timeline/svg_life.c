/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "timeline/svg_private.h"
#include "timeline/text.h"

#define FADE_STEPS 8

struct px px_text(int tenths)
{
	struct px px;

	int len =
		snprintf(px.text, sizeof(px.text), "%s%d", tenths < 0 ? "-" : "", abs(tenths / 10));

	if (tenths % 10)
		(void)snprintf(px.text + len, sizeof(px.text) - (size_t)len, ".%d",
			       abs(tenths % 10));
	return px;
}

const char *svg_class(enum outcome outcome)
{
	static const char *const classes[] = {
		[OUTCOME_ALIVE] = "alive",     [OUTCOME_OK] = "ok",
		[OUTCOME_FAILED] = "failed",   [OUTCOME_SIGNAL] = "signal",
		[OUTCOME_UNKNOWN] = "unknown", [OUTCOME_REMOVED] = "unknown",
	};

	return classes[outcome];
}

void svg_rect(struct buf *to, int left, int right, int middle, int height)
{
	buf_addf(to, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>", PX(left),
		 PX(middle - height / 2), PX(right - left), PX(height));
}

void svg_dashes(struct buf *to, int left, int right, int middle)
{
	buf_addf(to, "<path class=\"o b\" d=\"M%s %sH%s\"/>", PX(left), PX(middle), PX(right));
}

void svg_fade(struct buf *to, int x, int y, int height, bool to_the_right)
{
	static const char *const opacities[FADE_STEPS] = {".84", ".7",  ".57", ".45",
							  ".34", ".24", ".15", ".07"};
	int width = CHART_FADE / FADE_STEPS;

	for (int i = 0; i < FADE_STEPS; i++)
		buf_addf(to,
			 "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill-opacity=\"%s\"/>",
			 PX(to_the_right ? x + i * width : x - (i + 1) * width), PX(y - height / 2),
			 PX(width), PX(height), opacities[i]);
}

void svg_glyph(struct buf *to, enum outcome outcome, int x, int y, int r)
{
	switch (outcome) {
	case OUTCOME_ALIVE:
		break;
	case OUTCOME_OK:
		buf_addf(to, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\"/>", PX(x), PX(y), PX(r));
		break;
	case OUTCOME_FAILED:
		buf_addf(to, "<path class=\"o\" d=\"M%s %sL%s %sM%s %sL%s %s\"/>", PX(x - r),
			 PX(y - r), PX(x + r), PX(y + r), PX(x - r), PX(y + r), PX(x + r),
			 PX(y - r));
		break;
	case OUTCOME_SIGNAL:
		buf_addf(to, "<path d=\"M%s %sL%s %sL%s %sL%s %sZ\"/>", PX(x), PX(y - r - 8),
			 PX(x + r + 8), PX(y), PX(x), PX(y + r + 8), PX(x - r - 8), PX(y));
		break;
	case OUTCOME_UNKNOWN:
		buf_addf(to, "<circle class=\"o\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>", PX(x), PX(y),
			 PX(r - 6));
		break;
	case OUTCOME_REMOVED:
		buf_addf(to, "<rect class=\"o\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>",
			 PX(x - r + 6), PX(y - r + 6), PX(2 * r - 12), PX(2 * r - 12));
		break;
	}
}

/* ---- the title ---- */

static void add_time(struct buf *to, const char *what, bool is_so, int64_t time)
{
	char text[RFC3339_SIZE];

	if (!is_so)
		return;
	(void)rfc3339_format(time, text);
	buf_addf(to, "\n%s %s", what, text);
}

static void add_code(struct buf *to, const struct timeline_life *life)
{
	const char *name = life->code > 128 ? sigabbrev_np(life->code - 128) : NULL;

	if (!life->has_code) {
		if (life->has_died)
			buf_adds(to, "\nexit code not known");
		return;
	}
	buf_addf(to, "\nexit code %d", life->code);
	if (name)
		buf_addf(to, " (128 + SIG%s)", name);
	else if (life->code == -1)
		buf_adds(to, " (a signal)");
}

static void add_lasted(struct buf *to, const struct chart_life *l)
{
	const struct timeline_life *life = l->life;
	char text[DURATION_SIZE];

	if (l->backwards && life->has_died)
		buf_adds(to, "\ndied before it was born: a clock was set back, or so it was told");
	else if (life->is_born && life->has_died) {
		text_duration((uint64_t)life->died - (uint64_t)life->born, text);
		buf_addf(to, "\nlasted %s", text);
	} else if (l->outcome == OUTCOME_ALIVE)
		buf_adds(to, "\nstill alive");
	else if (!life->has_died && !life->is_removed)
		buf_adds(to, "\nits end is not in the log");
	if (!life->is_born)
		buf_adds(to, "\nits birth is not in the log");
}

static void title(const struct chart *chart, const struct chart_life *l, struct buf *to)
{
	const char *name = chart->timeline->rows[l->row].name;

	buf_adds(to, "<title>");
	text_escape(to, name, strlen(name));
	buf_addf(to, ", life %" PRIu64, l->life->number);
	add_time(to, "born", l->life->is_born, l->life->born);
	add_time(to, "ready", l->life->is_ready, l->life->ready);
	add_time(to, "died", l->life->has_died, l->life->died);
	add_time(to, "removed", l->life->is_removed, l->life->removed);
	add_lasted(to, l);
	add_code(to, l->life);
	buf_adds(to, "</title>");
}

/* ---- the life ---- */

/* Thin while it lives, thick from when it is ready. */
static void line(const struct chart *chart, const struct chart_life *l, int y, struct buf *to)
{
	bool ready = l->ready_left != CHART_NOWHERE;
	bool ready_at_once = ready && l->ready_left <= l->left;

	if (l->backwards) {
		svg_dashes(to, l->left, l->right, y);
		return;
	}
	if (l->open_left)
		svg_fade(to, l->left, y, ready_at_once ? chart->bar : chart->line, false);
	if (!ready_at_once)
		svg_rect(to, l->left, ready ? l->ready_left : l->right, y, chart->line);
	if (ready)
		svg_rect(to, l->ready_left, l->ready_right, y, chart->bar);
	if (l->open_right)
		svg_fade(to, l->right, y, ready ? chart->bar : chart->line, true);
}

static void end(const struct chart *chart, const struct chart_life *l, int y, struct buf *to)
{
	int beyond = l->right + (l->open_right ? CHART_FADE : 0);
	int x = l->backwards ? l->left - chart->glyph - 20 : beyond + chart->glyph + 20;

	if (l->outcome == OUTCOME_ALIVE)
		return;
	if (l->cramped) {
		svg_rect(to, l->right - 20, l->right, y, chart->bar);
		return;
	}
	svg_glyph(to, l->outcome, x, y, chart->glyph);
	if (!l->labelled)
		return;
	x = l->backwards ? l->right + 40 : x + chart->glyph + 40;
	buf_addf(to, "<text class=\"c\" x=\"%s\" y=\"%s\">", PX(x),
		 PX(y + (chart->font - 10) * 36 / 100));
	if (l->life->has_code)
		buf_addf(to, "%d</text>", l->life->code);
	else
		buf_adds(to, "?</text>");
}

void svg_life(const struct chart *chart, const struct chart_life *l, struct buf *to)
{
	int y = chart_row_y(chart, l->row) + chart->row_height / 2;

	buf_addf(to, "<g class=\"%s\">", svg_class(l->outcome));
	title(chart, l, to);
	/* Thin lines are hard to point at. */
	buf_addf(to, "<rect class=\"h\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>",
		 PX(l->left), PX(y - chart->row_height / 2), PX(l->right - l->left),
		 PX(chart->row_height));
	line(chart, l, y, to);
	if (l->birth != CHART_NOWHERE)
		svg_rect(to, l->birth, l->birth + 20, y, chart->bar);
	end(chart, l, y, to);
	buf_adds(to, "</g>\n");
}
