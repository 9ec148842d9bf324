/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "core/graveyard.h"
#include "core/leases.h"
#include "core/stone.h"
#include "core/vigil.h"
#include "core/who.h"
#include "fs/change.h"
#include "fs/fs.h"
#include "fs/holders.h"
#include "fs/session.h"
#include "fs/state.h"
#include "fs/view.h"

/* How long whoever asks for a code is kept waiting for the reaping. */
#define PATIENCE (100 * NSEC_PER_MSEC)

static struct writer opener(const struct handle *handle, enum via via)
{
	return (struct writer){handle->uid, handle->gid, handle->pid, via};
}

static bool holds(const struct handle *handle)
{
	return handle->flags & HANDLE_LEASE && !(handle->flags & (HANDLE_REAPING | HANDLE_OWED));
}

/* Not if it is not known. */
static bool holder_is_over(const struct fs *fs, uint64_t fh)
{
	int pidfd = holders_get(&fs->holders, fh);

	return pidfd && process_over(pidfd);
}

/* ---- opening ---- */

/* A code that can be had by now is the last life's: it has to be told before the next begins. */
static int settle_codes(struct fs *fs, uint64_t id)
{
	int r = 0;

	/* The one being opened is not among them yet. */
	if (fs->holders.reaping == 0 || state_node(fs->state, id)->handles == 0)
		return 0;
	for (uint64_t fh = 0; r >= 0 && (fh = state_handle_next(fs->state, fh)) != 0;) {
		struct handle handle = *state_handle(fs->state, fh);

		if (handle.node == id && handle.flags & HANDLE_REAPING)
			r = lease_stage_code(fs, fh, &handle);
	}
	return r < 0 ? r : 0;
}

static void know_holder(struct fs *fs, struct handle *handle)
{
	struct process process;
	int r = process_open(handle->pid, &process);

	if (r < 0) {
		if (r != -ESRCH)
			log_debug("process %d holds a lease, and cannot be known: %s",
				  (int)handle->pid, strerror(-r));
		return;
	}
	handle->pid = process.pid;
	handle->start = (uint64_t)process.start;
	handle->process = process.id;
	holders_make(&fs->holders, process.fd);
}

int lease_open(struct fs *fs, const struct node *node, struct handle *handle)
{
	struct deed deed = {
		.kind = DEED_BIRTH, .now = clock_now(), .by = opener(handle, VIA_LEASE)};
	const struct grave *grave;
	const struct life *life;
	int r = change_check_owed(fs, node);

	/* What is staged here cannot be undone for want of a handle. */
	if (r == 0 && state_open(fs->state) >= state_handles(fs->state))
		r = -ENFILE;
	holders_make(&fs->holders, 0);
	if (r == 0)
		r = settle_codes(fs, handle->node);
	if (r == 0)
		r = graveyard_stage(fs->graveyard, node->text, node->len, &deed);
	if (r == 0)
		r = graveyard_latest(fs->graveyard, node->text, node->len, &grave, &life);
	if (r != 0)
		return r;
	handle->flags |= HANDLE_LEASE | HANDLE_WRITABLE;
	handle->life = life->number;
	if (graveyard_staged_seq(fs->graveyard))
		handle->opened = graveyard_staged_seq(fs->graveyard);
	know_holder(fs, handle);
	return graveyard_lease(fs->graveyard, node->text, node->len, handle->life, handle->pid,
			       (int64_t)handle->start);
}

/* ---- writing ---- */

int lease_told(struct fs *fs, const struct node *node, struct handle *handle,
	       const struct stone *stone)
{
	struct stone epitaph = *stone;
	struct deed deed = {
		.kind = DEED_STONE,
		.stone = &epitaph,
		.judged = true,
		.life = handle->life,
		.now = clock_now(),
		.by = opener(handle, VIA_WRITE),
	};

	if (stone->facts & ~(FACT_BIT(FACT_CODE) | FACT_BIT(FACT_EPITAPH))) {
		log_warning("%s: refused what uid %u pid %d wrote to its lease: neither an exit "
			    "code nor an epitaph",
			    node->text, handle->uid, (int)handle->pid);
		return -EINVAL;
	}
	if (stone_has(stone, FACT_CODE)) {
		handle->code = stone->code;
		handle->flags |= HANDLE_CODE;
	}
	epitaph.facts &= FACT_BIT(FACT_EPITAPH);
	return epitaph.facts ? graveyard_stage(fs->graveyard, node->text, node->len, &deed) : 0;
}

/* ---- closing ---- */

void lease_flushed(struct handle *handle, pid_t by)
{
	pid_t pid;

	handle->flags &= ~(uint32_t)HANDLE_ENDING;
	if (process_is_ending(by) && process_of(by, &pid) == 0 && pid == handle->pid)
		handle->flags |= HANDLE_ENDING;
}

void lease_look_for_patience(struct fs *fs)
{
	fs->holders.patience = INT64_MAX;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (handle->flags & HANDLE_EXPECTED && handle->deadline < fs->holders.patience)
			fs->holders.patience = handle->deadline;
	}
}

void lease_keep(struct fs *fs, uint64_t fh, const struct handle *handle)
{
	const struct handle *before = state_handle(fs->state, fh);

	if (before && !(before->flags & HANDLE_REAPING) && handle->flags & HANDLE_REAPING)
		fs->holders.reaping++;
	state_handle_set(fs->state, fh, handle);
	if (handle->flags & HANDLE_EXPECTED && handle->deadline < fs->holders.patience)
		fs->holders.patience = handle->deadline;
}

/* Who else holds a lease on the same life? */
struct others {
	uint64_t heir;     /* one of them; 0: nobody */
	bool same_process; /* one of them is the same process */
};

static struct others find_others(struct fs *fs, uint64_t fh, const struct handle *handle)
{
	struct others others = {0};

	if (state_node(fs->state, handle->node)->handles <= 1)
		return others;
	for (uint64_t at = 0; (at = state_handle_next(fs->state, at)) != 0;) {
		const struct handle *other = state_handle(fs->state, at);

		if (at == fh || other->node != handle->node || !holds(other) ||
		    other->life != handle->life)
			continue;
		others.heir = at;
		others.same_process |= other->pid == handle->pid;
	}
	return others;
}

/* A code that was written is kept until the last close. */
static void bequeath(struct fs *fs, const struct handle *handle, uint64_t heir_fh)
{
	struct handle heir = *state_handle(fs->state, heir_fh);

	if (!(handle->flags & HANDLE_CODE) || heir.flags & HANDLE_CODE)
		return;
	heir.code = handle->code;
	heir.flags |= HANDLE_CODE;
	state_handle_set(fs->state, heir_fh, &heir);
}

/* What is known of its end: the code written to the lease, or the process's. -EAGAIN: not yet. */
static int find_code(struct fs *fs, uint64_t fh, const struct handle *handle, int *ret_code)
{
	int pidfd = holders_get(&fs->holders, fh);

	if (handle->flags & HANDLE_CODE) {
		*ret_code = handle->code;
		return 0;
	}
	if (!pidfd || handle->flags & HANDLE_GONE ||
	    !(handle->flags & (HANDLE_ENDING | HANDLE_REMAINS)))
		return -ENODATA;
	return process_code(pidfd, ret_code);
}

/* Of the handle as it is: the rest of what becomes of it waits for the commit. */
static void expect_code(struct fs *fs, uint64_t fh, int64_t deadline)
{
	struct handle handle = *state_handle(fs->state, fh);

	handle.flags |= HANDLE_EXPECTED;
	handle.deadline = deadline;
	lease_keep(fs, fh, &handle);
}

static int stage_death(struct fs *fs, const struct node *node, uint64_t fh, struct handle *handle)
{
	struct stone stone = {0};
	struct deed deed = {
		.kind = DEED_DEATH,
		.stone = &stone,
		.judged = true,
		.life = handle->life,
		.now = handle->flags & HANDLE_OWED ? handle->closed : clock_now(),
		.by = opener(handle, VIA_LEASE),
	};
	unsigned events = graveyard_staged_events(fs->graveyard);
	int known = find_code(fs, fh, handle, &stone.code);
	int r;

	if (known == 0) {
		stone.facts = FACT_BIT(FACT_CODE);
		if (!(handle->flags & HANDLE_CODE))
			deed.by.via = VIA_KERNEL;
	}
	r = graveyard_stage(fs->graveyard, node->text, node->len, &deed);
	/* Somebody has told another code: that is final. */
	if (r < 0 && r != -EPERM)
		return r;
	if (graveyard_staged_events(fs->graveyard) == events) {
		/* The life is over, or another's: what is left of the lease is that it was held. */
		r = graveyard_unlease(fs->graveyard, node->text, node->len, handle->life,
				      handle->pid);
		return r < 0 ? r : 1;
	}
	if (known != -EAGAIN)
		return 1;
	/* The commit wakes those who wait for the code: by then it has to be known that one may come. */
	expect_code(fs, fh, clock_monotonic() + PATIENCE);
	handle->deadline = state_handle(fs->state, fh)->deadline;
	handle->flags &= ~(uint32_t)HANDLE_OWED;
	handle->flags |= HANDLE_EXPECTED | HANDLE_REAPING;
	return 0;
}

int lease_close(struct fs *fs, uint64_t fh, struct handle *handle)
{
	const struct node *node = state_node(fs->state, handle->node);
	struct others others;
	int r;

	if (!node)
		return 1;
	if (handle->flags & HANDLE_REAPING)
		return lease_stage_code(fs, fh, handle);
	others = find_others(fs, fh, handle);
	if (!others.heir)
		return stage_death(fs, node, fh, handle);
	bequeath(fs, handle, others.heir);
	if (others.same_process)
		return 1;
	r = graveyard_unlease(fs->graveyard, node->text, node->len, handle->life, handle->pid);
	return r < 0 ? r : 1;
}

int lease_stage_code(struct fs *fs, uint64_t fh, const struct handle *handle)
{
	const struct node *node = state_node(fs->state, handle->node);
	struct stone stone = {.facts = FACT_BIT(FACT_CODE)};
	struct deed deed = {
		.kind = DEED_STONE,
		.stone = &stone,
		.judged = true,
		.life = handle->life,
		.now = clock_now(),
		.by = opener(handle, VIA_KERNEL),
	};
	int r = find_code(fs, fh, handle, &stone.code);

	if (r == -EAGAIN)
		return 0;
	if (r == 0 && node)
		r = graveyard_stage(fs->graveyard, node->text, node->len, &deed);
	/* -EPERM: somebody has told another code meanwhile. */
	return r == -ENODATA || r == -EPERM || r >= 0 ? 1 : r;
}

/* ---- looking ---- */

bool lease_is_held(struct fs *fs, const char *name, size_t len, const struct life *life)
{
	uint64_t id = state_node_find(fs->state, VIEW_LEASE, name, len);

	if (!id || state_node(fs->state, id)->handles == 0)
		return false;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (handle->node == id && holds(handle) && handle->life == life->number)
			return true;
	}
	return false;
}

bool lease_code_may_come(struct fs *fs, const struct who *who)
{
	if (fs->holders.patience == INT64_MAX)
		return false;
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);
		const struct node *node = state_node(fs->state, handle->node);

		if (!(handle->flags & HANDLE_EXPECTED) || !node)
			continue;
		for (struct who_name it = {0}; who_next_name(who, &it);)
			if (it.len == node->len && memcmp(it.name, node->text, it.len) == 0)
				return true;
	}
	return false;
}

/* ---- holders that ended ---- */

void lease_finish(struct fs *fs, uint64_t fh)
{
	struct handle handle = *state_handle(fs->state, fh);
	int r = lease_close(fs, fh, &handle);

	if (r >= 0) {
		int committed = fs_commit(fs);

		r = committed < 0 ? committed : r;
	} else {
		graveyard_rollback(fs->graveyard);
	}
	if (r < 0) {
		log_error("unable to keep the end of a lease: %s, trying again", strerror(-r));
		handle = *state_handle(fs->state, fh);
		handle.flags |= HANDLE_OWED;
		handle.closed = clock_now();
		fs->owed++;
		fs->owed_error = r;
	}
	if (r == 1)
		lease_let_go(fs, fh);
	else
		lease_keep(fs, fh, &handle);
	session_tell(fs);
}

/* Its process is over, and it is held still: by another, to whom it was left. */
static void judge(struct fs *fs, uint64_t fh)
{
	const struct handle *now = state_handle(fs->state, fh);
	struct handle handle;

	/* One that is owed has ended: only its death is not kept yet. */
	if (!now || now->flags & HANDLE_OWED || !holder_is_over(fs, fh))
		return;
	if (now->flags & (HANDLE_REAPING | HANDLE_REMAINS)) {
		lease_finish(fs, fh);
		return;
	}
	handle = *now;
	handle.flags |= HANDLE_GONE;
	state_handle_set(fs->state, fh, &handle);
	holders_drop(&fs->holders, fh);
}

void lease_judge(struct fs *fs)
{
	for (unsigned i = 0; i < fs->holders.ended_count; i++)
		judge(fs, fs->holders.ended[i].data.u64);
	fs->holders.ended_count = 0;
}

static void stop_expecting(struct fs *fs, uint64_t fh)
{
	struct handle handle = *state_handle(fs->state, fh);
	const struct node *node = state_node(fs->state, handle.node);
	struct event event = {.life = handle.life, .what = EVENT_EXITCODE};

	handle.flags &= ~(uint32_t)HANDLE_EXPECTED;
	state_handle_set(fs->state, fh, &handle);
	if (!node)
		return;
	/* Whoever waits for it looks again. */
	memcpy(event.name, node->text, node->len);
	vigils_event(fs->vigils, &event);
}

/* Reaped in time, perhaps, and not looked at yet: a slow commit, or a busy machine, has held up whoever looks. */
static void look_once_more(struct fs *fs, uint64_t fh)
{
	const struct handle *handle = state_handle(fs->state, fh);
	int code;

	if (handle->flags & HANDLE_REAPING && !(handle->flags & HANDLE_OWED) &&
	    find_code(fs, fh, handle, &code) == 0)
		lease_finish(fs, fh);
}

void lease_lose_patience(struct fs *fs, int64_t now)
{
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (!(handle->flags & HANDLE_EXPECTED) || handle->deadline > now)
			continue;
		look_once_more(fs, fh);
		handle = state_handle(fs->state, fh);
		if (handle && handle->flags & HANDLE_EXPECTED)
			stop_expecting(fs, fh);
	}
	lease_look_for_patience(fs);
}

/* ---- handles ---- */

void lease_opened(struct fs *fs, uint64_t fh)
{
	holders_watch(&fs->holders, fh);
}

void lease_let_go(struct fs *fs, uint64_t fh)
{
	const struct handle *before = state_handle(fs->state, fh);
	bool expected = before && before->flags & HANDLE_EXPECTED;

	if (before && before->flags & HANDLE_REAPING)
		fs->holders.reaping--;
	if (expected)
		stop_expecting(fs, fh);
	state_handle_close(fs->state, fh);
	holders_drop(&fs->holders, fh);
}
