/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sock_diag.h"
#include "core/graveyard.h"
#include "errand.h"
#include "exit_status.h"
#include "fs/fault.h"
#include "fs/session.h"
#include "handover.h"
#include "happening.h"
#include "mountpoint.h"
#include "options.h"
#include "sandbox.h"
#include "underneath.h"
#include "until.h"
#include "worker.h"
#include "yard.h"

/* How long what was written underneath is heard of, at a start and at the end: somebody may write without end. */
#define CATCH_UP_AT_MOST (300 * NSEC_PER_MSEC)

/* How long the mount may be kept for leaving the stones underneath. */
#define LEAVE_AT_MOST (300 * NSEC_PER_MSEC)

/* All that is open, in the order in which it was opened. */
struct server {
	const struct options *options;
	struct handover *handover;
	int signal_fd;
	int fuse_fds[DEVICES];
	struct sock_diag sock_diag;
	struct yard yard;
	struct underneath *underneath; /* NULL: read-only */
	struct until *until;           /* NULL: no --until */
	struct fs *fs;
};

/* It was blocked by the keeper. */
static int open_signals(struct server *s)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

/* Half of what the kernel's patience is: everything is answered well before it ends. */
static int64_t find_max_park(bool first)
{
	int64_t timeout = mountpoint_request_timeout();

	if (timeout == INT64_MAX)
		return timeout;
	if (first)
		log_warning("this kernel aborts a FUSE connection when a request takes %lld s: "
			    "waits are answered EAGAIN after %lld s",
			    (long long)(timeout / NSEC_PER_SEC),
			    (long long)(timeout / 2 / NSEC_PER_SEC));
	return timeout / 2;
}

static int open_session(struct server *s)
{
	const struct options *o = s->options;
	struct session_config config = {
		.graveyard = s->yard.graveyard,
		.vigils = s->yard.vigils,
		.sock_diag = &s->sock_diag,
		.fuse_fds = s->fuse_fds,
		.mapping = handover_session(s->handover),
		.herald = &s->handover->herald,
		.hides = &s->handover->hides,
		.metrics = &s->handover->metrics,
		.gathers = o->power,
		.read_only = o->read_only,
		.max_waits = o->max_waits,
		.max_names = o->max_names,
		.max_park = find_max_park(s->handover->ready == 0),
		.on_event = happening_log,
	};

	int r = session_new(&config, &s->fs);

	/* That it is gone is said otherwise. */
	return r == -ENODEV ? r : log_failure(r, "start serving", o->mountpoint);
}

static int open_underneath(struct server *s)
{
	const struct handover *h = s->handover;

	if (h->directory < 0)
		return 0;
	return log_failure(underneath_open(h->directory, h->inotify, h->errands, s->yard.graveyard,
					   &s->underneath),
			   "use what lies underneath", s->options->mountpoint);
}

/* Has none come up before it? */
static bool is_first(const struct handover *h)
{
	return h->mounts == 1 && h->ready == 0;
}

/* What came while nobody served was told after all that is known. */
static int take_in(struct server *s)
{
	int r = 0;

	if (!s->underneath)
		return 0;
	if (!is_first(s->handover))
		r = underneath_catch_up(s->underneath, clock_monotonic() + CATCH_UP_AT_MOST,
					session_commit, s->fs);
	if (r == 0)
		r = underneath_take_in(s->underneath, true, session_commit, s->fs);
	return log_failure(r, "take in what lies in", s->options->mountpoint);
}

/* Nobody has watched before the first worker that came up: what was before is not announced. */
static void begin_announcing(struct server *s)
{
	struct handover *h = s->handover;

	if (is_first(h))
		h->announced = graveyard_seq(s->yard.graveyard);
}

static int keep_until(struct server *s)
{
	if (!s->options->until)
		return 0;
	return log_failure(until_new(s->yard.graveyard, s->yard.vigils, s->options->until,
				     s->handover->seq, &s->until),
			   "wait for", s->options->until);
}

/* From the start to the first request. */
static int start(struct server *s)
{
	const char *mountpoint = s->options->mountpoint;
	int r = open_signals(s);

	if (r < 0)
		return log_failure(r, "get signals for", mountpoint);
	for (unsigned i = 0; i < DEVICES; i++)
		s->fuse_fds[i] = s->handover->fuse_fds[i];
	sock_diag_open(&s->sock_diag);
	r = yard_open(s->options, &s->yard);
	if (r == 0)
		begin_announcing(s);
	if (r == 0)
		r = keep_until(s);
	if (r == 0)
		r = open_underneath(s);
	/* From the first request on it reads what strangers write. */
	if (r == 0)
		r = log_failure(sandbox_enter(), "give up privileges for", mountpoint);
	if (r == 0)
		r = open_session(s);
	if (r == 0)
		r = take_in(s);
	if (r == 0)
		r = log_failure(session_judge(s->fs), "judge the leases of", mountpoint);
	return r;
}

/* Somebody else ended it, perhaps while nobody served. */
static int say_gone(struct server *s)
{
	log_warning("'%s' was unmounted, or its connection aborted, by somebody else",
		    s->options->mountpoint);
	s->handover->gone = 1;
	return 0;
}

static int serve(struct server *s)
{
	struct worker worker = {
		.fs = s->fs,
		.graveyard = s->yard.graveyard,
		.vigils = s->yard.vigils,
		.underneath = s->underneath,
		.until = s->until,
		.until_text = s->options->until,
		.handover = s->handover,
		.fuse_fd = s->fuse_fds[0],
		.signal_fd = s->signal_fd,
		.linger = s->options->linger,
	};
	int r;

	if (s->handover->ready++ == 0)
		record_event(RECORD_INFO, "serving", "mountpoint", s->options->mountpoint);
	(void)log_failure(errand_ready(s->handover->errands), "tell of", s->options->mountpoint);
	r = worker_run(&worker);
	if (r == -ENODEV)
		r = say_gone(s);
	return log_failure(r, "go on serving", s->options->mountpoint);
}

/* Has the keeper unmount; then nobody but it has the connection open. */
static void ask_for_unmount(struct server *s)
{
	session_free(s->fs);
	s->fs = NULL;
	for (unsigned i = 0; i < DEVICES; i++)
		(void)close(s->fuse_fds[i]);
	(void)log_failure(errand_unmount(s->handover->errands), "ask for the unmounting of",
			  s->options->mountpoint);
}

static void leave(struct server *s)
{
	int64_t gone;
	bool left;

	if (!s->underneath) {
		ask_for_unmount(s);
		return;
	}
	/* What was written there and not heard of yet would be written over. */
	if (s->fs)
		(void)underneath_catch_up(s->underneath, clock_monotonic() + CATCH_UP_AT_MOST,
					  session_commit, s->fs);
	/* So that there is no moment without them; but a million of them must not keep the mount, which
	 * a SIGKILL would leave behind dead. */
	left = underneath_leave(s->underneath, clock_monotonic() + LEAVE_AT_MOST, INT64_MAX);
	gone = clock_file();
	ask_for_unmount(s);
	if (!left)
		(void)underneath_leave(s->underneath, INT64_MAX, gone);
}

static void close_all(struct server *s)
{
	session_free(s->fs);
	underneath_close(s->underneath);
	until_free(s->until);
	yard_close(&s->yard);
	sock_diag_close(&s->sock_diag);
	if (s->signal_fd >= 0)
		(void)close(s->signal_fd);
}

/* NULL: what the keeper has made is not for us. */
static struct handover *take_handover(const struct options *o)
{
	_cleanup_(cleanup_close) int fd = HANDOVER_FD; /* open, it could be made shorter */
	struct handover *h = handover_map(fd, 0);
	size_t size = 0;

	if (!h || session_size(o->max_waits, &size) < 0)
		return NULL;
	if (h->layout != HANDOVER_LAYOUT || h->session_size != size)
		return NULL;
	return handover_map(fd, size);
}

int server_run(const struct options *options)
{
	struct server s = {
		.options = options,
		.signal_fd = -1,
		.sock_diag = {.requests = -EBADF, .news = -1},
	};
	int r;

	(void)prctl(PR_SET_NAME, "gyfs-worker");
	(void)signal(SIGPIPE, SIG_IGN);
	s.handover = take_handover(options);
	if (!s.handover)
		return EXIT_OTHER_LAYOUT;
	fault("start");
	r = start(&s);
	if (r == 0)
		r = serve(&s);
	else if (r == -ENODEV)
		r = say_gone(&s);
	if (r == 0)
		leave(&s);
	close_all(&s);
	return r < 0 ? EXIT_SYSTEM : EXIT_OK;
}
