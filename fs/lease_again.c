/* SPDX-License-Identifier: Apache-2.0 */
/* Leases that were opened under another process than this, or under another mount. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "core/leases.h"
#include "core/store.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/state.h"
#include "fs/view.h"

/* One of an earlier mount waits for nobody in this, and may be looked for by its start. */
static int reopen(const struct handle *handle, int *ret_pidfd)
{
	if (handle->flags & HANDLE_REMAINS)
		return process_reopen(handle->pid, (int64_t)handle->start, ret_pidfd);
	return process_reopen_by_id(handle->pid, handle->process, ret_pidfd);
}

static void know_again(struct fs *fs, uint64_t fh, const struct handle *handle)
{
	int pidfd;
	int r = reopen(handle, &pidfd);

	if (r == 0) {
		holders_make(&fs->holders, pidfd);
		holders_adopt(&fs->holders, fh);
		holders_watch(&fs->holders, fh);
		return;
	}
	/* It ended, and was reaped, while nobody looked. */
	if (handle->flags & (HANDLE_REAPING | HANDLE_REMAINS))
		lease_finish(fs, fh);
}

void lease_take_over(struct fs *fs)
{
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (!(handle->flags & HANDLE_LEASE))
			continue;
		fs->holders.reaping += (handle->flags & HANDLE_REAPING) != 0;
		if (!(handle->flags & HANDLE_GONE))
			know_again(fs, fh, handle);
	}
	lease_look_for_patience(fs);
}

static bool is_alive(void *arg, const struct lease *lease)
{
	int pidfd;

	(void)arg;
	if (process_reopen(lease->pid, lease->start, &pidfd) < 0)
		return false;
	if (process_over(pidfd)) {
		(void)close(pidfd);
		return false;
	}
	(void)close(pidfd);
	return true;
}

static bool is_known(struct fs *fs, uint64_t node, const struct lease *lease)
{
	for (uint64_t fh = 0; (fh = state_handle_next(fs->state, fh)) != 0;) {
		const struct handle *handle = state_handle(fs->state, fh);

		if (handle->node == node && handle->pid == lease->pid)
			return true;
	}
	return false;
}

static void goes_on(void *arg, const char *name, const struct lease *lease)
{
	struct fs *fs = arg;
	struct handle handle = {
		.flags = HANDLE_LEASE | HANDLE_REMAINS,
		.pid = lease->pid,
		.start = (uint64_t)lease->start,
		.life = lease->life,
		.deadline = INT64_MAX,
	};
	uint64_t fh = 0;
	int r = state_node_intern(fs->state, VIEW_LEASE, name, strlen(name), &handle.node);

	if (r == 0 && is_known(fs, handle.node, lease))
		return;
	if (r == 0)
		r = state_handle_reserve(fs->state, &fh);
	if (r < 0) {
		log_error("%s: process %d has held a lease since before the mount, and is not "
			  "watched: %s",
			  name, (int)lease->pid, strerror(-r));
		return;
	}
	state_handle_open(fs->state, fh, &handle);
	log_info("%s: process %d has held a lease since before the mount: alive until it ends",
		 name, (int)lease->pid);
}

int lease_judge_old(struct fs *fs)
{
	int r = graveyard_judge_leases(fs->graveyard, is_alive, goes_on, fs, clock_now());

	if (r == 0)
		lease_take_over(fs);
	return r;
}
