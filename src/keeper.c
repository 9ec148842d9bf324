/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "errand.h"
#include "exit_status.h"
#include "fs/shared.h"
#include "handover.h"
#include "keeper_private.h"
#include "options.h"

/* How long a worker may take to end once it has to: then the mount ends without it. */
#define PATIENCE (3 * NSEC_PER_SEC)

/* How long the herald is waited for in the end: nobody may depend on it. */
#define HERALD_ENDS_MS 1000

/* What one of the others has of our descriptors, at most. */
#define FDS_MAX (DEVICES + 8)

/* ---- the mount ---- */

static int mount_it(struct keeper *k)
{
	int r = held_mount_make(&k->mount);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < DEVICES; i++)
		k->handover->fuse_fds[i] = k->mount.fds[i];
	k->handover->mounts++;
	k->handover->ready = 0;
	return 0;
}

static void unmount_it(struct keeper *k)
{
	held_mount_end(&k->mount, k->handover && k->handover->gone);
}

/* Nobody can go on with this connection. Everybody gets an error now, rather than hang. */
static int mount_again(struct keeper *k)
{
	const off_t size = (off_t)(HANDOVER_SIZE + k->session_size);

	held_mount_give_up(&k->mount);
	/* What was left for the next worker was about that connection: zeros again. */
	if (ftruncate(HANDOVER_FD, HANDOVER_SIZE) < 0 || ftruncate(HANDOVER_FD, size) < 0)
		return log_failure(-errno, "begin anew for", k->options->mountpoint);
	if (k->herald.pid)
		(void)kill(k->herald.pid, SIGKILL);
	return mount_it(k);
}

/* ---- those who are started ---- */

/* The descriptors that both have, and those of one of them. */
static size_t list_fds(const struct keeper *k, const struct child *c, int fds[FDS_MAX])
{
	size_t n = 0;

	fds[n++] = HANDOVER_FD;
	if (c == &k->herald) {
		fds[n++] = k->news;
		return n;
	}
	fds[n++] = k->announce;
	fds[n++] = k->inotify;
	fds[n++] = k->directory;
	fds[n++] = k->errands[1];
	for (unsigned i = 0; i < DEVICES; i++)
		fds[n++] = k->mount.fds[i];
	return n;
}

static void start(struct keeper *k, struct child *c)
{
	int fds[FDS_MAX];

	if (c == &k->worker) {
		k->ready = k->handover->ready;
		errand_forget(k->errands[0], k->errands[1]);
	}
	child_start(c, k->program.fd, fds, list_fds(k, c, fds));
	if (c == &k->herald && c->pid)
		k->handover->herald = c->pid;
}

static void say_how(const struct keeper *k, const struct child *c, int status)
{
	struct record r;

	record_begin(&r, RECORD_WARNING, "restarted");
	record_text(&r, "process", c->name);
	if (WIFSIGNALED(status))
		record_text(&r, "signal", sigabbrev_np(WTERMSIG(status)) ?: "RT");
	else
		record_number(&r, "code", WEXITSTATUS(status));
	record_number(&r, "restarts", (int64_t)k->handover->metrics.restarts);
	record_end(&r);
}

static void end(struct keeper *k, int status)
{
	k->done = true;
	k->status = status;
}

static void use_last_program(struct keeper *k)
{
	log_warning("'%s' cannot take over: the program as it was goes on", k->program.path);
	program_go_back(&k->program);
}

static void give_up_connection(struct keeper *k)
{
	record_event(RECORD_WARNING, "mounted-again", "mountpoint", k->options->mountpoint);
	k->broken = 0;
	if (mount_again(k) < 0)
		end(k, EXIT_SYSTEM);
}

static void on_worker_end(struct keeper *k, int status)
{
	keeper_judge(k, status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK) {
		end(k, EXIT_OK);
		return;
	}
	if (keeper_is_hopeless(k, status)) {
		end(k, EXIT_SYSTEM);
		return;
	}
	k->handover->metrics.restarts++;
	k->shared->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	say_how(k, &k->worker, status);
	if (k->broken > 0 && k->program.last >= 0)
		use_last_program(k);
	else if (!keeper_can_go_on(k))
		give_up_connection(k);
}

/* Its number may soon be somebody else's. */
static void on_herald_end(struct keeper *k)
{
	k->handover->herald = 0;
	child_ended(&k->herald, SHORT_LIFE);
}

static void reap(struct keeper *k)
{
	int status;
	pid_t pid;

	/* As process 1, those too whom others left behind. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k->worker.pid)
			on_worker_end(k, status);
		else if (pid == k->herald.pid)
			on_herald_end(k);
	}
}

/* ---- the loop ---- */

static void take_newer_program(struct keeper *k)
{
	int r = program_renew(&k->program);

	if (r < 0) {
		log_error("unable to open '%s': %s, going on with the program as it was",
			  k->program.path, strerror(-r));
		return;
	}
	log_info("SIGUSR2: '%s' takes over", k->program.path);
	if (k->worker.pid)
		(void)kill(k->worker.pid, SIGKILL);
	if (k->herald.pid)
		(void)kill(k->herald.pid, SIGKILL);
}

/* Once: it lingers; twice: it ends now. If it hangs, so would everybody in the mount. */
static void tell_worker(struct keeper *k, uint32_t signal)
{
	int64_t at = clock_monotonic() + PATIENCE;

	k->handover->term_signal = (int32_t)signal;
	if (k->handover->terms++ == 0 && __builtin_add_overflow(at, k->options->linger, &at))
		at = INT64_MAX;
	if (at < k->give_up_at)
		k->give_up_at = at;
	if (k->worker.pid)
		(void)kill(k->worker.pid, SIGTERM);
	else if (k->broken > 0)
		end(k, EXIT_SYSTEM);
}

static void give_up_worker(struct keeper *k)
{
	log_error("the worker does not end: '%s' is unmounted without it", k->options->mountpoint);
	if (k->worker.pid)
		(void)kill(k->worker.pid, SIGKILL);
	held_mount_abort(&k->mount);
	end(k, EXIT_SYSTEM);
}

static void on_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(k);
			break;
		case SIGUSR2:
			take_newer_program(k);
			break;
		default:
			tell_worker(k, info.ssi_signo);
		}
	}
}

static void on_errand(struct keeper *k)
{
	switch (errand_do(k->errands[0], k->directory)) {
	case ERRAND_LEFT_UNMOUNT:
		notify_stopping(&k->notify);
		unmount_it(k);
		break;
	case ERRAND_LEFT_READY:
		notify_ready(&k->notify);
		break;
	case ERRAND_LEFT_NOTHING:
		break;
	}
}

static int timeout(const struct keeper *k)
{
	int64_t worker = child_due(&k->worker), herald = child_due(&k->herald);
	int64_t next = worker < herald ? worker : herald, left;

	if (k->give_up_at < next)
		next = k->give_up_at;
	if (next == INT64_MAX || !k->mount.mounted)
		return -1;
	left = next - clock_monotonic();
	return left <= 0 ? 0 : (int)(left / NSEC_PER_MSEC) + 1;
}

static void start_those_due(struct keeper *k)
{
	int64_t now = clock_monotonic();

	if (!k->mount.mounted)
		return;
	if (child_due(&k->worker) <= now)
		start(k, &k->worker);
	if (child_due(&k->herald) <= now)
		start(k, &k->herald);
}

static void loop(struct keeper *k)
{
	struct pollfd fds[] = {
		{.fd = k->signal_fd, .events = POLLIN},
		{.fd = k->errands[0], .events = POLLIN},
		{.fd = k->mount.second.table, .events = POLLPRI},
	};

	while (!k->done) {
		start_those_due(k);
		if (poll(fds, 3, timeout(k)) < 0 && errno != EINTR) {
			log_error("unable to wait: %s", strerror(errno));
			end(k, EXIT_SYSTEM);
		}
		if (fds[1].revents)
			on_errand(k);
		if (fds[2].revents)
			held_mount_look(&k->mount);
		if (fds[0].revents)
			on_signals(k);
		if (k->mount.mounted && clock_monotonic() >= k->give_up_at)
			give_up_worker(k);
	}
}

/* With the mount its requests have ended, so it does, too; but it is not depended on. */
static void end_herald(struct keeper *k)
{
	struct pollfd child = {.fd = k->signal_fd, .events = POLLIN};
	struct signalfd_siginfo info;

	if (k->herald.pid)
		(void)kill(k->herald.pid, SIGKILL);
	while (k->herald.pid && poll(&child, 1, HERALD_ENDS_MS) > 0) {
		if (read(k->signal_fd, &info, sizeof(info)) < 0)
			break;
		reap(k);
	}
}

int keeper_run(const struct options *options, char **argv)
{
	struct keeper k = {
		.options = options,
		.program = {.fd = -1, .last = -1},
		.directory = -1,
		.inotify = -1,
		.notify = {.fd = -1},
		.give_up_at = INT64_MAX,
		.status = EXIT_SYSTEM,
	};
	int r;

	held_mount_init(&k.mount, options->mountpoint, options->read_only, options->read_only_at);
	r = child_init(&k.worker, "worker", WORKER_NAME, argv);
	if (r == 0)
		r = child_init(&k.herald, "herald", HERALD_NAME, argv);
	if (r == 0)
		r = keeper_prepare(&k);
	if (r == 0) {
		notify_open(&k.notify);
		r = mount_it(&k);
	}
	if (r == 0)
		loop(&k);
	notify_stopping(&k.notify);
	unmount_it(&k);
	held_mount_let_go(&k.mount);
	end_herald(&k);
	child_release(&k.worker);
	child_release(&k.herald);
	return k.status;
}
