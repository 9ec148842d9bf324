/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of threads, each asleep in a read of its own descriptor: of one file that parks reads,
 * or of one FIFO. The same threads for both, so that what threads cost is in both figures.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct readers {
	const char *path;
	long n;
	/* private from here: */
	bool is_fifo; /* ends with nothing read, where others must give something */
	pthread_t *threads;
	struct reader *each;
	_Atomic uint32_t returned, dismissed, all_returned;
};

/* Returns once all `n` are asleep in read(2). `path` is kept, not copied. */
void readers_park(struct readers *readers, const char *path, long n);

/* Returns, once each has returned, the time at which the last one did. */
int64_t readers_await(struct readers *readers);

/* Ends the threads, after readers_await(). */
void readers_dismiss(struct readers *readers);

/* As many descriptors as the system lets us have. */
void allow_descriptors(long n);
