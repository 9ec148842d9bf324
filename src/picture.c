/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "exit_status.h"
#include "timeline/chart.h"
#include "timeline/read.h"
#include "timeline/svg.h"

static int write_all(const char *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len || fflush(stdout) != 0)
		return -errno;
	return 0;
}

static int draw(struct timeline *timeline)
{
	struct buf text = BUF_INIT;
	struct chart chart;
	int r = chart_init(&chart, timeline);

	if (r == 0) {
		svg_write(&chart, &text);
		r = buf_error(&text);
	}
	if (log_failure(r, "draw", "the timeline") == 0)
		r = log_failure(write_all(text.data, text.len), "write", "standard output");
	chart_release(&chart);
	buf_release(&text);
	return r < 0 ? EXIT_SYSTEM : EXIT_OK;
}

int picture_run(const char *path)
{
	const char *what = path ? path : "standard input";
	_cleanup_(cleanup_close) int opened = -1;
	_cleanup_(timeline_release) struct timeline timeline;
	char why[READ_WHY_SIZE];
	int r = timeline_init(&timeline);

	if (r == 0 && path) {
		opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (opened < 0)
			r = -errno;
	}
	if (log_failure(r, "open", what) < 0)
		return EXIT_SYSTEM;
	r = read_timeline(path ? opened : STDIN_FILENO, &timeline, why);
	if (r == -EINVAL && why[0]) {
		log_error("'%s', %s", what, why);
		return EXIT_USAGE;
	}
	if (log_failure(r, "read", what) < 0)
		return EXIT_SYSTEM;
	return draw(&timeline);
}
