/* SPDX-License-Identifier: Apache-2.0 */
#include "news.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "core/graveyard.h"

/* Was it so, of the life that an event is about, before the event? */
static bool was(struct store *store, const struct event *event, enum fact fact)
{
	struct life life;

	return store->ops->life(store, event->grave, event->life, &life) == 0 && life.seq[fact] &&
	       life.seq[fact] < event->seq;
}

/* Was the name on view already, with an earlier life? */
static bool is_rebirth(struct store *store, const struct event *event)
{
	struct life before;

	return event->life > 1 &&
	       store->ops->life(store, event->grave, event->life - 1, &before) == 0 &&
	       before.removed == 0;
}

static uint32_t news_of(struct store *store, const struct event *event)
{
	switch (event->what) {
	case EVENT_BORN:
		return NEWS_BORN_CREATE |
		       (is_rebirth(store, event) ? NEWS_MODIFY | NEWS_DIED_DELETE : NEWS_CREATE);
	case EVENT_READY:
		return NEWS_MODIFY | NEWS_READY_CREATE;
	case EVENT_DIED:
		return NEWS_MODIFY | NEWS_DIED_CREATE |
		       (was(store, event, FACT_READY) ? NEWS_READY_DELETE : 0);
	case EVENT_EPITAPH:
	case EVENT_EXITCODE:
		return NEWS_MODIFY | (was(store, event, FACT_DIED) ? NEWS_DIED_MODIFY : 0);
	case EVENT_REMOVED: /* whoever removed it did so through the mount */
	case EVENT_OWNER:   /* likewise */
	case EVENT_FRESH:   /* before the mount */
		break;
	}
	return 0;
}

/* What comes again later is left to the last. */
static void thin_out(const int64_t *graves, size_t count, struct news *news)
{
	for (size_t i = 0; i < count; i++)
		for (size_t later = i + 1; later < count; later++)
			if (graves[later] == graves[i])
				news[i].of &= ~news[later].of;
}

void news_read(struct store *store, uint64_t after, size_t count, struct news *ret_news)
{
	int64_t graves[NEWS_SLICE] = {0};

	for (size_t i = 0; i < count; i++) {
		struct event event;
		int r = store->ops->event(store, after + 1 + i, &event);

		ret_news[i].of = 0;
		if (r < 0) {
			log_warning("unable to read what inotify is to tell: %s", strerror(-r));
			continue;
		}
		graves[i] = event.grave;
		ret_news[i].of = news_of(store, &event);
		memcpy(ret_news[i].name, event.name, sizeof(event.name));
	}
	thin_out(graves, count, ret_news);
}

static int hand_over(int fd, const struct news *news)
{
	size_t size = offsetof(struct news, name) + strlen(news->name) + 1;

	return send(fd, news, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int news_hand_over(struct graveyard *g, int fd, uint64_t *seq)
{
	uint64_t left = graveyard_seq(g) - *seq;
	size_t count = left < NEWS_SLICE ? (size_t)left : NEWS_SLICE;
	struct news news[NEWS_SLICE];
	int r = 0;

	news_read(graveyard_store(g), *seq, count, news);
	for (size_t i = 0; i < count && r == 0; i++) {
		if (news[i].of)
			r = hand_over(fd, &news[i]);
		if (r == 0)
			++*seq;
	}
	return r;
}
