/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/batch.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "fs/fs.h"
#include "fs/reply.h"
#include "fs/session.h"

#define SLOTS (2 * GRAVEYARD_BATCH)

/* A request as it is received: the greatest write, its headers, and what FUSE_MIN_READ_BUFFER asks for. */
#define REQUEST_MAX (SESSION_WRITE_MAX + 4096)

/* Twice the longest that a commit is ever held. */
#define GATHER_MAX (20 * NSEC_PER_MSEC)

/* What becomes of a handle. */
struct after {
	uint64_t fh; /* 0: nothing */
	bool closes;
	struct handle handle;
};

struct slot {
	char *request; /* REQUEST_MAX bytes */
	size_t len;
	unsigned device; /* on which it came */
	bool postponed;  /* to be executed after the commit */
	bool changes;    /* it may: its answer waits for a commit */
	bool kept;       /* executed; the answer does wait */
	struct fuse_req *req;
	struct answer answer;
	struct after success, failure;
};

struct batch {
	struct fs *fs;
	char *requests;
	struct slot slots[SLOTS];
	unsigned used;        /* slots postponed or kept */
	struct slot *current; /* being executed */
	int64_t commit_time;  /* of late, ns */
};

int batch_new(struct fs *fs, struct batch **ret_batch)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->fs = fs;
	b->requests = malloc((size_t)SLOTS * REQUEST_MAX);
	if (!b->requests) {
		free(b);
		return -ENOMEM;
	}
	/* Touched before use: a page that is not there yet while the kernel copies a request into it is a
	 * moment in which a SIGKILL makes the request fail with EIO. */
	memset(b->requests, 0, (size_t)SLOTS * REQUEST_MAX);
	for (unsigned i = 0; i < SLOTS; i++)
		b->slots[i].request = b->requests + (size_t)i * REQUEST_MAX;
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

bool batch_keep(struct batch *b, struct fuse_req *req, struct answer answer)
{
	struct slot *slot = b->current;

	slot->req = req;
	slot->answer = answer;
	slot->kept = slot->changes && graveyard_staged(b->fs->graveyard);
	return slot->kept;
}

static struct after make_after(uint64_t fh, const struct handle *handle)
{
	struct after after = {.fh = fh, .closes = !handle};

	if (handle)
		after.handle = *handle;
	return after;
}

void batch_on_success(struct batch *b, uint64_t fh, const struct handle *handle)
{
	b->current->success = make_after(fh, handle);
}

void batch_on_failure(struct batch *b, uint64_t fh, const struct handle *handle)
{
	b->current->failure = make_after(fh, handle);
}

static uint32_t opcode_of(const struct slot *slot)
{
	const struct fuse_in_header *in = (const void *)slot->request;

	return in->opcode;
}

/* What may change something, or is about no file: executed in the order of arrival. */
static bool executed_at_once(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_WRITE:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_SETATTR:
	case FUSE_UNLINK:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_INIT:
	case FUSE_DESTROY:
		return true;
	default:
		return false;
	}
}

/* ---- executing ---- */

static void settle_handle(struct batch *b, struct slot *slot)
{
	bool failed = slot->answer.kind == ANSWER_ERR && slot->answer.r < 0;
	const struct after *after = failed ? &slot->failure : &slot->success;
	struct state *state = b->fs->state;
	const struct handle *before = state_handle(state, slot->success.fh);
	uint32_t tail = slot->success.handle.tail;

	/* The line that the request would have left to be held, unless it was held before. */
	if (failed && slot->success.fh && tail && !(before && before->tail == tail))
		state_tail_free(state, tail);
	if (after->fh && after->closes)
		state_handle_close(state, after->fh);
	else if (after->fh)
		state_handle_set(state, after->fh, &after->handle);
	if (after->fh && !after->closes && after->handle.flags & HANDLE_OWED) {
		b->fs->owed++;
		b->fs->owed_error = slot->answer.r;
	}
	slot->success.fh = slot->failure.fh = 0;
}

/*
 * libfuse would ask for as few pages a request as the greatest write fills, 2, and the kernel takes one for each
 * segment of a writev(2) at least: it would cut one in pieces that has more. Without this flag it keeps
 * to its default of 32.
 */
static void allow_pages(struct slot *slot)
{
	struct fuse_init_in *init = (void *)(slot->request + sizeof(struct fuse_in_header));

	init->flags &= ~(uint32_t)FUSE_MAX_PAGES;
}

static void execute(struct batch *b, struct slot *slot)
{
	struct fuse_buf buf = {.mem = slot->request, .size = slot->len};

	slot->kept = false;
	slot->postponed = false;
	slot->changes = executed_at_once(opcode_of(slot));
	slot->success.fh = slot->failure.fh = 0;
	slot->answer = (struct answer){0};
	b->current = slot;
	b->fs->devices.current = slot->device;
	if (opcode_of(slot) == FUSE_INIT)
		allow_pages(slot);
	fuse_session_process_buf(b->fs->session, &buf);
	b->current = NULL;
	if (!slot->kept)
		settle_handle(b, slot);
}

/* The answer is final: the handle changes first, so that it has when the client hears. */
static void publish(struct batch *b, struct slot *slot)
{
	settle_handle(b, slot);
	b->fs->devices.current = slot->device;
	answer_send(b->fs, slot->req, &slot->answer);
	slot->kept = false;
}

static void execute_alone(struct batch *b, struct slot *slot)
{
	int r;

	fuse_reply_none(slot->req);
	slot->answer = (struct answer){.kind = ANSWER_ERR, .r = -ECANCELED};
	slot->failure.fh = 0; /* what the first try would have done */
	settle_handle(b, slot);
	execute(b, slot);
	if (!slot->kept)
		return;
	r = graveyard_commit(b->fs->graveyard);
	if (r < 0) {
		log_error("unable to keep a tombstone: %s", strerror(-r));
		slot->answer = (struct answer){.kind = ANSWER_ERR, .r = r};
	}
	publish(b, slot);
	graveyard_tell(b->fs->graveyard, b->fs->on_event, b->fs);
}

static int commit(struct batch *b)
{
	int64_t start = clock_monotonic();
	int r;

	if (!graveyard_staged(b->fs->graveyard))
		return 0;
	r = graveyard_commit(b->fs->graveyard);
	b->commit_time = (3 * b->commit_time + clock_monotonic() - start) / 4;
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
	for (unsigned i = 0; i < used; i++)
		if (b->slots[i].postponed)
			execute(b, &b->slots[i]);
	if (r == 0)
		graveyard_tell(b->fs->graveyard, b->fs->on_event, b->fs);
	b->used = 0;
}

/* ---- draining ---- */

static int receive(struct batch *b, struct slot *slot)
{
	ssize_t n;

	/* ENOENT: the request was interrupted before it was read. */
	do
		n = devices_read(&b->fs->devices, slot->request, REQUEST_MAX);
	while (n < 0 && (errno == ENOENT || errno == EINTR));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	slot->len = (size_t)n;
	slot->device = b->fs->devices.current;
	return n >= (ssize_t)sizeof(struct fuse_in_header) ? 1 : -EIO;
}

/* Is the request about a name that nothing is staged for? Then what it sees is not to be undone. */
static bool is_elsewhere(const struct batch *b, const struct slot *slot)
{
	const struct fuse_in_header *in = (const void *)slot->request;
	const char *name = (const char *)(in + 1);
	const struct node *node;

	switch (in->opcode) {
	case FUSE_CREATE:
		name += sizeof(struct fuse_create_in);
		break;
	case FUSE_LOOKUP:
		break;
	case FUSE_OPEN:
	case FUSE_GETATTR:
		node = state_node(b->fs->state, in->nodeid);
		name = node ? node->text : "";
		break;
	default:
		return false;
	}
	return !graveyard_staged_for(b->fs->graveyard, name, strlen(name));
}

/* The handle that a request may change; 0: none. */
static uint64_t handle_of(const struct slot *slot)
{
	const struct fuse_in_header *in = (const void *)slot->request;
	const void *arg = in + 1;

	switch (in->opcode) {
	case FUSE_WRITE:
		return ((const struct fuse_write_in *)arg)->fh;
	case FUSE_FLUSH:
		return ((const struct fuse_flush_in *)arg)->fh;
	case FUSE_RELEASE:
		return ((const struct fuse_release_in *)arg)->fh;
	case FUSE_SETATTR:
		return ((const struct fuse_setattr_in *)arg)->valid & FATTR_FH
			       ? ((const struct fuse_setattr_in *)arg)->fh
			       : 0;
	default:
		return 0;
	}
}

/* A handle that an answer kept back is going to change: that has to happen first. */
static bool conflicts(const struct batch *b, const struct slot *slot)
{
	uint64_t fh = handle_of(slot);

	if (!fh)
		return false;
	for (unsigned i = 0; i < b->used; i++)
		if (b->slots[i].kept && b->slots[i].success.fh == fh)
			return true;
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
			slot->kept ? state_handle(b->fs->state, handle_of(slot)) : NULL;

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
		*until = now + (b->commit_time < GATHER_MAX ? b->commit_time : GATHER_MAX) / 2;
	if (now >= *until)
		return 0;
	left.tv_nsec = *until - now;
	return ppoll(&more, 1, &left, NULL) > 0;
}

int batch_serve(struct batch *b)
{
	int64_t until = 0;
	int served = 0, r = 0;

	while (served < SLOTS && b->used < SLOTS && graveyard_has_room(b->fs->graveyard)) {
		struct slot *slot = &b->slots[b->used];

		r = receive(b, slot);
		if (r == 0 && gather(b, &until))
			continue;
		if (r <= 0)
			break;
		served++;
		if (graveyard_staged(b->fs->graveyard) && !executed_at_once(opcode_of(slot)) &&
		    !is_elsewhere(b, slot)) {
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
