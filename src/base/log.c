/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Less than PIPE_BUF: a pipe that has room at all takes a line whole, and unmixed with others'. */
#define LINE_SIZE 1024

static const char *const level_names[] = {
	[LOG_LEVEL_EVENT] = "event", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

#define LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

static enum log_level max_level = LOG_LEVEL_INFO;
static unsigned long dropped; /* messages lost since the last report */

void log_set_level(enum log_level level)
{
	max_level = level;
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
	for (size_t i = LOG_LEVEL_ERROR; i < LEVEL_COUNT; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool write_line(const char *line, size_t len)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	/* With POLLERR beside POLLOUT the reader is gone, and writing would raise SIGPIPE. */
	if (poll(&fd, 1, 0) != 1 || fd.revents != POLLOUT)
		return false;
	return write(STDERR_FILENO, line, len) >= 0;
}

/* Bytes of the control character at `s`, 0 if there is none: C0, DEL, and C1 as UTF-8 has it. */
static size_t control_len(const char *s)
{
	unsigned char first = (unsigned char)s[0], second;

	if (first < 0x20 || first == 0x7f)
		return 1;
	if (first != 0xc2)
		return 0;
	second = (unsigned char)s[1];
	return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

/* Copies `text` to the end of the `len` bytes in `line`, as far as it fits with a newline. */
static size_t add_harmless(char line[LINE_SIZE], size_t len, const char *text)
{
	size_t control = 0;

	while (*text != '\0' && len + sizeof("\\xNN") <= LINE_SIZE) {
		if (control == 0)
			control = control_len(text);
		if (control > 0) {
			(void)sprintf(line + len, "\\x%02x", (unsigned char)*text++);
			len += 4;
			control--;
		} else {
			line[len++] = *text++;
		}
	}
	line[len++] = '\n';
	return len;
}

__attribute__((format(printf, 3, 0))) static size_t
format_line(char line[LINE_SIZE], enum log_level level, const char *format, va_list args)
{
	char text[LINE_SIZE];
	int len;

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	len = snprintf(line, LINE_SIZE, "graveyardfs: %s: ", level_names[level]);
	return add_harmless(line, (size_t)len, text);
}

static void report_dropped(void)
{
	char line[LINE_SIZE];
	int len;

	if (dropped == 0)
		return;
	len = snprintf(line, sizeof(line),
		       "graveyardfs: warning: messages lost, as nobody read them: %lu\n", dropped);
	if (write_line(line, (size_t)len))
		dropped = 0;
}

void log_msg(enum log_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	int saved = errno;
	va_list args;
	size_t len;

	if (level > max_level)
		return;
	va_start(args, format);
	len = format_line(line, level, format, args);
	va_end(args);
	report_dropped();
	if (!write_line(line, len))
		dropped++;
	errno = saved;
}

int log_failure(int r, const char *what, const char *path)
{
	if (r < 0)
		log_error("unable to %s '%s': %s", what, path, strerror(-r));
	return r;
}
