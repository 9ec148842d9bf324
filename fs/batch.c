/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/batch.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "fs/fault.h"
#include "fs/fs.h"
#include "fs/kept.h"
#include "fs/lease.h"
#include "fs/metrics.h"
#include "fs/ops.h"
#include "fs/request.h"
#include "fs/resume.h"
#include "fs/session.h"
#include "fs/shared.h"

#define SLOTS SHARED_SLOTS

_Static_assert(SLOTS == 2 * GRAVEYARD_BATCH, "as many to look as to change something");

/* What one request stages at most: a lease's, the last life's code, a birth, and who holds it. */
#define DEEDS_MAX 3

/* Twice the longest that a commit is ever held. */
#define GATHER_MAX (20 * NSEC_PER_MSEC)

struct slot {
	char *request; /* SESSION_REQUEST_MAX bytes */
	size_t len;
	unsigned device; /* on which it came */
	bool postponed;  /* to be executed after the commit */
	bool waits;      /* something is staged for it */
	bool kept;       /* executed; the answer waits for the commit */
	struct after success, failure;
};

struct batch {
	struct fs *fs;
	char *requests;
	struct slot slots[SLOTS]; /* the answer of each is in shared->kept */
	unsigned used;            /* slots postponed or kept */
	struct slot *current;     /* being executed */
};

int batch_new(struct fs *fs, struct batch **ret_batch)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->fs = fs;
	b->requests = malloc((size_t)SLOTS * SESSION_REQUEST_MAX);
	if (!b->requests) {
		free(b);
		return -ENOMEM;
	}
	/* Touched before use: a page that is not there yet while the kernel copies a request into it is a
	 * moment in which a SIGKILL makes the request fail with EIO. (Of malloc and memset the compiler makes
	 * calloc, which touches nothing.) */
	explicit_bzero(b->requests, (size_t)SLOTS * SESSION_REQUEST_MAX);
	for (unsigned i = 0; i < SLOTS; i++)
		b->slots[i].request = b->requests + (size_t)i * SESSION_REQUEST_MAX;
	*ret_batch = b;
	return 0;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	free(b->requests);
	free(b);
}

const void *batch_request(const struct batch *b)
{
	return b->current->request;
}

static struct after make_after(enum after_what what, uint64_t fh, const struct handle *handle)
{
	struct after after = {.what = what, .fh = fh};

	if (handle)
		after.handle = *handle;
	return after;
}

void batch_on_success(struct batch *b, uint64_t fh, const struct handle *handle)
{
	b->current->success = make_after(handle ? AFTER_SET : AFTER_CLOSE, fh, handle);
}

void batch_on_failure(struct batch *b, uint64_t fh, const struct handle *handle)
{
	b->current->failure = make_after(AFTER_SET, fh, handle);
}

int batch_opens(struct batch *b, const struct handle *handle, uint64_t *ret_fh)
{
	int r = state_handle_reserve(b->fs->state, ret_fh);

	if (r < 0)
		return r;
	/* Nothing holds it until the answer: others that are looked up meanwhile must not drive it out. */
	state_node_use(b->fs->state, handle->node);
	b->current->success = make_after(AFTER_OPEN, *ret_fh, handle);
	if (handle->flags & HANDLE_LEASE) {
		holders_adopt(&b->fs->holders, *ret_fh);
		b->current->waits = graveyard_staged(b->fs->graveyard);
	}
	return 0;
}

static const struct fuse_in_header *header_of(const struct slot *slot)
{
	return (const void *)slot->request;
}

static struct kept *kept_of(const struct batch *b, const struct slot *slot)
{
	return &b->fs->shared->kept[slot - b->slots];
}

static const struct fuse_out_header *answer_of(const struct kept *kept)
{
	return (const void *)kept->bytes;
}

/* ---- executing ---- */

/* What success would have brought is not going to be. */
static void give_up_success(struct batch *b, struct slot *slot)
{
	const struct after *after = &slot->success;
	const struct handle *before = state_handle(b->fs->state, after->fh);
	uint32_t tail = after->handle.tail;

	if (after->what == AFTER_OPEN) {
		holders_drop(&b->fs->holders, after->fh);
		state_handle_unreserve(b->fs->state, after->fh);
		if (after->handle.snapshot)
			state_snapshot_free(b->fs->state, after->handle.snapshot);
	}
	/* The line that the request would have left to be held, unless it was held before. */
	if (after->what == AFTER_SET && tail && !(before && before->tail == tail))
		state_tail_free(b->fs->state, tail);
	slot->success = (struct after){0};
}

/* What there is to a lease besides its handle. */
static void settle_lease(struct batch *b, const struct kept *kept, const struct handle *before)
{
	const struct after *after = &kept->after;

	if (after->what == AFTER_OPEN && after->handle.flags & HANDLE_LEASE)
		lease_opened(b->fs, after->fh);
	if (after->what == AFTER_SET && after->handle.flags & HANDLE_REAPING)
		lease_keep(b->fs, after->fh, &after->handle);
	if (after->what == AFTER_CLOSE && before && before->flags & HANDLE_LEASE)
		lease_let_go(b->fs, after->fh);
}

static void settle(struct batch *b, struct kept *kept)
{
	settle_lease(b, kept, state_handle(b->fs->state, kept->after.fh));
	kept_settle(kept, b->fs->state);
}

/* The answer is final. The handle changes first, so that it has when the client hears. */
static void publish(struct batch *b, struct slot *slot)
{
	struct kept *kept = kept_of(b, slot);
	const struct after *after = &kept->after;
	int r;

	if (after->what == AFTER_SET && after->handle.flags & HANDLE_OWED) {
		b->fs->owed++;
		b->fs->owed_error = answer_of(kept)->error;
	}
	settle(b, kept);
	fault("settled");
	metrics_error(b->fs->metrics, answer_of(kept)->error);
	r = devices_give(&b->fs->devices, kept->device, kept->bytes, kept->len);
	fault("answered");
	/* Whoever opened it is gone: no RELEASE will come. */
	if (r == -ENOENT && after->what == AFTER_OPEN)
		state_handle_close(b->fs->state, after->fh);
	kept_forget(kept);
	slot->kept = false;
}

static void process(struct batch *b, struct slot *slot)
{
	struct fuse_buf buf = {.mem = slot->request, .size = slot->len};

	b->current = slot;
	b->fs->devices.current = slot->device;
	fault_named(slot->request, slot->len);
	fuse_session_process_buf(b->fs->session, &buf);
	b->current = NULL;
}

/* Has libfuse make the answer. */
static void make_answer(struct batch *b, struct slot *slot, struct kept *kept)
{
	uint64_t unique = header_of(slot)->unique;

	kept->unique = unique;
	kept->device = slot->device;
	kept->len = 0;
	if (resume_refuses(b->fs->shared, unique)) {
		log_error("a request over which one process after the other ended is refused");
		kept_fail(kept, -EIO);
		return;
	}
	b->fs->making = request_answer_is_kept(slot->request) ? kept : NULL;
	process(b, slot);
	b->fs->making = NULL;
}

/* The answer that was made is given, or kept if it has to wait. */
static void conclude(struct batch *b, struct slot *slot, struct kept *kept)
{
	bool failed = answer_of(kept)->error != 0;

	fault("executed");
	kept->after = failed ? slot->failure : slot->success;
	if (failed)
		give_up_success(b, slot);
	slot->kept = slot->waits ||
		     (request_in_order(b->fs, slot->request) && graveyard_staged(b->fs->graveyard));
	if (slot->kept)
		return;
	kept_arm(kept, 0);
	fault("opening");
	publish(b, slot);
	fault("opened");
}

static void execute(struct batch *b, struct slot *slot)
{
	struct kept *kept = kept_of(b, slot);

	slot->kept = slot->postponed = slot->waits = false;
	slot->success = slot->failure = (struct after){0};
	if (header_of(slot)->opcode == FUSE_INIT)
		resume_keep_init(b->fs->shared, slot->request, slot->len);
	b->fs->shared->executing = header_of(slot)->unique;
	make_answer(b, slot, kept);
	if (kept->len)
		conclude(b, slot, kept);
	b->fs->shared->executing = 0;
}

static void execute_alone(struct batch *b, struct slot *slot)
{
	struct kept *kept = kept_of(b, slot);
	int r;

	give_up_success(b, slot);
	execute(b, slot);
	if (!slot->kept)
		return;
	kept_arm(kept, graveyard_staged_seq(b->fs->graveyard));
	r = fs_commit(b->fs);
	if (r < 0) {
		log_error("unable to keep a tombstone: %s", strerror(-r));
		kept_forget(kept);
		give_up_success(b, slot);
		kept_fail(kept, r);
		kept->after = slot->failure;
		kept_arm(kept, 0);
	}
	publish(b, slot);
	session_tell(b->fs);
}

static int commit(struct batch *b)
{
	uint64_t seq;
	int r;

	if (!graveyard_staged(b->fs->graveyard))
		return 0;
	seq = graveyard_staged_seq(b->fs->graveyard);
	for (unsigned i = 0; i < b->used; i++)
		if (b->slots[i].kept)
			kept_arm(&b->fs->shared->kept[i], seq);
	fault("kept");
	r = fs_commit(b->fs);
	for (unsigned i = 0; r < 0 && i < b->used; i++)
		kept_forget(&b->fs->shared->kept[i]);
	fault("committed");
	return r;
}

/* Commits, answers, then executes what was postponed. */
static void finish(struct batch *b)
{
	int r = commit(b);
	unsigned used = b->used;

	for (unsigned i = 0; i < used; i++) {
		struct slot *slot = &b->slots[i];

		if (slot->kept && r == 0)
			publish(b, slot);
		else if (slot->kept)
			execute_alone(b, slot);
	}
	fault("published");
	for (unsigned i = 0; i < used; i++)
		if (b->slots[i].postponed)
			execute(b, &b->slots[i]);
	if (r == 0)
		session_tell(b->fs);
	b->used = 0;
}

/* ---- draining ---- */

static int read_one(struct batch *b, struct slot *slot)
{
	ssize_t n = (ssize_t)resume_next(b->fs, slot->request, &slot->device);

	if (n > 0) {
		slot->len = (size_t)n;
		return 1;
	}
	/* ENOENT: the request was interrupted before it was read. */
	do
		n = devices_read(&b->fs->devices, slot->request, SESSION_REQUEST_MAX);
	while (n == -ENOENT || n == -EINTR);
	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	slot->len = (size_t)n;
	slot->device = b->fs->devices.current;
	fault("received");
	return n >= (ssize_t)sizeof(struct fuse_in_header) ? 1 : -EIO;
}

static int receive(struct batch *b, struct slot *slot)
{
	int r = read_one(b, slot);

	if (r > 0)
		metrics_request(b->fs->metrics, header_of(slot)->opcode);
	return r;
}

/* The file whose handle is going to change with an answer that was kept back; 0: none. */
static uint64_t node_after(const struct batch *b, const struct after *after)
{
	const struct handle *handle = &after->handle;

	if (after->what != AFTER_OPEN)
		handle = state_handle(b->fs->state, after->fh);
	return after->what != AFTER_NOTHING && handle ? handle->node : 0;
}

/*
 * A handle that an answer kept back is going to change: that has to happen first. So has whatever is going to
 * happen to others who hold the same lease: whose close is the last?
 */
static bool conflicts(const struct batch *b, const struct slot *slot)
{
	uint64_t fh = request_handle(slot->request);
	const struct handle *handle = fh ? state_handle(b->fs->state, fh) : NULL;

	if (!handle)
		return false;
	for (unsigned i = 0; i < b->used; i++) {
		const struct after *after = &b->fs->shared->kept[i].after;

		if (b->slots[i].kept && (after->fh == fh || (handle->flags & HANDLE_LEASE &&
							     node_after(b, after) == handle->node)))
			return true;
	}
	return false;
}

static struct slot *start_over_with(struct batch *b, struct slot *slot)
{
	char *request = slot->request;
	size_t len = slot->len;
	unsigned device = slot->device;

	finish(b);
	slot->request = b->slots[0].request;
	b->slots[0].request = request;
	b->slots[0].len = len;
	b->slots[0].device = device;
	return &b->slots[0];
}

/* Has somebody created a file, and is about to write to it, who is not in this batch? */
static bool somebody_comes(const struct batch *b)
{
	unsigned here = 0;

	for (unsigned i = 0; i < b->used; i++) {
		const struct slot *slot = &b->slots[i];
		const struct handle *now =
			slot->kept ? state_handle(b->fs->state, request_handle(slot->request))
				   : NULL;

		here += now && now->flags & HANDLE_PENDING;
	}
	return state_pending(b->fs->state) > here;
}

/* Waits for more to join the commit, where that pays. 1: there is more. */
static int gather(struct batch *b, int64_t *until)
{
	struct pollfd more = {.fd = b->fs->devices.fds[0], .events = POLLIN};
	struct timespec left = {0};
	int64_t now;

	if (!b->fs->gathers || !graveyard_staged(b->fs->graveyard) || !somebody_comes(b))
		return 0;
	now = clock_monotonic();
	if (*until == 0)
		*until = now +
			 (b->fs->commit_time < GATHER_MAX ? b->fs->commit_time : GATHER_MAX) / 2;
	if (now >= *until)
		return 0;
	left.tv_nsec = *until - now;
	return ppoll(&more, 1, &left, NULL) > 0;
}

/* Have others told something, perhaps before it was sent? */
static bool is_overtaking(const struct batch *b, const struct slot *slot)
{
	struct pollfd others = {.fd = b->fs->others_fd, .events = POLLIN};

	return others.fd >= 0 && request_tells(b->fs, slot->request) && poll(&others, 1, 0) > 0;
}

int batch_serve(struct batch *b)
{
	int64_t until = 0;
	int served = 0, r = 0;

	while (served < SLOTS && b->used < SLOTS &&
	       graveyard_has_room_for(b->fs->graveyard, DEEDS_MAX)) {
		struct slot *slot = &b->slots[b->used];

		r = receive(b, slot);
		if (r == 0 && gather(b, &until))
			continue;
		if (r <= 0)
			break;
		served++;
		if (is_overtaking(b, slot)) {
			slot = start_over_with(b, slot);
			b->fs->serve_others(b->fs->others_arg);
		}
		if (graveyard_staged(b->fs->graveyard) && !request_in_order(b->fs, slot->request) &&
		    !request_is_elsewhere(b->fs, slot->request)) {
			slot->postponed = true;
			b->used++;
			continue;
		}
		if (conflicts(b, slot))
			slot = start_over_with(b, slot);
		execute(b, slot);
		if (slot->kept)
			b->used++;
	}
	finish(b);
	return r < 0 ? r : served;
}
