/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/vigil.h"
#include "fs/session.h"
#include "handover.h"
#include "news.h"
#include "underneath.h"
#include "until.h"

/* How long after a failed commit it is tried again, where nobody is told of the failure. */
#define RETRY_AFTER NSEC_PER_SEC

/* How long a request waits for what was written underneath before it: who writes without end keeps nobody else from
 * being served. */
#define FIRST_AT_MOST (20 * NSEC_PER_MSEC)

/* How long what is queued at the end is served, however much it is. */
#define REST_AT_MOST (500 * NSEC_PER_MSEC)

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Is there something that the herald can be told now? */
static bool has_news(const struct worker *w)
{
	return !w->herald_full && w->handover->announced < graveyard_seq(w->graveyard);
}

/* Milliseconds to the next thing that is due, rounded up; -1: nothing is, sleep until something comes. */
static int timeout(const struct worker *w)
{
	int64_t due = earliest(vigils_deadline(w->vigils), w->retry_at);
	int64_t left;

	due = earliest(due, session_deadline(w->fs));
	if (session_goes_on(w->fs) || has_news(w))
		return 0;
	if (w->lingering)
		due = earliest(due, w->linger_until);
	if (due == INT64_MAX)
		return -1;
	left = due - clock_monotonic();
	if (left <= 0)
		return 0;
	left = (left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void on_taken_in(struct worker *w, int r)
{
	bool waits;

	w->take_in_again = r < 0;
	if (r < 0)
		log_error("unable to take in what lies underneath the mount: %s, trying again",
			  strerror(-r));
	waits = w->take_in_again || underneath_is_behind(w->underneath);
	session_let_past(w->fs, waits ? -1 : underneath_fd(w->underneath));
}

static void take_in(struct worker *w, bool all)
{
	on_taken_in(w, underneath_take_in(w->underneath, all || w->take_in_again, session_commit,
					  w->fs));
}

/* What was written there before a request was sent is told before it. */
static void take_in_first(void *arg)
{
	struct worker *w = arg;

	on_taken_in(w, underneath_catch_up(w->underneath, clock_monotonic() + FIRST_AT_MOST,
					   session_commit, w->fs));
}

static void retry(struct worker *w)
{
	if (session_owes(w->fs))
		session_retry(w->fs);
	if (w->take_in_again)
		take_in(w, true);
	w->look_again = false;
	w->retry_at = INT64_MAX;
}

/* Why: two words that are said together. */
static void linger(struct worker *w, const char *why, const char *what)
{
	struct handover *h = w->handover;

	if (!h->linger_until) {
		log_info("%s%s: ending once all are dead and no file is open, or --linger is over",
			 why, what);
		if (__builtin_add_overflow(clock_monotonic(), w->linger, &h->linger_until))
			h->linger_until = INT64_MAX;
	}
	w->linger_until = h->linger_until;
	w->lingering = true;
}

/* Once: linger; twice: now. Perhaps it was told to another worker. */
static void obey(struct worker *w)
{
	uint32_t terms = __atomic_load_n(&w->handover->terms, __ATOMIC_ACQUIRE);

	if (terms > 0 && !w->lingering)
		linger(w, "", sigabbrev_np(w->handover->term_signal));
	if (terms > 1)
		w->ended = true;
}

static void look_until(struct worker *w)
{
	int r = w->look_again || w->lingering ? 0 : until_look(w->until);

	if (r > 0)
		linger(w, "--until ", w->until_text);
	w->look_again |= r < 0;
	if (r < 0)
		log_error("unable to read whether '%s' holds: %s, trying again", w->until_text,
			  strerror(-r));
}

static void on_signal(struct worker *w)
{
	struct signalfd_siginfo info;

	while (read(w->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	obey(w);
}

static bool all_is_told(struct worker *w)
{
	struct store *store = graveyard_store(w->graveyard);
	struct grave grave;

	return !session_in_use(w->fs) &&
	       (!w->underneath || store->ops->list(store, STORE_LIST_ALIVE, 0, &grave) == -ENOENT);
}

static void on_time(struct worker *w)
{
	int64_t now = clock_monotonic();

	if (vigils_deadline(w->vigils) <= now)
		vigils_expire(w->vigils, now);
	if (session_deadline(w->fs) <= now)
		session_expire(w->fs, now);
	if (w->retry_at <= now)
		retry(w);
	if (w->until)
		look_until(w);
	if (w->retry_at == INT64_MAX && (session_owes(w->fs) || w->take_in_again || w->look_again))
		w->retry_at = now + RETRY_AFTER;
	if (w->lingering && (w->linger_until <= now || all_is_told(w)))
		w->ended = true;
}

static int watch(struct worker *w, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int tell_herald(struct worker *w)
{
	int fd = w->handover->announce;
	int r = news_hand_over(w->graveyard, fd, &w->handover->announced);

	if (r != -EAGAIN)
		return r;
	w->herald_full = true;
	return watch(w, fd, EPOLLOUT);
}

static int on_room(struct worker *w)
{
	w->herald_full = false;
	return epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->handover->announce, NULL) < 0 ? -errno : 0;
}

static int serve(struct worker *w)
{
	int r = 0;

	on_time(w);
	while (r >= 0 && !w->ended) {
		struct epoll_event events[4];
		int n = epoll_wait(w->epoll, events, 4, timeout(w));

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && r >= 0; i++) {
			int fd = events[i].data.fd;

			if (fd == w->fuse_fd)
				r = session_serve(w->fs);
			else if (fd == w->signal_fd)
				on_signal(w);
			else if (fd == session_look_fd(w->fs))
				r = session_look(w->fs);
			else if (fd == session_hear_fd(w->fs))
				session_hear(w->fs);
			else if (fd == w->handover->announce)
				r = on_room(w);
			else
				take_in(w, false);
		}
		if (r >= 0 && session_goes_on(w->fs))
			r = session_continue(w->fs);
		if (r >= 0 && has_news(w))
			r = tell_herald(w);
		on_time(w);
	}
	return r < 0 ? r : 0;
}

static int start(struct worker *w)
{
	int r;

	w->retry_at = w->linger_until = INT64_MAX;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0)
		return -errno;
	r = watch(w, w->fuse_fd, EPOLLIN);
	if (r == 0)
		r = watch(w, w->signal_fd, EPOLLIN);
	if (r == 0)
		r = watch(w, session_look_fd(w->fs), EPOLLIN);
	if (r == 0 && session_hear_fd(w->fs) >= 0)
		r = watch(w, session_hear_fd(w->fs), EPOLLIN);
	if (r == 0 && w->underneath)
		r = watch(w, underneath_fd(w->underneath), EPOLLIN);
	if (r == 0 && w->underneath) {
		session_on_others(w->fs, take_in_first, w);
		on_taken_in(w, 0);
	}
	if (r == 0)
		obey(w);
	return r;
}

/* Waits for a request until then. 0: none came. */
static int await_request(const struct worker *w, int64_t until)
{
	struct pollfd request = {.fd = w->fuse_fd, .events = POLLIN};
	int64_t left = until - clock_monotonic();
	int n = left > 0 ? poll(&request, 1, (int)(left / NSEC_PER_MSEC)) : 0;

	return n < 0 && errno != EINTR ? -errno : n;
}

/*
 * What has been asked before the end is answered, and a close that was told is kept. A creation that counts at
 * its close is waited for: close(2) returns before the kernel sends its RELEASE.
 */
static int serve_rest(struct worker *w)
{
	int64_t until = clock_monotonic() + REST_AT_MOST;
	int r;

	do {
		r = session_serve(w->fs);
		if (r == 0 && session_expects_close(w->fs))
			r = await_request(w, until);
	} while (r > 0 && clock_monotonic() < until);
	if (session_owes(w->fs))
		session_retry(w->fs);
	if (session_owes(w->fs))
		log_error("not everything that was told could be kept");
	return r < 0 ? r : 0;
}

int worker_run(struct worker *w)
{
	int r = start(w);

	if (r == 0)
		r = serve(w);
	if (r == 0)
		r = serve_rest(w);
	session_drain(w->fs);
	if (w->epoll >= 0)
		(void)close(w->epoll);
	return r;
}
