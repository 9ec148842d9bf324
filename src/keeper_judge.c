/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker's end means: whose fault it was, and whether another one can go on. */
#include "keeper_private.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/without.h"
#include "fs/shared.h"
#include "handover.h"

/* A worker that was up, and was killed, has failed if it was sooner than this. */
#define KILLED_LIFE (20 * NSEC_PER_MSEC)

/* So many workers may not come up, or crash, one after the other, and for so long, before the connection is given up. */
#define BROKEN_MAX 10
#define BROKEN_LONG (5 * NSEC_PER_SEC)

static bool is_broken(const struct keeper *k)
{
	return k->broken >= BROKEN_MAX && clock_monotonic() - k->broken_since >= BROKEN_LONG;
}

bool keeper_can_go_on(const struct keeper *k)
{
	if (is_broken(k))
		return false;
	return (k->shared->init_len == 0 || k->shared->resends) && !without("resend");
}

bool keeper_is_hopeless(const struct keeper *k, int status)
{
	/* Who was to end anyway does not try for as long. */
	if (!k->mount.mounted || (k->handover->terms > 0 && k->broken > 0))
		return true;
	if (k->handover->ready > 0)
		return false;
	return k->handover->mounts > 1 ? is_broken(k) : WIFEXITED(status) && k->broken == 1;
}

/* Is it the worker's fault? Not if it had come up, and was killed by somebody. */
void keeper_judge(struct keeper *k, int status)
{
	bool up = k->handover->ready > k->ready;
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	int64_t now = clock_monotonic();

	if (up && now - k->worker.started >= SHORT_LIFE && k->worker.started >= k->program.since)
		program_forget_last(&k->program);
	if (up && (killed || now - k->worker.started >= SHORT_LIFE))
		k->broken = 0;
	else if (k->broken++ == 0)
		k->broken_since = now;
	child_ended(&k->worker, !up ? INT64_MAX : killed ? KILLED_LIFE : SHORT_LIFE);
}
