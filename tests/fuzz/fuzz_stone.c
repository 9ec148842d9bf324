/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is accepted as a stone is written harmlessly, and read back as the same stone. */
#include "base/buf.h"
#include "core/stone.h"

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

static void check_refusal(int r, const struct stone_error *error)
{
	require(r == -EINVAL || r == -EFBIG);
	require(error->line >= 1 && error->reason);
	require(strlen(error->text) < sizeof(error->text));
}

static void check_bounds(const struct stone *s)
{
	require(s->facts < FACT_BIT(FACT_COUNT));
	require(s->code >= STONE_CODE_MIN && s->code <= STONE_CODE_MAX);
	require(strlen(s->epitaph) <= STONE_EPITAPH_MAX);
	require(stone_has(s, FACT_CODE) || s->code == 0);
	require(stone_has(s, FACT_EPITAPH) || s->epitaph[0] == '\0');
}

static void check_text(const struct buf *text)
{
	require(buf_error(text) == 0 && text->len <= STONE_TEXT_MAX);
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];

		require(c == '\n' || (c >= ' ' && c != 0x7f));
	}
}

static int same(const struct stone *a, const struct stone *b)
{
	return a->facts == b->facts && a->born == b->born && a->ready == b->ready &&
	       a->died == b->died && a->code == b->code && strcmp(a->epitaph, b->epitaph) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stone_error error = {0};
	struct buf text = BUF_INIT;
	struct stone s, back;
	int r = stone_parse((const char *)data, size, &s, &error);

	if (r < 0) {
		check_refusal(r, &error);
		return 0;
	}
	check_bounds(&s);
	stone_format(&s, &text);
	check_text(&text);
	require(stone_parse(text.data, text.len, &back, NULL) == 0);
	require(same(&s, &back));
	buf_release(&text);
	return 0;
}
