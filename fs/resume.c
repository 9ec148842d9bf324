/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/resume.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "base/log.h"
#include "base/without.h"
#include "core/graveyard.h"
#include "core/leases.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/park.h"
#include "fs/session.h"
#include "fs/shared.h"
#include "fs/state.h"

/* linux/fuse.h of Linux 6.9. */
#define NOTIFY_RESEND 7
#define UNIQUE_RESEND (UINT64_C(1) << 63) /* is set in the id of what is sent again */
#define HAS_RESEND_2 (1u << (39 - 32))    /* FUSE_HAS_RESEND, in flags2 */

/*
 * A request over which processes end is not tried for ever. Three that crashed were its doing; of SIGKILL, which
 * may come at any moment from anybody, it takes so many as do not meet the same request by chance, but no more: the
 * kernel sends it too, to who takes all memory.
 */
#define SUSPICION_MAX 12
#define SUSPICION_OF_CRASH 4
#define SUSPICION_OF_KILL 1

/* Requests that were sent again: their bytes one after the other, and where each begins. */
struct resent {
	uint64_t id; /* without the mark */
	size_t at;
	uint32_t len, device;
};

struct resume {
	struct buf bytes;
	struct resent *requests;
	size_t count, capacity, next;
};

/* ---- the first request ---- */

/*
 * libfuse would ask for as few pages a request as the greatest write fills, 2, and the kernel takes one for each
 * segment of a writev(2) at least: it would cut one in pieces that has more. Without this flag it keeps
 * to its default of 32.
 */
static void allow_pages(struct fuse_init_in *init)
{
	init->flags &= ~(uint32_t)FUSE_MAX_PAGES;
}

void resume_keep_init(struct shared *shared, char *request, size_t len)
{
	struct fuse_init_in *init = (void *)(request + sizeof(struct fuse_in_header));
	/* Before Linux 5.17 it ends with `flags`. */
	const size_t least = sizeof(struct fuse_in_header) + offsetof(struct fuse_init_in, flags2);

	if (len < least || len > sizeof(shared->init))
		return; /* a kernel that is much older, or newer: it is not taken over from */
	shared->resends = len > least && init->flags & FUSE_INIT_EXT && init->flags2 & HAS_RESEND_2;
	allow_pages(init);
	memcpy(shared->init, request, len);
	__atomic_store_n(&shared->init_len, (uint32_t)len, __ATOMIC_RELEASE);
}

/* libfuse has to see the first request; its answer was given long ago. */
static void replay_init(struct fs *fs)
{
	char request[SHARED_INIT_MAX];
	struct fuse_buf buf = {.mem = request, .size = fs->shared->init_len};
	struct kept answer = {.unique = ((struct fuse_in_header *)fs->shared->init)->unique};

	memcpy(request, fs->shared->init, buf.size);
	fs->making = &answer;
	fuse_session_process_buf(fs->session, &buf);
	fs->making = NULL;
}

/* ---- requests that kill ---- */

static void suspect(struct shared *shared, uint64_t unique)
{
	uint32_t more = shared->killed ? SUSPICION_OF_KILL : SUSPICION_OF_CRASH;
	struct suspect *least = &shared->suspects[0];

	for (unsigned i = 0; i < SHARED_SUSPECTS; i++) {
		struct suspect *s = &shared->suspects[i];

		if (s->unique == unique) {
			s->suspicion += more;
			return;
		}
		if (s->suspicion < least->suspicion)
			least = s;
	}
	*least = (struct suspect){unique, more};
}

bool resume_refuses(const struct shared *shared, uint64_t unique)
{
	unique &= ~UNIQUE_RESEND;
	for (unsigned i = 0; i < SHARED_SUSPECTS; i++)
		if (shared->suspects[i].unique == unique &&
		    shared->suspects[i].suspicion >= SUSPICION_MAX)
			return true;
	return false;
}

/* ---- what was answered ---- */

static void give_again(struct fs *fs, struct kept *kept)
{
	if (kept->stage == KEPT_ARMED && kept->seq <= graveyard_seq(fs->graveyard))
		kept_settle(kept, fs->state);
	/* ENOENT: it was given. */
	if (kept->stage == KEPT_SETTLED)
		(void)devices_give(&fs->devices, kept->device, kept->bytes, kept->len);
	kept_forget(kept);
}

/* That it is held may have been staged without any event, by which to tell whether it was kept. */
static int keep_lease(struct fs *fs, const struct kept *kept)
{
	const struct handle *handle = &kept->after.handle;
	const struct node *node = state_node(fs->state, handle->node);
	int r;

	if (kept->stage == KEPT_NOT || kept->seq || kept->after.what != AFTER_OPEN ||
	    !(handle->flags & HANDLE_LEASE) || !node)
		return 0;
	r = graveyard_lease(fs->graveyard, node->text, node->len, handle->life, handle->pid,
			    (int64_t)handle->start);
	return r < 0 ? r : fs_commit(fs);
}

static int take_over_state(struct fs *fs)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < SHARED_SLOTS; i++) {
		r = keep_lease(fs, &fs->shared->kept[i]);
		if (r == 0)
			give_again(fs, &fs->shared->kept[i]);
	}
	if (r == 0)
		r = state_recount(fs->state);
	for (uint64_t fh = 0; r == 0 && (fh = state_handle_next(fs->state, fh)) != 0;) {
		if (state_handle(fs->state, fh)->flags & HANDLE_OWED) {
			fs->owed++;
			fs->owed_error = -EIO;
		}
		/* Something may have happened: whoever polls asks again. */
		park_tell_poller(fs, fh);
	}
	return r;
}

/* ---- what was not ---- */

static int keep(struct resume *resume, const struct fuse_in_header *in, uint32_t device)
{
	if (resume->count == resume->capacity) {
		size_t capacity = resume->capacity ? 2 * resume->capacity : 64;
		struct resent *requests =
			reallocarray(resume->requests, capacity, sizeof(*requests));

		if (!requests)
			return -ENOMEM;
		resume->requests = requests;
		resume->capacity = capacity;
	}
	resume->requests[resume->count++] = (struct resent){
		.id = in->unique & ~UNIQUE_RESEND,
		.at = resume->bytes.len,
		.len = in->len,
		.device = device,
	};
	buf_add(&resume->bytes, (const char *)in, in->len);
	return buf_error(&resume->bytes);
}

/* All that is there, until nothing is. */
static int read_resent(struct fs *fs, struct resume *resume)
{
	_Alignas(struct fuse_in_header) char request[SESSION_REQUEST_MAX] = {0};

	for (unsigned i = 0;; i++) {
		struct devices *d = &fs->devices;
		ssize_t n = devices_read_from(d, i % DEVICES, request, sizeof(request));
		int r;

		if (n == -EINTR || n == -ENOENT)
			continue;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		r = keep(resume, (const void *)request, d->current);
		if (r < 0)
			return r;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct resent *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int ask_again(struct fs *fs)
{
	const struct fuse_out_header notification = {.len = sizeof(notification),
						     .error = NOTIFY_RESEND};
	struct resume *resume = calloc(1, sizeof(*resume));
	int r;

	if (!resume)
		return -ENOMEM;
	fs->resume = resume;
	r = devices_give(&fs->devices, 0, &notification, sizeof(notification));
	if (r == -EINVAL)
		r = -ENOSYS;
	if (r == 0)
		r = read_resent(fs, resume);
	/* The kernel sends them in the order of a hash. */
	if (r == 0 && resume->count)
		qsort(resume->requests, resume->count, sizeof(*resume->requests), by_id);
	return r;
}

/* Was it not answered? libfuse refuses to see it twice. */
static bool init_comes_again(const struct resume *resume)
{
	struct fuse_in_header first;

	if (resume->count == 0)
		return false;
	memcpy(&first, resume->bytes.data + resume->requests[0].at, sizeof(first));
	return first.opcode == FUSE_INIT;
}

int resume_start(struct fs *fs)
{
	struct shared *shared = fs->shared;
	int r;

	/* Whether the kernel can, only its first request tells; if that was lost, it has to be asked all the same. */
	if ((shared->init_len && !shared->resends) || without("resend"))
		return -ENOSYS;
	if (shared->executing)
		suspect(shared, shared->executing & ~UNIQUE_RESEND);
	shared->executing = 0;
	r = take_over_state(fs);
	if (r < 0)
		return r;
	session_tell_missed(fs);
	r = ask_again(fs);
	if (r < 0)
		return r;
	if (shared->init_len && !init_comes_again(fs->resume))
		replay_init(fs);
	lease_take_over(fs);
	log_debug("%zu requests were sent again", fs->resume->count);
	return 0;
}

bool resume_goes_on(const struct fs *fs)
{
	return fs->resume != NULL;
}

size_t resume_next(struct fs *fs, char *request, unsigned *ret_device)
{
	struct resume *resume = fs->resume;
	const struct resent *next;

	if (!resume)
		return 0;
	if (resume->next == resume->count) {
		resume_free(fs);
		return 0;
	}
	next = &resume->requests[resume->next++];
	memcpy(request, resume->bytes.data + next->at, next->len);
	*ret_device = next->device;
	return next->len;
}

void resume_free(struct fs *fs)
{
	if (!fs->resume)
		return;
	buf_release(&fs->resume->bytes);
	free(fs->resume->requests);
	free(fs->resume);
	fs->resume = NULL;
}
