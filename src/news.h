/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the worker tells the herald: of each event in the journal, which files are to be announced. The journal is the
 * queue, so nothing is lost however slow the herald is, or whoever is killed; it may hear of an event twice.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/name.h"

struct graveyard;
struct store;

/* Which, in the order in which they are announced. */
enum news_of {
	NEWS_CREATE = 1u << 0, /* NAME */
	NEWS_MODIFY = 1u << 1,
	NEWS_BORN_CREATE = 1u << 2, /* .born/NAME */
	NEWS_READY_CREATE = 1u << 3,
	NEWS_READY_DELETE = 1u << 4,
	NEWS_DIED_CREATE = 1u << 5,
	NEWS_DIED_MODIFY = 1u << 6,
	NEWS_DIED_DELETE = 1u << 7,
};

/* One event: a message, without what follows the name's end. */
struct news {
	uint32_t of; /* enum news_of; 0: nothing, and it is not sent */
	char name[GRAVE_NAME_MAX + 1];
};

/* Events that are looked at together. */
#define NEWS_SLICE 64

/*
 * The news of `count` events, at most NEWS_SLICE, after number `after`. What comes again later among them, about the
 * same file, is only in the last: so they can be handed over one by one. An event that cannot be read is left out.
 */
void news_read(struct store *store, uint64_t after, size_t count, struct news *ret_news);

/*
 * Hands a slice of what has happened after number *seq over to the herald, through a socket, and counts *seq up as
 * far as that went. -EAGAIN: the socket is full; another -errno of send(2).
 */
int news_hand_over(struct graveyard *g, int fd, uint64_t *seq);
