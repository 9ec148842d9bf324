/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot that fits in a block is that block. A longer one has in its first block the numbers of the others: so
 * any byte of it is found at once.
 */
#include <errno.h>
#include <string.h>

#include "fs/state_tables.h"

static struct block_slot *block(const struct state *s, uint32_t index)
{
	return table_slot(&s->blocks, index);
}

/* The blocks that hold a snapshot of so many bytes, besides its first. */
static uint32_t others_of(size_t len)
{
	return len <= BLOCK_BYTES ? 0 : (uint32_t)((len + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

/* All that it takes, of which there is enough. */
static uint32_t reserve(struct state *s, uint32_t others)
{
	uint32_t first = table_reserve(&s->blocks);

	for (uint32_t i = 0; i < others; i++)
		block(s, first)->others[i] = table_reserve(&s->blocks);
	return first;
}

bool state_snapshot_fits(const struct state *s, size_t len)
{
	return len <= SNAPSHOT_MAX && others_of(len) < table_free(&s->blocks);
}

int state_snapshot_new(struct state *s, const void *data, size_t len, uint32_t *ret_snapshot)
{
	uint32_t others = others_of(len), first;
	const char *from = data;

	if (!state_snapshot_fits(s, len))
		return -ENFILE;
	first = reserve(s, others);
	block(s, first)->len = (uint32_t)len;
	if (!others)
		memcpy(block(s, first)->bytes, from, len);
	for (uint32_t i = 0; i < others; i++) {
		size_t n = len < BLOCK_BYTES ? len : BLOCK_BYTES;

		memcpy(block(s, block(s, first)->others[i])->bytes, from, n);
		(void)table_take(&s->blocks, block(s, first)->others[i]);
		from += n;
		len -= n;
	}
	(void)table_take(&s->blocks, first);
	*ret_snapshot = first;
	return 0;
}

void state_snapshot_free(struct state *s, uint32_t snapshot)
{
	uint32_t others = others_of(block(s, snapshot)->len);

	for (uint32_t i = 0; i < others; i++)
		table_let_go(&s->blocks, block(s, snapshot)->others[i]);
	table_let_go(&s->blocks, snapshot);
}

size_t state_snapshot_len(const struct state *s, uint32_t snapshot)
{
	return block(s, snapshot)->len;
}

size_t state_snapshot_get(const struct state *s, uint32_t snapshot, uint64_t offset, void *to,
			  size_t size)
{
	const struct block_slot *first = block(s, snapshot);
	size_t got = 0;

	if (offset >= first->len)
		return 0;
	if (size > first->len - offset)
		size = first->len - (size_t)offset;
	while (got < size) {
		size_t at = (size_t)offset + got, skip = at % BLOCK_BYTES;
		size_t n = BLOCK_BYTES - skip < size - got ? BLOCK_BYTES - skip : size - got;
		const struct block_slot *here = first->len <= BLOCK_BYTES
							? first
							: block(s, first->others[at / BLOCK_BYTES]);

		memcpy((char *)to + got, here->bytes + skip, n);
		got += n;
	}
	return size;
}

void state_snapshot_mark(const struct state *s, uint32_t snapshot, bool *marks)
{
	uint32_t others = snapshot ? others_of(block(s, snapshot)->len) : 0;

	marks[snapshot] = true;
	for (uint32_t i = 0; i < others; i++)
		marks[block(s, snapshot)->others[i]] = true;
}
