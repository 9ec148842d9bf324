/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void buf_release(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/* Makes room for `more` bytes and the NUL; false, for good, if there is none to be had. */
static bool reserve(struct buf *b, size_t more)
{
	size_t capacity = b->capacity > 0 ? b->capacity : FIRST_CAPACITY;
	char *data;

	if (b->failed)
		return false;
	if (more < b->capacity - b->len)
		return true;
	b->failed = true;
	while (capacity - b->len <= more) {
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	data = realloc(b->data, capacity);
	if (!data)
		return false;
	b->data = data;
	b->capacity = capacity;
	b->failed = false;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || !reserve(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		b->failed = true;
	if (len <= 0 || !reserve(b, (size_t)len))
		return;
	va_start(args, format);
	(void)vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

int buf_error(const struct buf *b)
{
	return b->failed ? -ENOMEM : 0;
}
