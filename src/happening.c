/* SPDX-License-Identifier: Apache-2.0 */
#include "happening.h"

#include "base/record.h"
#include "base/rfc3339.h"
#include "core/journal.h"
#include "core/store.h"

/* Did somebody tell it, or did it turn out? */
static bool was_told(const struct event *event)
{
	return event->what != EVENT_FRESH && event->by.via != VIA_LOST &&
	       event->by.via != VIA_REBOOT;
}

static void add_teller(struct record *r, const struct writer *by)
{
	record_number(r, "uid", by->uid);
	record_number(r, "gid", by->gid);
	if (by->pid)
		record_number(r, "pid", by->pid);
}

void happening_log(void *arg, const struct event *event)
{
	const char *via = via_word(event->by.via);
	char time[RFC3339_SIZE];
	struct record r;

	(void)arg;
	record_begin(&r, RECORD_EVENT, event_word(event->what));
	if (event->name[0])
		record_text(&r, "name", event->name);
	if (event->life)
		record_number(&r, "life", (int64_t)event->life);
	if (event->has_code)
		record_number(&r, "code", event->code);
	if (via)
		record_text(&r, "via", via);
	if (was_told(event))
		add_teller(&r, &event->by);
	record_number(&r, "seq", (int64_t)event->seq);
	(void)rfc3339_format(event->time, time);
	record_text(&r, "time", time);
	record_end(&r);
}
