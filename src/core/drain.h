/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When is a port drained? What is known of it comes from looks, each of which tells which connections there are at that
 * moment, and, where the kernel does so, from word that one has ended. Time is told by the caller.
 *
 * A connection that cannot have lasted DRAIN_PROBE is a probe, and does not count: one that was not there at the look
 * before it was first seen, and has gone less than that after that look. One that no look has seen lies between two
 * looks. So as long as looks are closer to each other than DRAIN_PROBE, nothing that counts is missed; where they
 * are not, the port has been busy for all that is known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRAIN_PROBE INT64_C(1000000000)

struct drain_connection {
	uint64_t id;
	int64_t since; /* it is younger; INT64_MIN: for all that is known it has always been there */
	bool ended;
};

/* One port. All zeros: never looked at. Others read `open` only. */
struct drain_port {
	int64_t from, to; /* between these was the last look; 0: there was none */
	int64_t unbroken; /* the first of looks that were close enough to each other */
	int64_t busy;     /* when a connection that counts was last there, or may have been */
	bool listening;   /* at the last look */
	bool counts;      /* one of its connections did */
	int64_t accounts; /* up to when it is known which connections counted, and were there */
	size_t open;      /* connections, at the last look, that have not ended since */
	size_t count;
	struct drain_connection *connections; /* at the last look, by id */
};

void drain_release(struct drain_port *port);

/*
 * A look, somewhere between `from` (> 0, not before the last one) and `to`: somebody listens or not, and these connections are there. `ids`, which may
 * have the same one twice, is put in order. -ENOMEM: nothing has changed.
 */
int drain_look(struct drain_port *port, int64_t from, int64_t to, bool listening, uint64_t *ids,
	       size_t count);

/* Has ended, before `now`. Is it one that was there at the last look? */
bool drain_ended(struct drain_port *port, int64_t now, uint64_t id);

/* One wait. Zeros but for `quiet`: just begun. It may be kept, and handed to another process with another port. */
struct drain_wait {
	int64_t quiet;
	int64_t busy;     /* from when on it has been quiet */
	int64_t accounts; /* for all that is older than this; 0: not begun */
};

enum drain_verdict {
	DRAIN_WAITS,
	DRAIN_DONE,    /* no connection has been there for so long */
	DRAIN_REFUSED, /* nobody listens, and (but at the beginning) nobody is connected */
};

/* How a wait stands, as of the last look, of which there has to be one. */
enum drain_verdict drain_judge(const struct drain_port *port, struct drain_wait *wait);
