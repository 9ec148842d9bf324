/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void add(struct record *record, const char *format,
						      va_list args)
{
	char text[RECORD_MAX]; /* more of it would not fit in the record */

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	record_text(record, "msg", text);
}

void log_text(struct record *record, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(record, format, args);
	va_end(args);
}

void log_msg(enum record_level level, const char *format, ...)
{
	struct record record;
	int saved = errno; /* for %m, and for the caller */
	va_list args;

	if (!record_wanted(level))
		return;
	record_begin(&record, level, NULL);
	errno = saved;
	va_start(args, format);
	add(&record, format, args);
	va_end(args);
	record_end(&record);
	errno = saved;
}

int log_failure(int r, const char *what, const char *path)
{
	if (r < 0)
		log_error("unable to %s '%s': %s", what, path, strerror(-r));
	return r;
}
