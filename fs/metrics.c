/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fuse.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "fs/view.h"

/* What the buckets hold at most, and how that is written. */
struct bound {
	uint64_t most;
	const char *text;
};

static const struct bound events_bounds[METRICS_BUCKETS - 1] = {
	{1, "1"},   {2, "2"},   {3, "3"},   {4, "4"},     {8, "8"},     {16, "16"},
	{32, "32"}, {64, "64"}, {96, "96"}, {128, "128"}, {192, "192"}, {256, "256"},
};

static const struct bound time_bounds[METRICS_BUCKETS - 1] = {
	{NSEC_PER_MSEC / 20, "0.00005"}, {NSEC_PER_MSEC / 10, "0.0001"},
	{NSEC_PER_MSEC / 4, "0.00025"},  {NSEC_PER_MSEC / 2, "0.0005"},
	{NSEC_PER_MSEC, "0.001"},        {5 * NSEC_PER_MSEC / 2, "0.0025"},
	{5 * NSEC_PER_MSEC, "0.005"},    {10 * NSEC_PER_MSEC, "0.01"},
	{25 * NSEC_PER_MSEC, "0.025"},   {100 * NSEC_PER_MSEC, "0.1"},
	{250 * NSEC_PER_MSEC, "0.25"},   {NSEC_PER_SEC, "1"},
};

/* ---- counting ---- */

void metrics_begin(struct metrics *m, uint64_t seq, uint64_t alive)
{
	m->facts[m->current].seq = seq;
	m->facts[m->current].alive = alive;
}

uint64_t metrics_seq(const struct metrics *m)
{
	return m->facts[m->current].seq;
}

static enum exit_class class_of(int code)
{
	/* -1 is kubexit's word for a signal. */
	if (code < 0 || code >= 128)
		return EXIT_CLASS_128;
	if (code >= 126)
		return EXIT_CLASS_126;
	return code > 0 ? EXIT_CLASS_1 : EXIT_CLASS_0;
}

/* The other one of the two is filled in, and then becomes what is so. */
void metrics_event(struct metrics *m, const struct event *event, enum metrics_more more)
{
	struct metrics_facts facts = m->facts[m->current];
	uint32_t other = !m->current;

	if (event->seq <= facts.seq)
		return;
	facts.seq = event->seq;
	switch (event->what) {
	case EVENT_BORN:
		facts.births++;
		facts.alive++;
		break;
	case EVENT_READY:
		facts.readies++;
		break;
	case EVENT_DIED:
		facts.deaths++;
		facts.alive--;
		facts.lost += more == METRICS_LOST;
		break;
	case EVENT_REMOVED:
		facts.alive -= more != METRICS_OVER;
		break;
	default:
		break;
	}
	if (event->has_code)
		facts.codes[class_of(event->code)]++;
	m->facts[other] = facts;
	__atomic_store_n(&m->current, other, __ATOMIC_RELEASE);
}

void metrics_request(struct metrics *m, uint32_t opcode)
{
	m->requests[opcode < METRICS_OPERATIONS ? opcode : 0]++;
}

void metrics_error(struct metrics *m, int error)
{
	if (error < 0)
		m->errors[error > -METRICS_ERRORS ? -error : 0]++;
}

static void observe(struct histogram *h, const struct bound *bounds, uint64_t value)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS - 1 && value > bounds[i].most)
		i++;
	h->buckets[i]++;
	h->sum += value;
}

void metrics_commit(struct metrics *m, int r, unsigned events, int64_t ns)
{
	if (r < 0)
		m->failed++;
	else
		m->commits++;
	observe(&m->commit_events, events_bounds, events);
	observe(&m->commit_time, time_bounds, ns > 0 ? (uint64_t)ns : 0);
}

/* ---- telling ---- */

#define PREFIX "graveyardfs_"

static void put_family(struct buf *text, const char *name, const char *type, const char *help)
{
	buf_addf(text, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void put_labelled(struct buf *text, const char *name, const char *label, const char *value,
			 uint64_t number)
{
	buf_addf(text, PREFIX "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, number);
}

static void put_single(struct buf *text, const char *name, const char *type, const char *help,
		       uint64_t number)
{
	put_family(text, name, type, help);
	buf_addf(text, PREFIX "%s %" PRIu64 "\n", name, number);
}

static void put_histogram(struct buf *text, const char *name, const char *help,
			  const struct histogram *h, const struct bound *bounds, uint64_t unit)
{
	uint64_t count = 0;

	put_family(text, name, "histogram", help);
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		count += h->buckets[i];
		buf_addf(text, PREFIX "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name,
			 i < METRICS_BUCKETS - 1 ? bounds[i].text : "+Inf", count);
	}
	if (unit == 1)
		buf_addf(text, PREFIX "%s_sum %" PRIu64 "\n", name, h->sum);
	else
		buf_addf(text, PREFIX "%s_sum %" PRIu64 ".%09" PRIu64 "\n", name, h->sum / unit,
			 h->sum % unit);
	buf_addf(text, PREFIX "%s_count %" PRIu64 "\n", name, count);
}

/* A number of many, and what its label says. */
struct named {
	unsigned number;
	const char *name;
};

/* Those that are named, and all the rest in one. */
static void put_named(struct buf *text, const char *name, const char *label,
		      const struct named *named, size_t count, const uint64_t *numbers, size_t all)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < all; i++)
		rest += numbers[i];
	for (size_t i = 0; i < count; i++) {
		put_labelled(text, name, label, named[i].name, numbers[named[i].number]);
		rest -= numbers[named[i].number];
	}
	put_labelled(text, name, label, "other", rest);
}

static const struct named operations[] = {
	{FUSE_ACCESS, "access"},   {FUSE_BATCH_FORGET, "batch_forget"},
	{FUSE_CREATE, "create"},   {FUSE_FLUSH, "flush"},
	{FUSE_FORGET, "forget"},   {FUSE_GETATTR, "getattr"},
	{FUSE_INIT, "init"},       {FUSE_INTERRUPT, "interrupt"},
	{FUSE_LINK, "link"},       {FUSE_LOOKUP, "lookup"},
	{FUSE_MKDIR, "mkdir"},     {FUSE_MKNOD, "mknod"},
	{FUSE_OPEN, "open"},       {FUSE_OPENDIR, "opendir"},
	{FUSE_POLL, "poll"},       {FUSE_READ, "read"},
	{FUSE_READDIR, "readdir"}, {FUSE_RELEASE, "release"},
	{FUSE_RENAME, "rename"},   {FUSE_RENAME2, "rename2"},
	{FUSE_RMDIR, "rmdir"},     {FUSE_SETATTR, "setattr"},
	{FUSE_STATFS, "statfs"},   {FUSE_SYMLINK, "symlink"},
	{FUSE_UNLINK, "unlink"},   {FUSE_WRITE, "write"},
};

#define ERROR(e)      \
	{             \
		e, #e \
	}

static const struct named errors[] = {
	ERROR(EACCES),    ERROR(EAGAIN),  ERROR(EBADF),  ERROR(ECANCELED), ERROR(ECONNREFUSED),
	ERROR(EFBIG),     ERROR(EINTR),   ERROR(EINVAL), ERROR(EIO),       ERROR(ENAMETOOLONG),
	ERROR(ENFILE),    ERROR(ENODATA), ERROR(ENOENT), ERROR(ENOMEM),    ERROR(ENOSPC),
	ERROR(ENOSYS),    ERROR(EPERM),   ERROR(EROFS),  ERROR(ESRCH),     ERROR(ESTALE),
	ERROR(ETIMEDOUT),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_facts(const struct metrics_facts *f, const struct metrics_now *now,
		      struct buf *text)
{
	static const char *const classes[EXIT_CLASSES] = {"0", "1-125", "126-127", "128-255"};

	put_single(text, "births_total", "counter", "Lives that began.", f->births);
	put_single(text, "readies_total", "counter", "Lives that became ready.", f->readies);
	put_single(text, "deaths_total", "counter", "Lives that ended, with a code or without.",
		   f->deaths);
	put_family(text, "exit_codes_total", "counter",
		   "Exit codes that became known, with the death or after it.");
	for (size_t i = 0; i < EXIT_CLASSES; i++)
		put_labelled(text, "exit_codes_total", "code", classes[i], f->codes[i]);
	put_single(text, "alive", "gauge", "Names that are alive.", f->alive);
	put_single(text, "leases", "gauge", "Leases that are held.", now->leases);
	put_single(text, "lost_leases_total", "counter",
		   "Lives that ended because nobody could be shown to hold their lease any more.",
		   f->lost);
}

static void put_waits(const unsigned *waits, struct buf *text)
{
	put_family(text, "waits", "gauge",
		   "Reads that are parked, and polls, by what they wait for.");
	for (enum view_id id = VIEW_WAIT_BORN; id <= VIEW_WAIT_DRAINED; id++)
		put_labelled(text, "waits", "kind", view_get(id)->name, waits[id]);
	put_labelled(text, "waits", "kind", "events", waits[VIEW_EVENTS]);
}

static void put_commits(const struct metrics *m, struct buf *text)
{
	put_family(text, "commits_total", "counter", "Transactions of the database.");
	put_labelled(text, "commits_total", "result", "success", m->commits);
	put_labelled(text, "commits_total", "result", "failure", m->failed);
	put_histogram(text, "commit_events", "Events in one transaction.", &m->commit_events,
		      events_bounds, 1);
	put_histogram(text, "commit_duration_seconds",
		      "What it took to commit a transaction, and to wake whoever waited for it.",
		      &m->commit_time, time_bounds, NSEC_PER_SEC);
}

static void put_store(const struct store_info *store, struct buf *text)
{
	put_family(text, "database_size_bytes", "gauge",
		   "Size of the database, and of the log of what is not in it yet.");
	put_labelled(text, "database_size_bytes", "file", "database", store->bytes);
	put_labelled(text, "database_size_bytes", "file", "log", store->log_bytes);
}

static void put_build(const struct metrics_now *now, struct buf *text)
{
	put_family(text, "build_info", "gauge", "Always 1; the labels have the versions.");
	buf_addf(text, PREFIX "build_info{version=\"%s\",libfuse=\"%s\",%s=\"%s\"} 1\n",
		 GRAVEYARDFS_VERSION, now->libfuse, now->store.engine, now->store.version);
}

void metrics_text(const struct metrics *m, const struct metrics_now *now, struct buf *text)
{
	put_build(now, text);
	put_facts(&m->facts[m->current], now, text);
	put_waits(now->waits, text);
	put_single(text, "worker_restarts_total", "counter",
		   "How often another process had to go on serving.",
		   __atomic_load_n(&m->restarts, __ATOMIC_RELAXED));
	put_commits(m, text);
	put_family(text, "requests_total", "counter", "Requests of the kernel, by FUSE operation.");
	put_named(text, "requests_total", "operation", operations, COUNT(operations), m->requests,
		  METRICS_OPERATIONS);
	put_family(text, "errors_total", "counter", "Requests that were answered with an error.");
	put_named(text, "errors_total", "errno", errors, COUNT(errors), m->errors, METRICS_ERRORS);
	put_store(&now->store, text);
}
