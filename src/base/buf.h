/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes, for text that is put together piece by piece.
 *
 * Errors stick: after an allocation failed every further call does nothing, so that a caller may
 * append freely and ask once, with buf_error(), before using the text. `data` is followed by a NUL
 * (not counted in `len`) whenever it is not NULL.
 *
 * Fields may be read, and `len` lowered by buf_truncate(), never written otherwise.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; NULL until the first byte */
	size_t len, capacity;
	bool failed;
};

#define BUF_INIT ((struct buf){0})

/* Frees what the buffer holds and makes it empty and usable again. */
void buf_release(struct buf *b);

/* Makes the buffer `len` bytes long (at most what it is) and keeps its memory. */
void buf_truncate(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 0, or -ENOMEM if an addition was lost. */
int buf_error(const struct buf *b);
