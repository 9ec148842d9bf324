/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper before its start: here it may still allocate, and fail. */
#include "keeper_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/session.h"
#include "handover.h"
#include "options.h"
#include "underneath.h"
#include "yard.h"

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

static int open_channels(struct keeper *k)
{
	int news[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, k->errands) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, news) < 0)
		return -errno;
	k->handover->errands = k->errands[1];
	k->handover->announce = k->announce = news[0];
	k->handover->news = k->news = news[1];
	return 0;
}

static int prepare(struct keeper *k)
{
	const struct options *o = k->options;
	uint64_t alive;
	int r = make_handover(k);

	if (r == 0)
		r = open_signals(k);
	if (r == 0)
		r = program_find(&k->program);
	if (r == 0)
		r = open_channels(k);
	if (r < 0)
		return log_failure(r, "prepare for", o->mountpoint);
	r = yard_prepare(o, &k->lock_fd, &k->handover->seq, &alive);
	metrics_begin(&k->handover->metrics, k->handover->seq, alive);
	return r;
}

static int open_directory(struct keeper *k)
{
	const struct options *o = k->options;
	int r = held_mount_clear(&k->mount);

	if (r < 0 || o->read_only)
		return r;
	r = underneath_reach(o->mountpoint, &k->directory, &k->inotify);
	k->handover->directory = k->directory;
	k->handover->inotify = k->inotify;
	return log_failure(r, "use the directory", o->mountpoint);
}

int keeper_prepare(struct keeper *k)
{
	int r = prepare(k);

	return r < 0 ? r : open_directory(k);
}
