/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted, for `.metrics`: since the keeper was started, by whichever process served. So it lies in the page
 * that outlives them all (src/handover.h), also when the mount is made anew. To count is one store, save where what
 * happened to a name is counted: that is done once for each event of the journal, whoever is killed when.
 *
 * No label has a value that a client could think of.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/store.h"

struct buf;

/* 0 and all that is beyond the last is counted as "other". */
#define METRICS_OPERATIONS 64 /* FUSE's, by their numbers */
#define METRICS_ERRORS 134    /* by errno */

#define METRICS_BUCKETS 13

enum exit_class { EXIT_CLASS_0, EXIT_CLASS_1, EXIT_CLASS_126, EXIT_CLASS_128, EXIT_CLASSES };

/* Of the journal's events, up to `seq`. */
struct metrics_facts {
	uint64_t seq;
	uint64_t alive; /* names, then */
	uint64_t births, readies, deaths;
	uint64_t codes[EXIT_CLASSES]; /* that became known, with the death or later */
	uint64_t lost;                /* lives that ended for want of a holder that is alive */
};

struct histogram {
	uint64_t buckets
		[METRICS_BUCKETS]; /* how many in each, those below left out; the last one has no bound */
	uint64_t sum;
};

struct metrics {
	struct metrics_facts facts[2];
	uint32_t current;  /* which of these two it is */
	uint64_t restarts; /* of the worker; the keeper's */
	uint64_t commits, failed;
	struct histogram commit_events, commit_time; /* of both; the latter in ns */
	uint64_t requests[METRICS_OPERATIONS], errors[METRICS_ERRORS];
};

/* The events up to `seq` are not counted; so many are alive after them. */
void metrics_begin(struct metrics *m, uint64_t seq, uint64_t alive);

/* The last event that was counted. */
uint64_t metrics_seq(const struct metrics *m);

/* What an event alone does not tell. */
enum metrics_more {
	METRICS_NO_MORE,
	METRICS_LOST, /* of a death: a lease was lost with its mount */
	METRICS_OVER, /* of a removal: who was removed had died */
};

/* Counts an event, unless it was. */
void metrics_event(struct metrics *m, const struct event *event, enum metrics_more more);

void metrics_request(struct metrics *m, uint32_t opcode);

/* `error`: as a FUSE answer has it, -errno; 0 is none. */
void metrics_error(struct metrics *m, int error);

/* A commit of so many events that took `ns`, with waking those who waited. `r`: how it ended. */
void metrics_commit(struct metrics *m, int r, unsigned events, int64_t ns);

/* What is so now, and is counted nowhere. */
struct metrics_now {
	uint64_t leases;
	const unsigned *waits; /* by enum view_id */
	const char *libfuse;   /* its version */
	struct store_info store;
};

/* The text is never longer. */
#define METRICS_TEXT_MAX 12288

/* Appends all of it, in Prometheus' text format. */
void metrics_text(const struct metrics *m, const struct metrics_now *now, struct buf *text);
