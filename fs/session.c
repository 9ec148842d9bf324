/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/vigil.h"
#include "fs/batch.h"
#include "fs/change.h"
#include "fs/chore.h"
#include "fs/fault.h"
#include "fs/fs.h"
#include "fs/lease.h"
#include "fs/metrics.h"
#include "fs/ops.h"
#include "fs/park.h"
#include "fs/ports.h"
#include "fs/resume.h"
#include "fs/shared.h"
#include "fs/snapshot.h"
#include "fs/state.h"
#include "fs/waiting.h"

/* Files that are open besides those that wait. */
#define OTHER_HANDLES 65536u
#define TAILS (sizeof(void *) == 4 ? 4096u : 65536u)

/* Requests that can have been waiting when a process ended, in batches: more than have ever been seen at once. */
#define BATCHES_BEFORE 64

/* Names that were looked up and are not open: more than can be between a lookup and its open. */
#define IDLE_NAMES 32768u

__attribute__((format(printf, 2, 0))) static void log_libfuse(enum fuse_log_level level,
							      const char *format, va_list args)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), format, args);

	if (n > 0 && text[(size_t)n < sizeof(text) ? (size_t)n - 1 : sizeof(text) - 2] == '\n')
		text[(size_t)n < sizeof(text) ? (size_t)n - 1 : sizeof(text) - 2] = '\0';
	log_msg(level <= FUSE_LOG_ERR ? RECORD_ERROR : RECORD_DEBUG, "libfuse: %s", text);
}

/* An answer that goes with a change is only made here; fs/batch.c gives it. */
static ssize_t write_answer(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	struct fs *fs = userdata;
	struct kept *making = fs->making;

	(void)fd;
	if (!making || header->unique != making->unique || header->len > sizeof(making->bytes)) {
		metrics_error(fs->metrics, header->error);
		return devices_write(&fs->devices, iov, count);
	}
	making->len = 0;
	for (int i = 0; i < count; i++) {
		memcpy(making->bytes + making->len, iov[i].iov_base, iov[i].iov_len);
		making->len += (uint32_t)iov[i].iov_len;
	}
	return (ssize_t)making->len;
}

/* libfuse wants to have it, and does not call it: batch.c reads. */
static ssize_t read_nothing(int fd, void *buf, size_t size, void *userdata)
{
	(void)fd, (void)buf, (void)size, (void)userdata;
	return -ENOSYS;
}

/* libfuse closes its descriptor in the end: a copy. */
static int attach(struct fs *fs)
{
	static const struct fuse_custom_io io = {.writev = write_answer, .read = read_nothing};
	int fd = fcntl(fs->devices.fds[0], F_DUPFD_CLOEXEC, 0);
	char name[] = "graveyardfs";
	char *argv[] = {name, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	if (fd < 0)
		return -errno;
	fuse_set_log_func(log_libfuse);
	fs->session = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), fs);
	fuse_opt_free_args(&args);
	if (fs->session && fuse_session_custom_io(fs->session, &io, fd) == 0)
		return 0;
	(void)close(fd);
	return -EINVAL;
}

static struct state_limits limits_for(unsigned max_waits)
{
	return (struct state_limits){
		.names = IDLE_NAMES,
		.handles = max_waits + OTHER_HANDLES,
		.tails = TAILS,
		.blocks = SNAPSHOT_ROOM / 4096,
	};
}

int session_size(unsigned max_waits, size_t *ret_size)
{
	struct state_limits limits = limits_for(max_waits);
	int r = state_size(&limits, ret_size);

	*ret_size += SHARED_SIZE;
	return r;
}

/* Of a removal the life tells more, which nobody can change any more. */
static void count(struct fs *fs, const struct event *event, bool lost)
{
	struct store *store = graveyard_store(fs->graveyard);
	enum metrics_more more = lost ? METRICS_LOST : METRICS_NO_MORE;
	struct life life;

	if (event->what == EVENT_REMOVED &&
	    store->ops->life(store, event->grave, event->life, &life) == 0 &&
	    stone_has(&life.stone, FACT_DIED))
		more = METRICS_OVER;
	metrics_event(fs->metrics, event, more);
}

/* Told first: who is killed between the two tells it twice, rather than never. */
static void tell_of(struct fs *fs, const struct event *event, bool lost)
{
	fs->on_event(fs, event);
	fault("told");
	count(fs, event, lost);
}

/* What another process has kept and did not live to tell. */
static void tell_missed(struct fs *fs, bool lost)
{
	struct store *store = graveyard_store(fs->graveyard);
	uint64_t last = graveyard_seq(fs->graveyard);
	struct event event;

	for (uint64_t seq = metrics_seq(fs->metrics) + 1; seq <= last; seq++)
		if (store->ops->event(store, seq, &event) == 0)
			tell_of(fs, &event, lost);
}

/* What is only looked at has not been counted by whoever started this process. */
static void begin_telling(struct fs *fs)
{
	struct store *store = graveyard_store(fs->graveyard);
	uint64_t alive;

	if (!fs->read_only)
		tell_missed(fs, false);
	else if (store->ops->count(store, STORE_LIST_ALIVE, &alive) == 0)
		metrics_begin(fs->metrics, graveyard_seq(fs->graveyard), alive);
}

/* For the first process all is zero. False: this is it. */
static bool look_back(struct fs *fs)
{
	bool another = fs->shared->started != 0;

	if (!another) {
		begin_telling(fs);
		fs->shared->started = clock_now();
	}
	fs->started = fs->shared->started;
	return another;
}

static int init(struct fs *fs, const struct session_config *config)
{
	struct state_limits limits = limits_for(config->max_waits);
	bool another;
	int r;

	fs->graveyard = config->graveyard;
	fs->vigils = config->vigils;
	memcpy(fs->devices.fds, config->fuse_fds, sizeof(fs->devices.fds));
	fs->shared = config->mapping;
	fs->herald = config->herald;
	fs->hides = config->hides;
	fs->metrics = config->metrics;
	fs->others_fd = -1;
	fs->gathers = config->gathers;
	fs->read_only = config->read_only;
	fs->max_names = config->max_names;
	fs->max_park = config->max_park;
	fs->on_event = config->on_event;
	list_init(&fs->chores);
	list_init(&fs->chore_ages);
	fs->uid = getuid();
	fs->gid = getgid();
	another = look_back(fs);
	fs->pollers = calloc(limits.handles + 1, sizeof(*fs->pollers));
	if (!fs->pollers)
		return -ENOMEM;
	r = ports_new(config->sock_diag, config->vigils, &fs->ports);
	if (r == 0)
		r = state_new(&limits, (char *)config->mapping + SHARED_SIZE, &fs->state);
	if (r == 0)
		r = waiting_new(&fs->waiting);
	if (r == 0)
		r = batch_new(fs, &fs->batch);
	if (r == 0)
		r = attach(fs);
	if (r == 0)
		r = holders_init(&fs->holders, limits.handles);
	if (r == 0 && another)
		r = resume_start(fs);
	if (r == 0 && fs->shared->judged != JUDGED_ALL)
		fs->shared->judged = JUDGED_NOT;
	return r;
}

int session_new(const struct session_config *config, struct fs **ret_fs)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	int r;

	if (!fs)
		return -ENOMEM;
	r = init(fs, config);
	if (r < 0) {
		session_free(fs);
		return r;
	}
	*ret_fs = fs;
	return 0;
}

int session_judge(struct fs *fs)
{
	int r;

	if (fs->shared->judged == JUDGED_ALL || fs->read_only)
		return 0;
	fs->shared->judged = JUDGED_SOME;
	r = lease_judge_old(fs);
	session_tell(fs);
	if (r == 0)
		fs->shared->judged = JUDGED_ALL;
	return r;
}

void session_free(struct fs *fs)
{
	if (!fs)
		return;
	if (fs->pollers && fs->state)
		park_free_pollers(fs);
	ports_free(fs->ports);
	if (fs->session)
		fuse_session_destroy(fs->session);
	holders_release(&fs->holders, fs->state ? state_handles(fs->state) : 0);
	resume_free(fs);
	batch_free(fs->batch);
	state_free(fs->state);
	waiting_free(fs->waiting);
	free(fs->pollers);
	buf_release(&fs->text);
	buf_release(&fs->memo.text);
	free(fs);
}

void session_on_others(struct fs *fs, void (*serve)(void *arg), void *arg)
{
	fs->serve_others = serve;
	fs->others_arg = arg;
}

void session_let_past(struct fs *fs, int fd)
{
	fs->others_fd = fd;
}

int session_serve(struct fs *fs)
{
	return batch_serve(fs->batch);
}

bool session_goes_on(const struct fs *fs)
{
	return resume_goes_on(fs) || chores_go_on(fs) || fs->holders.ended_count > 0;
}

int session_continue(struct fs *fs)
{
	if (chores_go_on(fs))
		chores_continue(fs);
	if (fs->holders.ended_count > 0)
		return session_look(fs);
	return resume_goes_on(fs) ? session_serve(fs) : 0;
}

/*
 * A process's files are closed before its end is told: what it closed has been asked for by then, and is served first.
 * But not for ever, however many others ask: it is not more than so many batches back.
 */
int session_look(struct fs *fs)
{
	int r;

	if (fs->holders.ended_count == 0) {
		holders_collect(&fs->holders);
		fs->holders.batches = BATCHES_BEFORE;
	}
	r = session_serve(fs);
	if (r <= 0 || --fs->holders.batches == 0)
		lease_judge(fs);
	return r;
}

int session_look_fd(const struct fs *fs)
{
	return fs->holders.epoll;
}

int session_hear_fd(const struct fs *fs)
{
	return ports_fd(fs->ports);
}

void session_hear(struct fs *fs)
{
	ports_hear(fs->ports);
}

int64_t session_deadline(const struct fs *fs)
{
	int64_t look = ports_due(fs->ports);

	return look < fs->holders.patience ? look : fs->holders.patience;
}

void session_expire(struct fs *fs, int64_t now)
{
	if (fs->holders.patience <= now)
		lease_lose_patience(fs, now);
	ports_look(fs->ports, now);
}

bool session_in_use(const struct fs *fs)
{
	return state_open(fs->state) > fs->holders.reaping;
}

bool session_expects_close(const struct fs *fs)
{
	return state_pending(fs->state) > 0;
}

void session_drain(struct fs *fs)
{
	vigils_drain(fs->vigils);
	chores_drain(fs);
}

bool session_owes(const struct fs *fs)
{
	return fs->owed > 0;
}

void session_retry(struct fs *fs)
{
	change_retry_owed(fs);
}

static void tell(void *arg, const struct event *event)
{
	struct fs *fs = arg;

	/* While the leases of earlier mounts are judged, nobody dies but of that. */
	tell_of(fs, event, fs->shared->judged == JUDGED_SOME);
	if (event->what == EVENT_BORN || event->what == EVENT_REMOVED)
		waiting_on_view(fs->waiting, event->name, strlen(event->name),
				event->what == EVENT_BORN);
}

void session_tell(struct fs *fs)
{
	graveyard_tell(fs->graveyard, tell, fs);
}

void session_tell_missed(struct fs *fs)
{
	tell_missed(fs, fs->shared->judged == JUDGED_SOME);
}

int fs_commit(struct fs *fs)
{
	unsigned events = graveyard_staged_events(fs->graveyard);
	int64_t start, took;
	int r;

	if (!graveyard_staged(fs->graveyard))
		return 0;
	start = clock_monotonic();
	r = graveyard_commit(fs->graveyard);
	took = clock_monotonic() - start;
	fs->commit_time = (3 * fs->commit_time + took) / 4;
	metrics_commit(fs->metrics, r, events, took);
	return r;
}

int session_commit(void *arg)
{
	struct fs *fs = arg;
	int r = fs_commit(fs);

	if (r == 0)
		session_tell(fs);
	return r;
}
