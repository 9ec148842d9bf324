/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/park.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/vigil.h"
#include "fs/fs.h"
#include "fs/reading.h"
#include "fs/reply.h"
#include "fs/state.h"
#include "fs/view.h"

struct parked {
	struct vigil vigil; /* first: the wake function gets no more */
	struct fs *fs;
	const struct view *view;
	fuse_req_t req;  /* NULL: by poll(2) */
	unsigned device; /* on which it came */
	unsigned *waits; /* of its view: it is one of these */
	uint64_t fh;
	uint64_t offset;
	size_t size;
	struct vigil_name names[];
};

/* ---- looking ---- */

static int look_for_poller(struct fs *fs, uint64_t fh, struct handle *handle)
{
	return reading_look(fs, fh, handle, handle->extent, 1, false);
}

static int look(struct parked *p)
{
	const struct handle *now = state_handle(p->fs->state, p->fh);
	struct handle handle;

	if (!now)
		return -ESTALE;
	handle = *now;
	if (!p->req)
		return look_for_poller(p->fs, p->fh, &handle);
	return reading_look(p->fs, p->fh, &handle, p->offset, p->size, true);
}

/* ---- ending ---- */

/* FUSE_NOTIFY_POLL: an answer to no request. libfuse has it too, but on a handle that it allocates. */
static void notify_poll(struct fs *fs, uint64_t kernel_handle)
{
	struct fuse_notify_poll_wakeup_out out = {.kh = kernel_handle};
	struct fuse_out_header header = {
		.len = sizeof(header) + sizeof(out), .error = FUSE_NOTIFY_POLL, .unique = 0};
	struct iovec iov[] = {{&header, sizeof(header)}, {&out, sizeof(out)}};

	/* ENOENT, the file is closed already: nobody to tell. */
	if (devices_write(&fs->devices, iov, 2) < 0 && errno != ENOENT)
		log_warning("unable to notify a poller: %s, ignoring", strerror(errno));
}

/* Told first: to be told twice is harmless. */
void park_tell_poller(struct fs *fs, uint64_t fh)
{
	const struct handle *now = state_handle(fs->state, fh);
	struct handle handle;

	if (!now || !now->poll)
		return;
	notify_poll(fs, now->poll);
	handle = *now;
	handle.poll = 0;
	state_handle_set(fs->state, fh, &handle);
}

/* It is kept nowhere any more. */
static void forget(struct parked *p)
{
	if (p->view->ops->unwatch)
		p->view->ops->unwatch(p->fs, p->view, &p->vigil);
	--*p->waits;
	free(p);
}

static void end_poller(struct parked *p)
{
	p->fs->pollers[state_handle_index(p->fh)] = NULL;
	park_tell_poller(p->fs, p->fh);
	forget(p);
}

/* What follows is the answer. */
static void leave(struct parked *p)
{
	p->fs->devices.parked[p->device]--;
	p->fs->devices.current = p->device;
}

static void end(struct parked *p, int r)
{
	if (!p->req) {
		end_poller(p);
		return;
	}
	leave(p);
	fuse_req_interrupt_func(p->req, NULL, NULL);
	if (r < 0)
		reply_err(p->req, r);
	else
		reply_data(p->req, p->fs->text.data, p->fs->text.len);
	forget(p);
}

static void on_wake(struct vigil *vigil, enum vigil_outcome outcome)
{
	struct parked *p = (struct parked *)vigil;
	const struct handle *handle = state_handle(p->fs->state, p->fh);
	int r = -ECANCELED;

	if (outcome == VIGIL_TIMEOUT)
		r = handle && handle->deadline <= vigil->deadline ? -ETIMEDOUT : -EAGAIN;
	if (outcome == VIGIL_EVENT) {
		r = look(p);
		if (r == VIEW_PARK)
			r = vigil_keep(p->fs->vigils, vigil);
		else
			r = r < 0 ? r : 1;
		if (r == 0)
			return;
	}
	end(p, r);
}

/* Called by libfuse for FUSE_INTERRUPT: the reader got a signal. */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct parked *p = data;

	vigil_cancel(p->fs->vigils, &p->vigil);
	leave(p);
	forget(p);
	reply_err(req, -EINTR);
}

/* ---- parking ---- */

static int64_t deadline_of(struct fs *fs, const struct handle *handle, bool polls)
{
	int64_t patience;

	if (polls || __builtin_add_overflow(clock_monotonic(), fs->max_park, &patience))
		return handle->deadline;
	return handle->deadline < patience ? handle->deadline : patience;
}

static int park(struct fs *fs, fuse_req_t req, uint64_t fh, struct parked **ret_parked)
{
	const struct handle *handle = state_handle(fs->state, fh);
	const struct node *node = state_node(fs->state, handle->node);
	const struct view *view = view_get(node->view);
	unsigned count = view->ops->names(node);
	struct parked *p = malloc(sizeof(*p) + count * sizeof(p->names[0]));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct parked){.fs = fs, .view = view, .req = req, .fh = fh};
	p->vigil = (struct vigil){.wake = on_wake, .names = p->names, .count = count};
	p->vigil.deadline = deadline_of(fs, handle, !req);
	r = view->ops->watch(fs, view, node, handle, &p->vigil);
	if (r < 0) {
		free(p);
		return r;
	}
	p->waits = &fs->waits[node->view];
	++*p->waits;
	r = vigil_keep(fs->vigils, &p->vigil);
	if (r < 0) {
		forget(p);
		return r;
	}
	*ret_parked = p;
	return 0;
}

static bool late(const struct handle *handle)
{
	return handle->deadline != INT64_MAX && handle->deadline <= clock_monotonic();
}

void park_read(struct fs *fs, fuse_req_t req, uint64_t fh, uint64_t offset, size_t size,
	       bool nonblock)
{
	struct handle handle = *state_handle(fs->state, fh);
	struct parked *p = NULL;
	int r = reading_look(fs, fh, &handle, offset, size, true);

	/* Of a text that goes on for ever, as of a pipe, a reader gets what is at hand. */
	if (r == 0 || r == VIEW_MORE) {
		reply_data(req, fs->text.data, fs->text.len);
		return;
	}
	if (r == VIEW_PARK) {
		r = late(&handle)               ? -ETIMEDOUT
		    : nonblock                  ? -EAGAIN
		    : fuse_req_interrupted(req) ? -EINTR
						: park(fs, req, fh, &p);
	}
	if (!p) {
		reply_err(req, r);
		return;
	}
	p->offset = offset;
	p->size = size;
	p->device = fs->devices.current;
	fs->devices.parked[p->device]++;
	/* One thread: an interrupt is read after this, or was seen above. */
	fuse_req_interrupt_func(req, on_interrupt, p);
}

/* ---- poll ---- */

void park_forget_poller(struct fs *fs, uint64_t fh)
{
	struct parked **slot = &fs->pollers[state_handle_index(fh)];

	if (!*slot)
		return;
	vigil_cancel(fs->vigils, &(*slot)->vigil);
	forget(*slot);
	*slot = NULL;
}

void park_free_pollers(struct fs *fs)
{
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;)
		park_forget_poller(fs, fh);
}

/* Who was promised to be told, by an earlier poll of the same open file, is not the one who finds it ready now. */
static void keep_promise(struct fs *fs, uint64_t fh)
{
	park_forget_poller(fs, fh);
	park_tell_poller(fs, fh);
}

/* Whoever polled before and still waits, waits for the same. */
static int watch_for_poller(struct fs *fs, uint64_t fh, uint64_t kernel_handle)
{
	struct parked **slot = &fs->pollers[state_handle_index(fh)];
	struct handle handle = *state_handle(fs->state, fh);

	if (handle.poll != kernel_handle) {
		handle.poll = kernel_handle;
		state_handle_set(fs->state, fh, &handle);
	}
	return *slot ? 0 : park(fs, NULL, fh, slot);
}

unsigned park_poll(struct fs *fs, uint64_t fh, uint64_t kernel_handle)
{
	struct handle handle = *state_handle(fs->state, fh);
	unsigned writable = handle.flags & HANDLE_WRITABLE ? POLLOUT | POLLWRNORM : 0;
	const struct node *node = state_node(fs->state, handle.node);
	unsigned ready = 0;
	bool goes_on;
	int r;

	if (!node)
		return POLLERR;
	r = look_for_poller(fs, fh, &handle);
	/* What can be read at once is also an error. */
	if (r != VIEW_PARK || late(&handle))
		ready = POLLIN | POLLRDNORM;
	/* An edge-triggered poller of `.events` is not going to ask again before the next event. */
	goes_on = !ready || ((r == 0 || r == VIEW_MORE) && view_get(node->view)->endless);
	if (!goes_on)
		keep_promise(fs, fh);
	else if (kernel_handle && watch_for_poller(fs, fh, kernel_handle) < 0)
		return POLLERR;
	return ready | writable;
}
