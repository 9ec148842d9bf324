/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/without.h"
#include "exit_status.h"
#include "fs/device.h"
#include "fs/session.h"
#include "fs/shared.h"
#include "handover.h"
#include "mountpoint.h"
#include "options.h"
#include "underneath.h"
#include "yard.h"

/* A process that ends sooner than this after its start has failed. */
#define SHORT_LIFE NSEC_PER_SEC

/* So many may fail one after the other before the next has to wait, twice as long each time. */
#define FREE_FAILURES 4
#define WAIT_FIRST (10 * NSEC_PER_MSEC)
#define WAIT_MOST NSEC_PER_SEC

/* So many workers may fail to come up, one after the other, before the connection is given up. */
#define UNREADY_MAX 10

/* How long the herald is waited for in the end: nobody may depend on it. */
#define HERALD_ENDS_MS 1000

/* One of the processes that the keeper starts. */
struct child {
	const char *name;
	char **argv;
	pid_t pid;         /* 0: is not running */
	int64_t started;   /* CLOCK_MONOTONIC */
	int64_t start_at;  /* not before */
	unsigned failures; /* one after the other */
};

struct keeper {
	const struct options *options;
	struct child worker, herald;
	char program_path[PATH_MAX]; /* what a newer program is looked for at */
	int program, last_program;   /* what is executed; and was before; -1 */
	int signal_fd, end_fd, lock_fd;
	int fuse_fds[DEVICES];
	struct handover *handover;
	const struct shared *shared;
	size_t session_size;
	unsigned restarts;
	unsigned ready;   /* handover->ready when the worker was started */
	unsigned unready; /* workers that did not come up, one after the other */
	bool mounted, done;
	int status;
};

/* A command line of its own. NULL: no memory. */
static char **child_argv(char **argv, const char *name)
{
	size_t count = 0;
	char **copy;

	while (argv[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy, argv, count * sizeof(*copy));
	copy[0] = (char *)name; /* execve(2) does not write there */
	return copy;
}

static int fail(int r, const char *what, const char *path)
{
	if (r < 0)
		log_error("unable to %s '%s': %s", what, path, strerror(-r));
	return r;
}

/* ---- before the start ---- */

static int make_handover(struct keeper *k)
{
	int fd, r = session_size(k->options->max_waits, &k->session_size);

	if (r < 0)
		return r;
	fd = memfd_create("graveyardfs", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)(HANDOVER_SIZE + k->session_size)) < 0)
		return -errno;
	if (fd != HANDOVER_FD && (dup3(fd, HANDOVER_FD, O_CLOEXEC) < 0 || close(fd) < 0))
		return -errno;
	k->handover = handover_map(HANDOVER_FD, k->session_size);
	if (!k->handover)
		return -errno;
	k->shared = handover_session(k->handover);
	k->handover->layout = HANDOVER_LAYOUT;
	k->handover->session_size = k->session_size;
	k->handover->directory = k->handover->inotify = -1;
	return 0;
}

/* Signals come through a descriptor, and to nobody else; also to those who are started, by inheritance. */
static int open_signals(struct keeper *k)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2};
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signal_fd < 0 ? -errno : 0;
}

static int open_program(const char *path)
{
	return open(path, O_PATH | O_CLOEXEC);
}

static int find_program(struct keeper *k)
{
	ssize_t n = readlink("/proc/self/exe", k->program_path, sizeof(k->program_path) - 1);

	k->program = n < 0 ? -1 : open_program("/proc/self/exe");
	return k->program < 0 ? -errno : 0;
}

static int open_channels(struct keeper *k)
{
	int end[2], news[2];

	if (pipe2(end, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, news) < 0)
		return -errno;
	k->end_fd = end[0];
	k->handover->end = end[1];
	k->handover->announce = news[0];
	k->handover->news = news[1];
	return 0;
}

/* The database is looked at before anything is mounted, so that what is wrong with it is said now. */
static int prepare(struct keeper *k)
{
	const struct options *o = k->options;
	int r = make_handover(k);

	if (r == 0)
		r = open_signals(k);
	if (r == 0)
		r = find_program(k);
	if (r == 0)
		r = open_channels(k);
	if (r < 0)
		return fail(r, "prepare for", o->mountpoint);
	return yard_prepare(o, &k->lock_fd);
}

static int open_directory(struct keeper *k)
{
	const struct options *o = k->options;
	int r = mountpoint_make(o->mountpoint);

	if (r == 0)
		r = mountpoint_clear(o->mountpoint);
	if (r == -EBUSY) {
		log_error("'%s' is a graveyard already, and is served", o->mountpoint);
		return r;
	}
	if (r == 0 && !o->read_only)
		r = underneath_reach(o->mountpoint, &k->handover->directory, &k->handover->inotify);
	return fail(r, "use the directory", o->mountpoint);
}

/* ---- the mount ---- */

static int mount_it(struct keeper *k)
{
	const struct options *o = k->options;
	int r = mountpoint_mount(o->mountpoint, o->read_only, &k->fuse_fds[0]);

	if (r < 0)
		return fail(r, "mount a FUSE file system on", o->mountpoint);
	k->mounted = true;
	r = devices_open(k->fuse_fds[0], k->fuse_fds);
	if (r < 0)
		return fail(r, "open more of", "/dev/fuse");
	for (unsigned i = 0; i < DEVICES; i++)
		k->handover->fuse_fds[i] = k->fuse_fds[i];
	k->handover->mounts++;
	k->handover->ready = 0;
	return 0;
}

/* The last descriptors of the connection, unless the worker still has them: whoever is in the mount is told now. */
static void let_go(struct keeper *k)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		if (k->fuse_fds[i] >= 0)
			(void)close(k->fuse_fds[i]);
		k->fuse_fds[i] = -1;
	}
}

/* What is mounted there, if we did not end it, may be somebody else's by now: only if it is dead. */
static void unmount_it(struct keeper *k)
{
	const char *path = k->options->mountpoint;
	int r;

	if (!k->mounted)
		return;
	k->mounted = false;
	if (k->handover->gone) {
		let_go(k);
		r = mountpoint_clear(path);
		if (r == -EBUSY)
			return;
	} else {
		r = mountpoint_unmount(path);
		let_go(k);
	}
	(void)fail(r, "unmount", path);
}

/* Nobody can go on with this connection. Everybody gets an error now, rather than hang. */
static int mount_again(struct keeper *k)
{
	const off_t size = (off_t)(HANDOVER_SIZE + k->session_size);

	let_go(k);
	(void)mountpoint_unmount(k->options->mountpoint);
	k->mounted = false;
	/* What was left for the next worker was about that connection: zeros again. */
	if (ftruncate(HANDOVER_FD, HANDOVER_SIZE) < 0 || ftruncate(HANDOVER_FD, size) < 0)
		return fail(-errno, "begin anew for", k->options->mountpoint);
	if (k->herald.pid)
		(void)kill(k->herald.pid, SIGKILL);
	return mount_it(k);
}

/* ---- those who are started ---- */

static void pass_on(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, 0);
}

/* In the new process. */
static _Noreturn void become(const struct keeper *k, const struct child *c, pid_t keeper)
{
	const struct handover *h = k->handover;
	bool worker = c == &k->worker;

	/* Nobody outlives the keeper; it may have ended before this was said. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != keeper)
		_exit(EXIT_SYSTEM);
	pass_on(HANDOVER_FD);
	pass_on(worker ? h->announce : h->news);
	for (unsigned i = 0; worker && i < DEVICES; i++)
		pass_on(h->fuse_fds[i]);
	if (worker) {
		pass_on(h->directory);
		pass_on(h->inotify);
		pass_on(h->end);
	}
	(void)syscall(SYS_execveat, k->program, "", c->argv, environ, AT_EMPTY_PATH);
	log_error("unable to execute '%s': %s", k->program_path, strerror(errno));
	_exit(EXIT_SYSTEM);
}

static void start(struct keeper *k, struct child *c)
{
	pid_t self = getpid(), pid;

	if (c == &k->worker)
		k->ready = k->handover->ready;
	pid = fork();
	if (pid == 0)
		become(k, c, self);
	if (pid < 0) {
		log_error("unable to start the %s: %s, trying again", c->name, strerror(errno));
		c->start_at = clock_monotonic() + WAIT_MOST;
		return;
	}
	c->pid = pid;
	c->started = clock_monotonic();
	if (c == &k->herald)
		k->handover->herald = pid;
}

/* It has ended: when is the next one started? */
static void plan(struct child *c)
{
	int64_t now = clock_monotonic(), wait = WAIT_FIRST;

	c->pid = 0;
	c->start_at = now;
	if (now - c->started >= SHORT_LIFE) {
		c->failures = 0;
		return;
	}
	if (++c->failures <= FREE_FAILURES)
		return;
	for (unsigned i = FREE_FAILURES + 1; i < c->failures && wait < WAIT_MOST; i++)
		wait *= 2;
	c->start_at = now + (wait < WAIT_MOST ? wait : WAIT_MOST);
}

static void say_how(const struct keeper *k, const char *name, int status)
{
	if (WIFSIGNALED(status))
		log_warning("the %s was killed by SIG%s, another one serves (%u)", name,
			    sigabbrev_np(WTERMSIG(status)) ?: "RT", k->restarts);
	else
		log_warning("the %s exited with %d, another one serves (%u)", name,
			    WEXITSTATUS(status), k->restarts);
}

static void end(struct keeper *k, int status)
{
	k->done = true;
	k->status = status;
}

static void use_last_program(struct keeper *k)
{
	log_warning("'%s' cannot take over: going on with the program as it was", k->program_path);
	(void)close(k->program);
	k->program = k->last_program;
	k->last_program = -1;
}

/* Can another worker take this connection over? */
static bool can_go_on(const struct keeper *k)
{
	if (k->unready >= UNREADY_MAX)
		return false;
	return k->shared->init_len == 0 || (k->shared->resends && !without("resend"));
}

static void give_up_connection(struct keeper *k)
{
	log_warning("everybody who is in '%s' gets an error: it is mounted again",
		    k->options->mountpoint);
	k->unready = 0;
	if (mount_again(k) < 0)
		end(k, EXIT_SYSTEM);
}

/* Is there no use in another try? */
static bool is_hopeless(const struct keeper *k, int status)
{
	if (!k->mounted)
		return true;
	if (k->handover->ready > 0)
		return false;
	return k->handover->mounts > 1 ? k->unready >= UNREADY_MAX
				       : WIFEXITED(status) && k->unready == 1;
}

static void on_worker_end(struct keeper *k, int status)
{
	k->unready = k->handover->ready > k->ready ? 0 : k->unready + 1;
	plan(&k->worker);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK) {
		end(k, EXIT_OK);
		return;
	}
	if (is_hopeless(k, status)) {
		end(k, EXIT_SYSTEM);
		return;
	}
	k->restarts++;
	say_how(k, k->worker.name, status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OTHER_LAYOUT && k->last_program >= 0)
		use_last_program(k);
	else if (!can_go_on(k))
		give_up_connection(k);
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
			plan(&k->herald);
	}
}

/* ---- the loop ---- */

static void take_newer_program(struct keeper *k)
{
	int fd = open_program(k->program_path);

	if (fd < 0) {
		log_error("unable to open '%s': %s, going on with the program as it was",
			  k->program_path, strerror(errno));
		return;
	}
	log_info("SIGUSR2: '%s' takes over", k->program_path);
	if (k->last_program >= 0)
		(void)close(k->last_program);
	k->last_program = k->program;
	k->program = fd;
	if (k->worker.pid)
		(void)kill(k->worker.pid, SIGKILL);
	if (k->herald.pid)
		(void)kill(k->herald.pid, SIGKILL);
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
			k->handover->term_signal = (int32_t)info.ssi_signo;
			k->handover->terms++;
			if (k->worker.pid)
				(void)kill(k->worker.pid, SIGTERM);
		}
	}
}

static void on_end(struct keeper *k)
{
	char byte;

	if (read(k->end_fd, &byte, 1) == 1)
		unmount_it(k);
}

static int64_t due(const struct child *c)
{
	return c->pid ? INT64_MAX : c->start_at;
}

static int timeout(const struct keeper *k)
{
	int64_t worker = due(&k->worker), herald = due(&k->herald);
	int64_t next = worker < herald ? worker : herald, left;

	if (next == INT64_MAX)
		return -1;
	left = next - clock_monotonic();
	return left <= 0 ? 0 : (int)(left / NSEC_PER_MSEC) + 1;
}

static void start_those_due(struct keeper *k)
{
	int64_t now = clock_monotonic();

	if (!k->mounted)
		return;
	if (due(&k->worker) <= now)
		start(k, &k->worker);
	if (due(&k->herald) <= now)
		start(k, &k->herald);
}

static void loop(struct keeper *k)
{
	struct pollfd fds[] = {
		{.fd = k->signal_fd, .events = POLLIN},
		{.fd = k->end_fd, .events = POLLIN},
	};

	while (!k->done) {
		start_those_due(k);
		if (poll(fds, 2, timeout(k)) < 0 && errno != EINTR) {
			log_error("unable to wait: %s", strerror(errno));
			end(k, EXIT_SYSTEM);
		}
		if (fds[1].revents)
			on_end(k);
		if (fds[0].revents)
			on_signals(k);
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
		.worker = {.name = "worker"},
		.herald = {.name = "herald"},
		.program = -1,
		.last_program = -1,
		.status = EXIT_SYSTEM,
	};
	int r;

	for (unsigned i = 0; i < DEVICES; i++)
		k.fuse_fds[i] = -1;
	k.worker.argv = child_argv(argv, WORKER_NAME);
	k.herald.argv = child_argv(argv, HERALD_NAME);
	r = k.worker.argv && k.herald.argv ? prepare(&k) : -ENOMEM;
	if (r == 0)
		r = open_directory(&k);
	if (r == 0)
		r = mount_it(&k);
	if (r == 0)
		loop(&k);
	unmount_it(&k);
	let_go(&k);
	end_herald(&k);
	free(k.worker.argv);
	free(k.herald.argv);
	return k.status;
}
