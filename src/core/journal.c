/* SPDX-License-Identifier: Apache-2.0 */
#include "core/journal.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "core/store.h"

static const char *const event_words[] = {
	[EVENT_BORN] = "born",   [EVENT_READY] = "ready",       [EVENT_EPITAPH] = "epitaph",
	[EVENT_DIED] = "died",   [EVENT_EXITCODE] = "exitcode", [EVENT_REMOVED] = "removed",
	[EVENT_OWNER] = "owner", [EVENT_FRESH] = "fresh",
};

const char *event_word(enum event_what what)
{
	return event_words[what];
}

static const char *const via_words[] = {
	[VIA_WRITE] = "write",   [VIA_LEASE] = "lease", [VIA_KERNEL] = "kernel",
	[VIA_INTAKE] = "intake", [VIA_LOST] = "lost",   [VIA_REBOOT] = "reboot",
};

const char *via_word(enum via via)
{
	return via_words[via];
}

void journal_line(const struct event *event, struct buf *text)
{
	char time[RFC3339_SIZE];

	(void)rfc3339_format(event->time, time);
	buf_addf(text, "%" PRIu64 " %s %s %" PRIu64 " %s ", event->seq, time,
		 event->name[0] ? event->name : "-", event->life, event_word(event->what));
	if (event->has_code)
		buf_addf(text, "%d", event->code);
	else
		buf_adds(text, "-");
	buf_addf(text, " %u %u %d\n", event->by.uid, event->by.gid, (int)event->by.pid);
}

int journal_text_end(struct store *store, uint64_t seq, uint64_t *ret_end)
{
	struct buf line = BUF_INIT;
	struct event event;
	int r;

	if (seq == 0) {
		*ret_end = 0;
		return 0;
	}
	r = store->ops->event(store, seq, &event);
	if (r < 0)
		return r;
	journal_line(&event, &line);
	r = buf_error(&line);
	if (r == 0)
		*ret_end = event.text_at + line.len;
	buf_release(&line);
	return r;
}

/* Is byte `offset` in or behind the line of `seq`? Tells also whether it is behind. */
static int compare(struct store *store, uint64_t seq, uint64_t offset, uint64_t last,
		   int *ret_order)
{
	struct event here, next;
	int r = store->ops->event(store, seq, &here);

	if (r < 0)
		return r;
	if (offset < here.text_at) {
		*ret_order = -1;
		return 0;
	}
	if (seq == last) {
		*ret_order = 0;
		return 0;
	}
	r = store->ops->event(store, seq + 1, &next);
	if (r < 0)
		return r;
	*ret_order = offset < next.text_at ? 0 : 1;
	return 0;
}

/* The event whose line holds byte `offset`; text_at ascends with seq, so halving finds it. */
static int find_event(struct store *store, uint64_t last, uint64_t offset, uint64_t hint,
		      uint64_t *ret_seq)
{
	uint64_t low = 1, high = last, seq = hint;

	if (seq < low || seq > high)
		seq = low + (high - low) / 2;
	for (;;) {
		int order = 0;
		int r = compare(store, seq, offset, last, &order);

		if (r < 0)
			return r;
		if (order == 0 || low == high) {
			*ret_seq = seq;
			return 0;
		}
		if (order < 0)
			high = seq - 1;
		else
			low = seq + 1;
		/* A reader goes forwards: after the hint comes the next line. */
		seq = order > 0 && seq == hint ? low : low + (high - low) / 2;
	}
}

int journal_read(struct store *store, uint64_t last, uint64_t offset, size_t size, uint64_t *hint,
		 struct buf *text)
{
	struct buf line = BUF_INIT;
	uint64_t seq;
	int r = 0;

	if (last == 0)
		return 0;
	r = find_event(store, last, offset, *hint, &seq);
	for (size_t left = size; r == 0 && left > 0 && seq <= last; seq++) {
		struct event event;
		size_t skip, n;

		r = store->ops->event(store, seq, &event);
		if (r < 0)
			break;
		buf_truncate(&line, 0);
		journal_line(&event, &line);
		r = buf_error(&line);
		if (r < 0)
			break;
		if (offset >= event.text_at + line.len)
			break; /* behind the last line */
		skip = offset > event.text_at ? (size_t)(offset - event.text_at) : 0;
		n = line.len - skip < left ? line.len - skip : left;
		buf_add(text, line.data + skip, n);
		left -= n;
		*hint = seq;
	}
	buf_release(&line);
	return r < 0 ? r : buf_error(text);
}
