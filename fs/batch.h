/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drain, commit, reply.
 *
 * All requests that are waiting are read from the device. Those that change something are executed at once,
 * into one transaction, and their replies are kept back; those that look at what is staged are executed
 * after its commit, so that they never see what may be undone. That is an order which nobody can tell from
 * another: all these requests were on their way at the same time. Those that are about another name are
 * executed at once: the kernel creates one file at a time in a directory, and the next to create, who holds
 * nobody's lock yet, can so join this commit rather than wait for it.
 *
 * Where a commit takes long (it waits for a disk), it is held until those who have created a file have written
 * to it, at most for half as long as commits have been taking. Who is alone never waits.
 *
 * If the commit fails, each request of the transaction is executed again, from the bytes that were received,
 * in a transaction of its own: one that cannot be kept does not take the others with it. What a request
 * changes of a handle is therefore kept with its reply, and happens with it (fs/kept.h): this is also how another
 * process can go on from any moment.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/state.h"

struct batch;
struct fs;

/* -ENOMEM. */
int batch_new(struct fs *fs, struct batch **ret_batch);
void batch_free(struct batch *batch);

/*
 * Serves what is waiting on the device, up to a batch full. Returns the number of requests, 0 if there was
 * none; -ENODEV: unmounted; another -errno of read(2).
 */
int batch_serve(struct batch *batch);

/* ---- for those who execute a request ---- */

/*
 * What becomes of a handle with the answer to this request, when that is given: if it says success, and if it
 * says failure (the commit's, too). `handle` NULL: it is closed.
 */
void batch_on_success(struct batch *batch, uint64_t fh, const struct handle *handle);
void batch_on_failure(struct batch *batch, uint64_t fh, const struct handle *handle);

/* A handle that is opened with the answer, if it says success. A lease takes the pidfd of holders_make(). -ENFILE. */
int batch_opens(struct batch *batch, const struct handle *handle, uint64_t *ret_fh);

/* The bytes of the request being executed, as the kernel wrote them. */
const void *batch_request(const struct batch *batch);
