/* SPDX-License-Identifier: Apache-2.0 */
#include "core/drain.h"

#include <errno.h>
#include <stdlib.h>

#define LONG_AGO (-DRAIN_PROBE)

void drain_release(struct drain_port *port)
{
	free(port->connections);
	*port = (struct drain_port){0};
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_ids(const void *a, const void *b)
{
	return compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

static int compare_id(const void *id, const void *connection)
{
	return compare(*(const uint64_t *)id, ((const struct drain_connection *)connection)->id);
}

static bool may_count(const struct drain_connection *c, int64_t now)
{
	return c->since == INT64_MIN || now - c->since >= DRAIN_PROBE;
}

/* It is not there any more. */
static void judge_gone(struct drain_port *port, const struct drain_connection *c, int64_t now)
{
	if (!c->ended && may_count(c, now))
		port->busy = now;
}

/* Of those that are there at a look the ones that were there at the last one, too, keep what is known of them. */
static size_t merge(struct drain_port *port, int64_t now, const uint64_t *ids, size_t count,
		    struct drain_connection *ret_connections)
{
	const int64_t since = port->from ? port->from : INT64_MIN;
	const struct drain_connection *old = port->connections;
	size_t n = 0, o = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && ids[i] == ids[i - 1])
			continue;
		for (; o < port->count && old[o].id < ids[i]; o++)
			judge_gone(port, &old[o], now);
		if (o < port->count && old[o].id == ids[i])
			ret_connections[n++] = old[o++];
		else
			ret_connections[n++] =
				(struct drain_connection){.id = ids[i], .since = since};
	}
	for (; o < port->count; o++)
		judge_gone(port, &old[o], now);
	return n;
}

/* Up to when is it known of all connections whether they count? Those that are there and may do so do now. */
static void account(struct drain_port *port)
{
	const size_t count = port->connections ? port->count : 0;

	port->accounts = port->from;
	port->counts = false;
	port->open = 0;
	for (size_t i = 0; i < count; i++) {
		const struct drain_connection *c = &port->connections[i];

		if (c->ended)
			continue;
		port->open++;
		port->counts |= may_count(c, port->to);
		if (c->since != INT64_MIN && c->since < port->accounts)
			port->accounts = c->since;
	}
	/* Until it is seen that nobody is there who counts, it is busy. */
	if (port->counts)
		port->accounts = LONG_AGO;
}

int drain_look(struct drain_port *port, int64_t from, int64_t to, bool listening, uint64_t *ids,
	       size_t count)
{
	struct drain_connection *connections = NULL;

	if (count > 0) {
		connections = calloc(count, sizeof(*connections));
		if (!connections)
			return -ENOMEM;
		qsort(ids, count, sizeof(*ids), compare_ids);
	}
	count = merge(port, to, ids, count, connections);
	free(port->connections);
	port->connections = connections;
	port->count = count;
	if (!port->from || to - port->from >= DRAIN_PROBE)
		port->unbroken = from;
	port->from = from;
	port->to = to;
	port->listening = listening;
	account(port);
	return 0;
}

bool drain_ended(struct drain_port *port, int64_t now, uint64_t id)
{
	struct drain_connection *c = NULL;

	if (port->count > 0)
		c = bsearch(&id, port->connections, port->count, sizeof(*c), compare_id);
	if (!c || c->ended)
		return false;
	judge_gone(port, c, now);
	c->ended = true;
	port->open--;
	return true;
}

enum drain_verdict drain_judge(const struct drain_port *port, struct drain_wait *wait)
{
	bool begins = wait->accounts == 0, busy = port->counts;

	if (!port->listening && (begins || port->open == 0))
		return DRAIN_REFUSED;
	/* Somebody else's looks, of which this wait has not heard for too long, do not tell what was between. */
	if (!begins && wait->accounts < port->unbroken && port->to - wait->accounts >= DRAIN_PROBE)
		busy = true;
	if (begins)
		wait->busy = port->from;
	if (busy)
		wait->busy = port->to;
	if (wait->busy < port->busy)
		wait->busy = port->busy;
	wait->accounts = port->accounts;
	return port->open == 0 && port->from - wait->busy >= wait->quiet ? DRAIN_DONE : DRAIN_WAITS;
}
