/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/record.h"
#include "bury/carver.h"
#include "bury/child.h"
#include "bury/epitaph.h"
#include "bury/funeral.h"
#include "bury/loop.h"
#include "bury/notify.h"
#include "bury/options.h"
#include "bury/signal_names.h"
#include "bury/watch.h"

enum phase {
	PHASE_WAITING,  /* for --after */
	PHASE_RUNNING,  /* the child runs */
	PHASE_STOPPING, /* it was told to stop, and has until `deadline` */
	PHASE_KILLED,   /* it was sent KILL */
	PHASE_OVER,     /* `code` is what to exit with */
	PHASES
};

enum event {
	EVENT_GO,       /* what --after waits for is there */
	EVENT_HOPELESS, /* and never will be */
	EVENT_CUE,      /* what --until waits for is there */
	EVENT_STOP,     /* a signal that says so */
	EVENT_SIGNAL,   /* any other */
	EVENT_END,      /* the child is over */
	EVENT_DEADLINE,
	EVENTS
};

struct supervisor {
	struct options *options;
	enum phase phase;
	int64_t deadline;
	int code;
	struct epitaph epitaph;
	bool cued;   /* stopped by --until, and by no signal before */
	bool gone;   /* --until is there: told once */
	int again;   /* what became of telling another graveyard that we live */
	bool untold; /* its birth could not be written, so there is no death to be */

	struct loop loop;
	struct signals signals;
	struct source signal_source, notify_source;
	struct signalfd_siginfo signal; /* that is dealt with */
	struct watch watch;
	struct carver carver;
	struct child child;
};

static void happen(struct supervisor *s, enum event event);

/* ---- the end ---- */

static void end(struct supervisor *s, int code)
{
	s->phase = PHASE_OVER;
	s->deadline = NEVER;
	s->code = code;
}

/* A signal or --until came before the start, or the start cannot come. */
static void give_up(struct supervisor *s, int code)
{
	struct record r;

	record_begin(&r, RECORD_WARNING, "not-started");
	record_text(&r, "reason", s->epitaph.text);
	record_number(&r, "code", code);
	record_end(&r);
	end(s, code);
}

static void give_up_hopeless(struct supervisor *s)
{
	epitaph_hopeless(&s->epitaph, &s->options->after);
	give_up(s, EXIT_NOT_BEGUN);
}

static void give_up_late(struct supervisor *s)
{
	epitaph_late(&s->epitaph, &s->options->after, watch_there(&s->watch));
	give_up(s, EXIT_NOT_BEGUN);
}

static void give_up_cued(struct supervisor *s)
{
	epitaph_cued(&s->epitaph, &s->options->until, false);
	give_up(s, s->options->ignore_code ? 0 : EXIT_SIGNAL + SIGTERM);
}

static void give_up_signalled(struct supervisor *s)
{
	int signal = (int)s->signal.ssi_signo;

	epitaph_signalled(&s->epitaph, signal);
	give_up(s, EXIT_SIGNAL + signal);
}

/* As by nohup(1), or of what a script runs in the background. */
static bool is_ignored(int signal)
{
	struct sigaction found;

	return sigaction(signal, NULL, &found) == 0 && found.sa_handler == SIG_IGN;
}

/* There is nobody yet to pass it on to. Of what ends other programs, this ends us that people end programs with. */
static void mind_signal(struct supervisor *s)
{
	int signal = (int)s->signal.ssi_signo;
	char text[SIGNAL_NAME_MAX];

	if ((signal == SIGHUP || signal == SIGINT || signal == SIGQUIT) && !is_ignored(signal))
		give_up_signalled(s);
	else
		record_event(RECORD_INFO, "signal-dropped", "signal", signal_name(signal, text));
}

/* ---- the start ---- */

static void tell_started(const struct supervisor *s)
{
	struct record r;

	record_begin(&r, RECORD_INFO, "started");
	record_number(&r, "pid", s->child.pid);
	record_text(&r, "command", s->options->command[0]);
	record_end(&r);
}

static void call_ready(struct supervisor *s)
{
	int r;

	if (!s->options->name || stone_has(&s->carver.stone, FACT_READY))
		return;
	r = carver_ready(&s->carver, clock_now());
	if (record_failure(r, "cannot-write-stone", "graveyard", s->options->graveyard) == 0)
		record_event(RECORD_INFO, "ready", "graveyard", s->options->graveyard);
}

static void fail_to_start(struct supervisor *s, int error)
{
	const char *command = s->options->command[0];

	(void)record_failure(error, "cannot-run", "command", command);
	epitaph_not_run(&s->epitaph, command, error);
	end(s, error == -ENOENT                       ? EXIT_NOT_FOUND
	       : error == -EAGAIN || error == -ENOMEM ? EXIT_SYSTEM
						      : EXIT_NOT_RUN);
}

/* Born first: what cannot be told to others is not begun. */
static void start(struct supervisor *s)
{
	int r;

	if (!watch_there(&s->watch))
		return; /* until it is, or the deadline */
	r = carver_born(&s->carver, &s->watch.place, clock_now());
	if (watch_blames(&s->watch, r))
		return;
	if (record_failure(r, "cannot-write-stone", "graveyard", s->options->graveyard) < 0) {
		s->untold = true;
		end(s, EXIT_SYSTEM);
		return;
	}
	r = child_start(&s->child, s->options->command, &s->signals);
	if (r < 0) {
		fail_to_start(s, r);
		return;
	}
	s->phase = PHASE_RUNNING;
	s->deadline = NEVER;
	carver_prepare(&s->carver);
	tell_started(s);
	if (s->options->readiness == READY_RUNNING)
		call_ready(s);
}

/* ---- while it runs ---- */

static void pass_signal(struct supervisor *s)
{
	char text[SIGNAL_NAME_MAX];
	const char *name = signal_name((int)s->signal.ssi_signo, text);

	if (record_failure(child_pass(&s->child, &s->signal), "cannot-pass-signal", "signal",
			   name) == 0)
		record_event(RECORD_INFO, "signal-passed", "signal", name);
}

static void begin_grace(struct supervisor *s)
{
	s->phase = PHASE_STOPPING;
	s->deadline = loop_deadline(s->options->grace);
}

static void stop_signalled(struct supervisor *s)
{
	pass_signal(s);
	begin_grace(s);
}

static void stop_cued(struct supervisor *s)
{
	const struct term *term = goal_decider(&s->options->until, TERM_HOLDS);
	char text[TERM_TEXT_MAX], name[SIGNAL_NAME_MAX];
	struct record r;

	/* First the signal: it is what somebody waits for. */
	int error = child_signal(&s->child, s->options->signal);

	begin_grace(s);
	s->cued = true;
	epitaph_cued(&s->epitaph, &s->options->until, true);
	record_begin(&r, error < 0 ? RECORD_ERROR : RECORD_INFO, "stopping");
	record_text(&r, "cond", term_text(term, text));
	record_text(&r, "signal", signal_name(s->options->signal, name));
	record_error(&r, error);
	record_end(&r);
}

static void kill_it(struct supervisor *s)
{
	int error = child_signal(&s->child, SIGKILL);

	s->phase = PHASE_KILLED;
	s->deadline = NEVER;
	epitaph_add_killed(&s->epitaph);
	record_event(RECORD_WARNING, "killed", "reason", "the grace period is over");
	(void)record_failure(error, "cannot-kill", "command", s->options->command[0]);
}

static void take_code(struct supervisor *s)
{
	int code = s->child.code;

	if (s->cued && s->options->ignore_code && code != 0) {
		epitaph_add_code(&s->epitaph, code);
		code = 0;
	}
	end(s, code);
}

/* ---- what happens when ---- */

static void (*const actions[PHASES][EVENTS])(struct supervisor *s) = {
	[PHASE_WAITING] =
		{
			[EVENT_GO] = start,
			[EVENT_HOPELESS] = give_up_hopeless,
			[EVENT_CUE] = give_up_cued,
			[EVENT_STOP] = give_up_signalled,
			[EVENT_SIGNAL] = mind_signal,
			[EVENT_DEADLINE] = give_up_late,
		},
	[PHASE_RUNNING] =
		{
			[EVENT_CUE] = stop_cued,
			[EVENT_STOP] = stop_signalled,
			[EVENT_SIGNAL] = pass_signal,
			[EVENT_END] = take_code,
		},
	[PHASE_STOPPING] =
		{
			[EVENT_STOP] = pass_signal,
			[EVENT_SIGNAL] = pass_signal,
			[EVENT_END] = take_code,
			[EVENT_DEADLINE] = kill_it,
		},
	[PHASE_KILLED] =
		{
			[EVENT_END] = take_code,
		},
};

static void happen(struct supervisor *s, enum event event)
{
	if (actions[s->phase][event])
		actions[s->phase][event](s);
}

/* What the child has said of itself. */
static void hear(struct supervisor *s)
{
	if (s->notify_source.fd >= 0 && notify_read(s->notify_source.fd))
		call_ready(s);
}

static void notify_ready(struct source *source)
{
	hear((struct supervisor *)((char *)source - offsetof(struct supervisor, notify_source)));
}

static void take_signal(struct supervisor *s)
{
	int signal = (int)s->signal.ssi_signo;

	if (signal == SIGCHLD) {
		if (child_reap(&s->child)) {
			hear(s); /* its last words may come after the news of its end */
			happen(s, EVENT_END);
		}
		return;
	}
	/* Of our own writing, to a pipe that nobody reads, or a file that may not grow. */
	if ((signal == SIGPIPE || signal == SIGXFSZ) && s->signal.ssi_pid == (uint32_t)getpid())
		return;
	happen(s, signal == SIGTERM || signal == s->options->signal ? EVENT_STOP : EVENT_SIGNAL);
}

static void signal_ready(struct source *source)
{
	struct supervisor *s =
		(struct supervisor *)((char *)source - offsetof(struct supervisor, signal_source));

	if (read(source->fd, &s->signal, sizeof(s->signal)) == (ssize_t)sizeof(s->signal))
		take_signal(s);
}

/* What the watch has found out. Stopping goes before starting. */
static void look_at_goals(struct supervisor *s)
{
	enum term_state after = goal_state(&s->options->after);

	if (s->options->until.count && !s->gone && goal_state(&s->options->until) == TERM_HOLDS) {
		s->gone = true;
		happen(s, EVENT_CUE);
	}
	if (after == TERM_HOLDS)
		happen(s, EVENT_GO);
	else if (after == TERM_HOPELESS)
		happen(s, EVENT_HOPELESS);
}

static void look_at_time(struct supervisor *s)
{
	if (s->deadline <= clock_monotonic()) {
		s->deadline = NEVER;
		happen(s, EVENT_DEADLINE);
	}
}

/* The graveyard is another one, or back: it shall know of us. Failures are told once for each reason. */
static void look_at_place(struct supervisor *s)
{
	int r;

	if (!watch_changed(&s->watch) || !s->child.pid)
		return;
	r = carver_again(&s->carver, &s->watch.place);
	if (watch_blames(&s->watch, r))
		return;
	if (r != s->again)
		(void)record_failure(r, "cannot-write-stone", "graveyard", s->options->graveyard);
	s->again = r;
	if (r < 0)
		watch_repeat(&s->watch);
}

/* Hears all that there is now before it does anything of it: a death goes before a start. */
static int turn(struct supervisor *s)
{
	int64_t deadline = watch_deadline(&s->watch);
	int r = loop_turn(&s->loop, s->deadline < deadline ? s->deadline : deadline);

	while (r > 0 && s->phase == PHASE_WAITING)
		r = loop_turn(&s->loop, 0);
	return r < 0 ? r : 0;
}

static int run(struct supervisor *s)
{
	int r = 0;

	/* What is there already, before anything is begun. */
	while ((r = loop_turn(&s->loop, 0)) > 0)
		;
	while (r >= 0 && s->phase != PHASE_OVER) {
		watch_look(&s->watch);
		look_at_place(s);
		look_at_goals(s);
		look_at_time(s);
		if (s->phase != PHASE_OVER)
			r = turn(s);
	}
	return r;
}

/* ---- */

static int add_signals(struct supervisor *s)
{
	int r = signals_take(&s->signals);

	s->signal_source = (struct source){.fd = s->signals.fd, .ready = signal_ready};
	return r < 0 ? r : loop_add(&s->loop, &s->signal_source, EPOLLIN);
}

static int add_notify(struct supervisor *s)
{
	static char variable[NOTIFY_VARIABLE_MAX];
	int r;

	s->notify_source = (struct source){.fd = -1, .ready = notify_ready};
	if (s->options->readiness != READY_TOLD)
		return 0;
	r = notify_open(&s->notify_source.fd, variable);
	if (r == 0 && putenv(variable) != 0)
		r = -errno;
	return r < 0 ? r : loop_add(&s->loop, &s->notify_source, EPOLLIN);
}

/* A name that the graveyard does not know is a mistake in the command line, as --names tells them. */
static int begin_watch(struct supervisor *s)
{
	const struct term *term = NULL;
	char text[TERM_TEXT_MAX];
	int r = watch_begin(&s->watch, &s->loop, s->options->graveyard, &s->options->after,
			    &s->options->until, &term);

	if (r == -ENOENT && term) {
		record_event(RECORD_ERROR, "no-such-name", "cond", term_text(term, text));
		return EXIT_USAGE;
	}
	r = record_failure(r, "cannot-watch", "graveyard", s->options->graveyard);
	return r < 0 ? EXIT_SYSTEM : 0;
}

static int prepare(struct supervisor *s)
{
	int r = loop_init(&s->loop);

	if (r == 0)
		r = add_signals(s);
	if (r == 0)
		r = add_notify(s);
	if (record_failure(r, "cannot-start", "command", s->options->command[0]) < 0)
		return EXIT_SYSTEM;
	r = place_make(s->options->graveyard);
	if (record_failure(r, "cannot-make-graveyard", "graveyard", s->options->graveyard) < 0)
		return EXIT_SYSTEM;
	return begin_watch(s);
}

static void tell_ended(const struct supervisor *s)
{
	char text[SIGNAL_NAME_MAX];
	struct record r;

	if (s->child.code < 0)
		return;
	record_begin(&r, RECORD_INFO, "ended");
	record_number(&r, "code", s->child.code);
	if (s->child.signal)
		record_text(&r, "signal", signal_name(s->child.signal, text));
	record_end(&r);
}

int supervise(struct options *options)
{
	struct supervisor s;
	int r;

	s = (struct supervisor){.options = options, .child = {.group = options->group, .code = -1}};
	carver_init(&s.carver, options->graveyard, options->name);
	r = prepare(&s);
	if (r != 0)
		return r;
	s.deadline = loop_deadline(options->after_timeout);
	if (record_failure(run(&s), "loop", "command", options->command[0]) < 0)
		return EXIT_SYSTEM;
	/* First the stone: it is what somebody waits for. */
	if (!s.untold)
		funeral(&s.carver, s.signals.fd, options->grace, s.code, s.epitaph.text);
	carver_release(&s.carver);
	tell_ended(&s);
	return s.code;
}
