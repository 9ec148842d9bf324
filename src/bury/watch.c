/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/record.h"
#include "bury/plain.h"
#include "bury/ports.h"
#include "core/stone.h"

#define PORT_INTERVAL (100 * NSEC_PER_MSEC) /* the kernel has no event for a port */
#define PATIENCE_FIRST (20 * NSEC_PER_MSEC) /* doubled each time, up to the last */
#define PATIENCE_LAST (1000 * NSEC_PER_MSEC)
#define DOUBT (10 * NSEC_PER_SEC) /* how long one whose lease was lost may take to come back */
#define DOUBT_INTERVAL (100 * NSEC_PER_MSEC)

#define INTERESTING                                                                             \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_UNMOUNT)

/* ---- terms ---- */

static void settle(struct watch *w, struct term *term, enum term_state state)
{
	char text[TERM_TEXT_MAX];

	loop_remove(w->loop, &term->source);
	term->retry = NEVER;
	term->state = state;
	/* Of what --until waits for is told once the signal is on its way. */
	if (state == TERM_HOLDS && !term->persistent)
		record_event(RECORD_INFO, "holds", "cond", term_text(term, text));
	else if (state == TERM_HOPELESS)
		record_event(RECORD_WARNING, "died-before-ready", "cond", term_text(term, text));
}

static void soon(int64_t *when, int64_t after)
{
	int64_t then = clock_monotonic() + after;

	if (then < *when)
		*when = then;
}

static void try_again(struct watch *w, struct term *term, int64_t after)
{
	loop_remove(w->loop, &term->source);
	term->retry = clock_monotonic() + after;
}

static void lose_place(struct watch *w, int error);
static int wait_for(struct watch *w, struct term *term);

/* Dead before it was ready. */
static void lose_hope(struct watch *w, struct term *term)
{
	int r;

	if (!term->persistent) {
		settle(w, term, TERM_HOPELESS);
		return;
	}
	loop_remove(w->loop, &term->source);
	term->next = true;
	r = wait_for(w, term);
	if (r < 0)
		lose_place(w, r);
}

/*
 * A graveyardfs that comes back, and sees nobody's process, takes all for dead who held a lease, until they take up
 * new ones, as every bury does. That is no death unless they do not.
 */
static bool is_lost(const struct stone *stone)
{
	int64_t age = clock_now() - stone->died;

	return stone_has(stone, FACT_DIED) && strcmp(stone->epitaph, STONE_LEASE_LOST) == 0 &&
	       age > -DOUBT && age < DOUBT;
}

/* What the wait of one tells by: its death, by the stone, or that it died before it was ready. */
static bool tells_lost(const struct term *term, const char *text, size_t len)
{
	struct stone stone;

	return term->kind == TERM_DIED && stone_parse(text, len, &stone, NULL) == 0 &&
	       is_lost(&stone);
}

static bool is_lost_unready(const struct watch *w, const struct term *term)
{
	struct stone stone;

	return !term->persistent && plain_read(w->directory, term->name, &stone) == 0 &&
	       (!stone_has(&stone, FACT_DIED) || is_lost(&stone));
}

static void doubt(struct watch *w, struct term *term)
{
	char text[TERM_TEXT_MAX];

	if (!term->doubted)
		record_event(RECORD_WARNING, "lease-lost", "cond", term_text(term, text));
	term->doubted = true;
	try_again(w, term, DOUBT_INTERVAL);
}

/* Its wait has come, or failed. */
static void term_ready(struct source *source)
{
	struct term *term = (struct term *)((char *)source - offsetof(struct term, source));
	struct watch *w = term->watch;
	char text[STONE_TEXT_MAX];
	ssize_t n = read(source->fd, text, sizeof(text));
	int error = n < 0 ? errno : 0;

	switch (error) {
	case 0:
		if (tells_lost(term, text, (size_t)n))
			doubt(w, term);
		else
			settle(w, term, TERM_HOLDS);
		break;
	case EINTR:
		break;
	case ESRCH:
		if (is_lost_unready(w, term))
			doubt(w, term);
		else
			lose_hope(w, term);
		break;
	case EAGAIN: /* too many wait, or it was answered in time (fs.fuse.max_request_timeout) */
		try_again(w, term, PATIENCE_LAST);
		break;
	default:
		lose_place(w, -error);
	}
}

/* Looks at the port now, and will again. */
static void look_at_port(struct watch *w, struct term *term)
{
	if (port_listening(term->port))
		settle(w, term, TERM_HOLDS);
	else
		term->retry = clock_monotonic() + PORT_INTERVAL;
}

/* Begins the wait of a term on a graveyardfs. */
static int wait_for(struct watch *w, struct term *term)
{
	char path[PATH_MAX];
	int r = snprintf(path, sizeof(path), "%s/.wait/%s/%s%s", w->directory,
			 term_kind_name(term->kind), term->name, term->next ? "@next" : "");

	if (r >= PATH_MAX)
		return -ENAMETOOLONG;
	term->retry = NEVER;
	term->watch = w;
	if (!term->asked)
		term->asked = clock_now();
	term->source = (struct source){.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC),
				       .ready = term_ready};
	if (term->source.fd < 0 && term->kind == TERM_LISTENING && errno == ENOENT) {
		look_at_port(w, term); /* one that has no such wait */
		return 0;
	}
	if (term->source.fd < 0)
		return -errno;
	r = loop_add(w->loop, &term->source, EPOLLIN);
	if (r < 0)
		loop_remove(w->loop, &term->source);
	return r;
}

/* What a stone in a plain directory says of a term. */
static enum term_state judge(enum term_kind kind, const struct stone *stone)
{
	bool died = stone_has(stone, FACT_DIED) || stone_has(stone, FACT_CODE);

	switch (kind) {
	case TERM_BORN:
		return TERM_HOLDS;
	case TERM_READY:
		return died                           ? TERM_HOPELESS
		       : stone_has(stone, FACT_READY) ? TERM_HOLDS
						      : TERM_PENDING;
	case TERM_DIED:
		return died ? TERM_HOLDS : TERM_PENDING;
	case TERM_SUCCEEDED:
		return stone_has(stone, FACT_CODE) && stone->code == 0 ? TERM_HOLDS : TERM_PENDING;
	default:
		return TERM_PENDING;
	}
}

/* A graveyardfs that was asked later has not told of that death: it is an earlier life's, and lay underneath. (Some
 * write whole seconds.) */
static bool is_older(const struct term *term, const struct stone *stone)
{
	return stone_has(stone, FACT_DIED) && stone->died &&
	       stone->died <= term->asked - NSEC_PER_SEC;
}

/* Looks at a stone in a plain directory, where a graveyardfs that has gone may have left it. What cannot be read now is
 * no news. */
static void look_at_stone(struct watch *w, struct term *term)
{
	enum term_state state;
	struct stone stone;

	term->retry = NEVER;
	if (plain_read(w->directory, term->name, &stone) < 0 || is_older(term, &stone))
		return;
	state = judge(term->kind, &stone);
	/* Of a life that was seen and is no longer there, nobody else may have seen the end. */
	if (term->kind == TERM_DIED && term->born && stone.born > term->born)
		state = TERM_HOLDS;
	if (stone_has(&stone, FACT_BORN))
		term->born = stone.born;
	if (state == TERM_PENDING || (state == TERM_HOPELESS && term->persistent))
		return;
	/* What was mounted there meanwhile tells by other means, and not of every death that it shows. */
	if (place_moved(w->directory, &w->place))
		soon(&w->look_again, 0);
	else if ((term->kind == TERM_DIED || state == TERM_HOPELESS) && is_lost(&stone))
		doubt(w, term);
	else
		settle(w, term, state);
}

/* ---- the place ---- */

static struct term *next_pending(struct watch *w, struct term *term)
{
	unsigned goal = 0, at = 0;

	for (bool found = !term; goal < 2; goal++) {
		for (at = 0; at < w->goals[goal]->count; at++) {
			struct term *t = &w->goals[goal]->terms[at];

			if (found && t->state == TERM_PENDING)
				return t;
			found = found || t == term;
		}
	}
	return NULL;
}

static void look_at_stones(struct watch *w)
{
	for (struct term *t = NULL; (t = next_pending(w, t));) {
		if (t->kind != TERM_LISTENING)
			look_at_stone(w, t);
	}
}

static void stop_watching(struct watch *w)
{
	for (struct term *t = NULL; (t = next_pending(w, t));) {
		loop_remove(w->loop, &t->source);
		t->born = 0; /* a graveyardfs has its own time of the same birth */
		t->retry = NEVER;
	}
	loop_remove(w->loop, &w->inotify);
}

static void tell_gone(struct watch *w, int error)
{
	struct record r;

	record_begin(&r, RECORD_WARNING, "graveyard-gone");
	record_text(&r, "graveyard", w->directory);
	record_error(&r, error);
	record_end(&r);
	w->patience = PATIENCE_FIRST;
}

/* Nobody serves it any more: it is looked for again, soon at first. */
static void lose_place(struct watch *w, int error)
{
	if (!w->patience || w->place.kind != PLACE_GONE)
		tell_gone(w, error);
	stop_watching(w);
	w->place = (struct place){.kind = PLACE_GONE, .error = error};
	soon(&w->look_again, w->patience);
	w->patience = w->patience * 2 > PATIENCE_LAST ? PATIENCE_LAST : w->patience * 2;
}

/* Something happened in the plain directory. What exactly does not matter: all that is awaited is looked at. */
static void inotify_ready(struct source *source)
{
	struct watch *w = (struct watch *)((char *)source - offsetof(struct watch, inotify));
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(source->fd, events, sizeof(events)) > 0)
		;
	look_at_stones(w);
	soon(&w->look_again, 0); /* the directory itself may have gone */
}

static int watch_directory(struct watch *w)
{
	w->inotify = (struct source){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
				     .ready = inotify_ready};
	if (w->inotify.fd < 0 || inotify_add_watch(w->inotify.fd, w->directory, INTERESTING) < 0)
		return -errno;
	return loop_add(w->loop, &w->inotify, EPOLLIN);
}

/* Without a stone to wait for there is no watch: the kernel takes 10 ms to close one. */
static int watch_plain(struct watch *w)
{
	int r = 0;

	for (struct term *t = NULL; r == 0 && (t = next_pending(w, t));) {
		if (t->kind == TERM_LISTENING)
			look_at_port(w, t);
		else if (w->inotify.fd < 0)
			r = watch_directory(w);
	}
	if (r == 0)
		look_at_stones(w);
	return r;
}

static int watch_served(struct watch *w, const struct term **ret_term)
{
	for (struct term *t = NULL; (t = next_pending(w, t));) {
		int r = wait_for(w, t);

		if (r < 0) {
			*ret_term = t;
			return r;
		}
	}
	return 0;
}

/* Begins anew with what is there. */
static int take_place(struct watch *w, const struct place *place, const struct term **ret_term)
{
	int r;

	stop_watching(w);
	w->look_again = NEVER;
	if (w->place.kind == PLACE_GONE && w->patience)
		record_event(RECORD_INFO, "graveyard-back", "graveyard", w->directory);
	w->place = *place;
	w->changed = true;
	r = place->kind == PLACE_SERVED ? watch_served(w, ret_term) : watch_plain(w);
	if (r < 0)
		lose_place(w, r);
	return r < 0 && place_moved(w->directory, place) ? 0 : r;
}

/* Is it what it was? */
static int look_at_place(struct watch *w, const struct term **ret_term)
{
	struct place place;

	place_look(w->directory, &place);
	if (place.kind == PLACE_GONE) {
		lose_place(w, place.error);
		return 0;
	}
	return place_same(&place, &w->place) ? 0 : take_place(w, &place, ret_term);
}

static void mounts_ready(struct source *source)
{
	struct watch *w = (struct watch *)((char *)source - offsetof(struct watch, mounts));

	soon(&w->look_again, 0);
}

int watch_begin(struct watch *watch, struct loop *loop, const char *directory, struct goal *first,
		struct goal *second, const struct term **ret_term)
{
	int r = 0;

	*watch = (struct watch){.loop = loop,
				.directory = directory,
				.goals = {first, second},
				.inotify.fd = -1,
				.look_again = NEVER,
				.repeat = NEVER};
	/* Without /proc a mount that covers a plain directory goes unnoticed; all else does not. */
	watch->mounts = (struct source){.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC),
					.ready = mounts_ready};
	if (watch->mounts.fd >= 0)
		r = loop_add(loop, &watch->mounts, EPOLLPRI);
	if (r < 0)
		return r;
	r = look_at_place(watch, ret_term);
	if (r == 0 && watch->place.kind == PLACE_GONE)
		r = watch->place.error;
	return place_outage(r) ? 0 : r;
}

int64_t watch_deadline(const struct watch *watch)
{
	int64_t deadline = watch->look_again < watch->repeat ? watch->look_again : watch->repeat;

	for (struct term *t = NULL; (t = next_pending((struct watch *)watch, t));)
		deadline = t->retry < deadline ? t->retry : deadline;
	return deadline;
}

/* A term whose time has come. */
static void retry(struct watch *w, struct term *term)
{
	int r = 0;

	if (term->kind == TERM_LISTENING && term->source.fd < 0 && w->place.kind == PLACE_PLAIN)
		look_at_port(w, term);
	else if (w->place.kind == PLACE_PLAIN)
		look_at_stone(w, term);
	else
		r = wait_for(w, term);
	if (r < 0)
		lose_place(w, r);
}

void watch_look(struct watch *watch)
{
	const struct term *culprit;
	int64_t now = clock_monotonic();

	if (watch->repeat <= now)
		watch->changed = true;
	if (watch->look_again <= now) {
		watch->look_again = NEVER;
		(void)look_at_place(watch, &culprit);
	}
	for (struct term *t = NULL; (t = next_pending(watch, t));) {
		if (t->retry <= now)
			retry(watch, t);
	}
}

bool watch_blames(struct watch *watch, int error)
{
	if (error >= 0)
		return false;
	if (place_outage(error))
		lose_place(watch, error);
	else if (place_moved(watch->directory, &watch->place))
		soon(&watch->look_again, 0);
	else
		return false;
	return true;
}

bool watch_there(const struct watch *watch)
{
	return watch->place.kind != PLACE_GONE;
}

bool watch_changed(struct watch *watch)
{
	bool changed = watch->changed;

	watch->changed = false;
	if (changed)
		watch->repeat = NEVER;
	return changed;
}

void watch_repeat(struct watch *watch)
{
	watch->repeat = clock_monotonic() + PATIENCE_LAST;
}
