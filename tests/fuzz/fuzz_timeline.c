/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the log is, it is refused with a reason in printable ASCII, or drawn, in printable ASCII, too, and nothing of it
 * beyond the picture.
 */
#include "base/buf.h"
#include "timeline/chart.h"
#include "timeline/read.h"
#include "timeline/svg.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_printable(const char *text)
{
	for (; *text; text++)
		require(*text == '\n' || (*text >= ' ' && *text <= '~'));
}

static void check_chart(const struct chart *c)
{
	require(c->window.from < c->window.to && c->plot_left < c->plot_right);
	require(c->life_count == c->timeline->life_count && c->ticks.count <= TICKS_MAX);
	for (size_t i = 0; i < c->life_count; i++) {
		const struct chart_life *l = &c->lives[i];

		require(l->left >= c->plot_left && l->left < l->right);
		require(l->right <= CHART_WIDTH - CHART_MARGIN);
		require(chart_row_y(c, l->row) + c->row_height <= c->height);
	}
	for (size_t i = 1; i < c->ticks.count; i++)
		require(c->ticks.ticks[i - 1].time < c->ticks.ticks[i].time);
}

static void draw(struct timeline *t)
{
	struct buf text = BUF_INIT;
	struct chart chart;

	if (chart_init(&chart, t) == 0) {
		check_chart(&chart);
		svg_write(&chart, &text);
		require(text.failed || text.data != NULL);
		if (!text.failed)
			check_printable(text.data);
		require(text.failed || strcmp(text.data + text.len - 7, "</svg>\n") == 0);
	}
	chart_release(&chart);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[READ_WHY_SIZE] = "";
	struct timeline t;
	int r = timeline_init(&t);

	if (r == 0)
		r = read_timeline_text((const char *)data, size, &t, why);
	require(r == 0 || r == -EINVAL || r == -ENOMEM);
	if (r == -EINVAL) {
		require(why[0] && !strchr(why, '\n'));
		check_printable(why);
	}
	if (r == 0)
		draw(&t);
	timeline_release(&t);
	return 0;
}
