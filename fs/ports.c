/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/ports.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/sock_diag.h"
#include "core/drain.h"
#include "core/vigil.h"

#define PORTS_MAX 256u
#define CONNECTIONS_MAX 65536u

/* How long after the last look a port is looked at again. */
#define LISTENING_FIRST (10 * NSEC_PER_MSEC) /* then twice as long each time */
#define OFTEN (250 * NSEC_PER_MSEC)
#define AFTER_NEWS (20 * NSEC_PER_MSEC)

/*
 * While connections are open whose end the kernel tells of, all the same: it does not tell of one that was reset, or is
 * in the way of ending, before the server takes notice.
 */
#define RARELY (15 * NSEC_PER_SEC)

/* What is due so soon after something else is looked at together with it. */
#define TOGETHER (25 * NSEC_PER_MSEC)

#define LISTEN_STATES (1u << TCP_LISTEN)

/*
 * A connection is one until the server has ended it and what it sent has arrived: also when the client has ended its side
 * (TCP_CLOSE_WAIT), as it may still be waiting for an answer. TCP_FIN_WAIT2: is one if the server has only ended its
 * side of it.
 */
#define CONNECTION_STATES                                                                        \
	(1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT | 1u << TCP_LAST_ACK | 1u << TCP_CLOSING | \
	 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2)

struct watch {
	struct list link;
	enum ports_kind kind;
	uint16_t port;
	unsigned waiters;
	int error;        /* of the last look */
	int64_t at;       /* when the next one is due */
	int64_t looked;   /* 0: never */
	int64_t stale;    /* when what was seen then is too old for who asks */
	int64_t interval; /* PORTS_LISTENING */
	bool listening;
	struct drain_port drain; /* PORTS_DRAINED */

	/* Of the look that is going on. */
	bool due, told;
	uint64_t *ids; /* of connections */
	size_t found, capacity;
};

struct ports {
	struct sock_diag *diag;
	struct vigils *vigils;
	struct list watches;
	unsigned count;
	unsigned draining; /* waiters for PORTS_DRAINED */
	bool hears;        /* the kernel tells of what ends */
	bool looks;        /* ports_look() is on: what it saw is told to whoever asks */
	bool complained;

	/* Of the look that is going on. */
	size_t found;
	int error;
};

int ports_new(struct sock_diag *diag, struct vigils *vigils, struct ports **ret_ports)
{
	struct ports *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->diag = diag;
	p->vigils = vigils;
	list_init(&p->watches);
	*ret_ports = p;
	return 0;
}

static struct watch *watch_of(struct list *link)
{
	return list_entry(link, struct watch, link);
}

static void drop(struct ports *p, struct watch *w)
{
	list_remove(&w->link);
	p->count--;
	drain_release(&w->drain);
	free(w->ids);
	free(w);
}

void ports_free(struct ports *p)
{
	if (!p)
		return;
	while (!list_empty(&p->watches))
		drop(p, watch_of(p->watches.next));
	free(p);
}

static struct watch *find(const struct ports *p, enum ports_kind kind, uint16_t port)
{
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (w->kind == kind && w->port == port)
			return w;
	}
	return NULL;
}

/* It is let go at its next look if nobody waits by then. */
static int make(struct ports *p, enum ports_kind kind, uint16_t port, struct watch **ret_watch)
{
	struct watch *w = find(p, kind, port);

	if (!w) {
		if (p->count >= PORTS_MAX)
			return -EAGAIN;
		w = calloc(1, sizeof(*w));
		if (!w)
			return -ENOMEM;
		*w = (struct watch){.kind = kind, .port = port, .interval = LISTENING_FIRST};
		list_append(&p->watches, &w->link);
		p->count++;
	}
	*ret_watch = w;
	return 0;
}

/* ---- looking ---- */

static int grow(struct watch *w)
{
	size_t capacity = w->capacity ? 2 * w->capacity : 64;
	uint64_t *ids = reallocarray(w->ids, capacity, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	w->ids = ids;
	w->capacity = capacity;
	return 0;
}

static void add_connection(struct ports *p, struct watch *w, uint64_t id)
{
	if (p->error == 0 && p->found >= CONNECTIONS_MAX)
		p->error = -EAGAIN;
	if (p->error == 0 && w->found == w->capacity)
		p->error = grow(w);
	if (p->error < 0)
		return;
	w->ids[w->found++] = id;
	p->found++;
}

static void on_socket(void *arg, const struct sock_diag_socket *s)
{
	struct ports *p = arg;

	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (!w->due || w->port != s->port)
			continue;
		if (s->state == TCP_LISTEN)
			w->listening = true;
		else if (w->kind == PORTS_DRAINED && (s->state != TCP_FIN_WAIT2 || s->held))
			add_connection(p, w, s->id);
	}
}

/* One list of the kernel's for all that are due. */
static int list_sockets(struct ports *p)
{
	uint16_t first = UINT16_MAX, last = 0;
	unsigned states = LISTEN_STATES;
	int r;

	p->found = 0;
	p->error = 0;
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (!w->due)
			continue;
		w->listening = false;
		w->found = 0;
		states |= w->kind == PORTS_DRAINED ? CONNECTION_STATES : 0;
		first = w->port < first ? w->port : first;
		last = w->port > last ? w->port : last;
	}
	r = sock_diag_list(p->diag, states, first, last, on_socket, p);
	return r < 0 ? r : p->error;
}

/* What a look that failed means to whoever waits. */
static int error_of(struct ports *p, int r)
{
	if (r == 0 || r == -EAGAIN || r == -ENOMEM)
		return r;
	if (!p->complained)
		log_warning("unable to list TCP connections: %s: waits for ports end with EIO",
			    strerror(-r));
	p->complained = true;
	return -EIO;
}

static void plan(const struct ports *p, struct watch *w)
{
	w->at = w->looked + OFTEN;
	if (w->kind == PORTS_LISTENING) {
		w->at = w->looked + w->interval;
		w->interval = 2 * w->interval < OFTEN ? 2 * w->interval : OFTEN;
	} else if (p->hears && w->drain.open > 0) {
		w->at = w->looked + RARELY;
	}
}

/* Looks at those that are due. A list that changed again and again as it was read tells nothing, and the next may. */
static void look(struct ports *p)
{
	int64_t from = clock_monotonic(), to;
	int r = list_sockets(p);

	to = clock_monotonic();
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (!w->due)
			continue;
		w->due = false;
		w->looked = from;
		/* However many ask, and however long the list: no more than half of the time. */
		w->stale = to + (to - from);
		if (r != -EINTR)
			w->error = error_of(p, r);
		if (r == 0 && w->kind == PORTS_DRAINED)
			w->error = drain_look(&w->drain, from, to, w->listening, w->ids, w->found);
		plan(p, w);
	}
}

/* ---- asking ---- */

/* What is known of it now. */
static int ask(struct ports *p, enum ports_kind kind, uint16_t port, struct watch **ret_watch)
{
	struct watch *w;
	int r = make(p, kind, port, &w);

	if (r < 0)
		return r;
	if (!w->looked || (!p->looks && clock_monotonic() >= w->stale)) {
		w->due = true;
		look(p);
		/* Those who wait are told by the next that is due: now. */
		if (w->waiters > 0 && !p->looks)
			w->at = w->looked;
	}
	*ret_watch = w;
	return w->error;
}

int ports_listening(struct ports *p, uint16_t port)
{
	struct watch *w;
	int r = ask(p, PORTS_LISTENING, port, &w);

	return r < 0 ? r : w->listening;
}

int ports_drained(struct ports *p, uint16_t port, struct drain_wait *wait)
{
	struct watch *w;
	int r = ask(p, PORTS_DRAINED, port, &w);
	int64_t end;

	if (r < 0)
		return r;
	/* Only the list that changed has been seen. */
	if (!w->drain.from)
		return 0;
	switch (drain_judge(&w->drain, wait)) {
	case DRAIN_DONE:
		return 1;
	case DRAIN_REFUSED:
		return -ECONNREFUSED;
	case DRAIN_WAITS:
		break;
	}
	if (w->drain.open == 0 && !__builtin_add_overflow(wait->busy, wait->quiet, &end) &&
	    end < w->at)
		w->at = end;
	return 0;
}

/* ---- waiting ---- */

/* What has ended before this the kernel has not told. */
static void begin_to_hear(struct ports *p)
{
	int r = sock_diag_join(p->diag);

	p->hears = r == 0;
	if (r < 0)
		log_debug("the kernel does not tell of connections that end: %s", strerror(-r));
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (w->kind == PORTS_DRAINED)
			w->at = w->looked + AFTER_NEWS;
	}
}

int ports_watch(struct ports *p, enum ports_kind kind, uint16_t port, const char *text,
		size_t digits, struct vigil *vigil)
{
	struct watch *w;
	int r = make(p, kind, port, &w);

	if (r < 0)
		return r;
	if (!w->looked)
		w->at = clock_monotonic();
	w->waiters++;
	/* Whoever begins to wait wants to know soon. */
	if (kind == PORTS_LISTENING) {
		w->interval = LISTENING_FIRST;
		if (w->at > w->looked + LISTENING_FIRST)
			w->at = w->looked + LISTENING_FIRST;
	} else if (p->draining++ == 0) {
		begin_to_hear(p);
	}
	vigil->interest = VIGIL_OTHER(kind);
	vigil->names[0] = (struct vigil_name){.name = text, .len = digits, .life = port};
	return 0;
}

void ports_unwatch(struct ports *p, enum ports_kind kind, const struct vigil *vigil)
{
	struct watch *w = find(p, kind, (uint16_t)vigil->names[0].life);

	if (kind == PORTS_DRAINED && --p->draining == 0) {
		p->hears = false;
		sock_diag_leave(p->diag);
	}
	if (w && --w->waiters == 0 && !p->looks)
		drop(p, w);
}

int64_t ports_due(const struct ports *p)
{
	int64_t due = INT64_MAX;

	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		const struct watch *w = watch_of(l);

		if (w->at < due)
			due = w->at;
	}
	return due;
}

static void drop_unwatched(struct ports *p)
{
	for (struct list *l = p->watches.next, *next; l != &p->watches; l = next) {
		struct watch *w = watch_of(l);

		next = l->next;
		if (w->waiters == 0)
			drop(p, w);
	}
}

static void tell(struct ports *p, const struct watch *w)
{
	char name[8];
	int len = snprintf(name, sizeof(name), "%u", w->port);

	vigils_wake(p->vigils, name, (size_t)len, VIGIL_OTHER(w->kind));
}

void ports_look(struct ports *p, int64_t now)
{
	bool any = false;

	if (ports_due(p) > now)
		return;
	drop_unwatched(p);
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		w->due = w->at <= now + TOGETHER;
		w->told = !w->due;
		any |= w->due;
	}
	if (!any)
		return;
	look(p);
	/* Who is told may ask, and end to wait, and others may begin: no port is let go meanwhile. */
	p->looks = true;
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next) {
		struct watch *w = watch_of(l);

		if (!w->told && (w->error < 0 || w->listening || w->kind == PORTS_DRAINED))
			tell(p, w);
		w->told = true;
	}
	p->looks = false;
	drop_unwatched(p);
}

/* ---- hearing ---- */

int ports_fd(const struct ports *p)
{
	return p->diag->news;
}

static void look_soon(struct watch *w)
{
	if (w->at > w->looked + AFTER_NEWS)
		w->at = w->looked + AFTER_NEWS;
}

/* While others are connected nothing changes for those who wait. */
static void on_end(void *arg, const struct sock_diag_socket *s)
{
	struct ports *p = arg;
	struct watch *w = find(p, PORTS_DRAINED, s->port);

	if (!w)
		return;
	(void)drain_ended(&w->drain, clock_monotonic(), s->id);
	if (w->drain.open == 0)
		look_soon(w);
}

void ports_hear(struct ports *p)
{
	int r = sock_diag_hear(p->diag, on_end, p);

	if (r == 0)
		return;
	if (r != -ENOBUFS)
		log_debug("unable to hear of connections that end: %s", strerror(-r));
	for (struct list *l = p->watches.next; l != &p->watches; l = l->next)
		look_soon(watch_of(l));
}
