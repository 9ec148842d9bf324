/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/read.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store.h"
#include "timeline/line.h"

struct lines {
	struct timeline *timeline;
	unsigned long number; /* of the line that is being read, from 1 */
	size_t len;           /* of what is there of it */
	char text[LINE_MAX_LEN];
	char *why;
};

static int complain(const struct lines *lines, const char *what)
{
	(void)snprintf(lines->why, READ_WHY_SIZE, "line %lu: %s", lines->number, what);
	return -EINVAL;
}

/* The line is whole. */
static int take_line(struct lines *lines)
{
	char why[TIMELINE_WHY_SIZE];
	struct event event;
	int r = line_parse(lines->text, lines->len, &event, why);

	_Static_assert(LINE_WHY_SIZE <= TIMELINE_WHY_SIZE, "one reason fits the other");
	if (r == LINE_EVENT)
		r = timeline_add(lines->timeline, &event, why);
	if (r == -EINVAL)
		return complain(lines, why);
	lines->number++;
	lines->len = 0;
	return r < 0 ? r : 0;
}

static int take_text(struct lines *lines, const char *text, size_t len)
{
	int r = 0;

	while (r == 0 && len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t more = newline ? (size_t)(newline - text) : len;

		if (more > sizeof(lines->text) - lines->len)
			return complain(lines, "is longer than a line of a log can be");
		memcpy(lines->text + lines->len, text, more);
		lines->len += more;
		if (newline)
			r = take_line(lines);
		text += more + (newline != NULL);
		len -= more + (newline != NULL);
	}
	return r;
}

/* What was copied while it was being written may end within a line: it has to have all its columns, as any other. */
static int take_end(struct lines *lines)
{
	return lines->len > 0 ? take_line(lines) : 0;
}

/* Reading `.events` would wait for what happens next; of the files, only that has nothing to read yet. */
static int has_ended(int fd, bool is_file)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int r;

	if (!is_file)
		return 0;
	r = poll(&poll_fd, 1, 0);
	return r < 0 ? -errno : r == 0;
}

int read_timeline(int fd, struct timeline *timeline, char why[READ_WHY_SIZE])
{
	struct lines lines = {.timeline = timeline, .number = 1, .why = why};
	struct stat st;
	char text[16384];
	int r = 0;

	why[0] = '\0';
	if (fstat(fd, &st) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n;

		r = has_ended(fd, S_ISREG(st.st_mode));
		if (r != 0)
			break;
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = take_text(&lines, text, (size_t)n);
	}
	return r < 0 ? r : take_end(&lines);
}

int read_timeline_text(const char *text, size_t len, struct timeline *timeline,
		       char why[READ_WHY_SIZE])
{
	struct lines lines = {.timeline = timeline, .number = 1, .why = why};
	int r;

	why[0] = '\0';
	r = take_text(&lines, text, len);
	return r < 0 ? r : take_end(&lines);
}
