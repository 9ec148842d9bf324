/* SPDX-License-Identifier: Apache-2.0 */
/* The composition root: options, store, graveyard, mount, worker, and all of it back again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/graveyard.h"
#include "core/journal.h"
#include "core/vigil.h"
#include "fs/device.h"
#include "fs/session.h"
#include "mountpoint.h"
#include "options.h"
#include "store/sqlite_store.h"
#include "underneath.h"
#include "worker.h"

enum { EXIT_OK = 0, EXIT_NOT_SO = 1, EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

/* Bytes of log that a pipe shall hold: what /proc/sys/fs/pipe-max-size allows everybody. */
#define LOG_ROOM (1 << 20)

/* How long the mount may be kept for leaving the stones underneath. */
#define LEAVE_AT_MOST (300 * NSEC_PER_MSEC)

/* All that is open, in the order in which it was opened. */
struct program {
	const struct options *options;
	struct store *store;
	struct vigils *vigils;
	struct graveyard *graveyard;
	struct underneath *underneath;
	struct fs *fs;
	int signal_fd, fuse_fds[DEVICES];
	bool served;
	bool ended; /* the connection, by somebody else */
	bool left;  /* all stones lie underneath */
};

static void log_happening(void *arg, const struct event *event)
{
	struct buf line = BUF_INIT;

	(void)arg;
	journal_line(event, &line);
	if (buf_error(&line) == 0)
		log_event("%.*s", (int)line.len - 1, line.data);
	buf_release(&line);
}

static int fail(int r, const char *what, const char *path)
{
	if (r < 0)
		log_error("unable to %s '%s': %s", what, path, strerror(-r));
	return r;
}

static int open_graveyard(struct program *p)
{
	const struct options *o = p->options;
	struct graveyard_config config = {.names = o->names, .max_names = o->max_names};
	char why[512];
	int r = o->read_only ? sqlite_store_open_copy(o->db, &p->store, why, sizeof(why))
			     : sqlite_store_open(o->db, o->power ? STORE_POWER : STORE_PROCESS,
						 &p->store, why, sizeof(why));

	if (r < 0) {
		log_error("%s", why);
		return r;
	}
	r = vigils_new(o->max_waits, &p->vigils);
	if (r == 0)
		r = graveyard_new(p->store, p->vigils, &config, &p->graveyard);
	if (r == 0 && o->fresh)
		r = graveyard_fresh(p->graveyard, clock_now());
	if (r == 0)
		r = graveyard_commit(p->graveyard);
	return fail(r, "read", o->db);
}

/* Signals come through a descriptor, and to nobody else. */
static int open_signals(struct program *p)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signal_fd < 0 ? -errno : 0;
}

/* Half of what the kernel's patience is: everything is answered well before it ends. */
static int64_t find_max_park(void)
{
	int64_t timeout = mountpoint_request_timeout();

	if (timeout == INT64_MAX)
		return timeout;
	log_warning("this kernel aborts a FUSE connection when a request takes %lld s: waits are "
		    "answered EAGAIN after %lld s",
		    (long long)(timeout / NSEC_PER_SEC), (long long)(timeout / 2 / NSEC_PER_SEC));
	return timeout / 2;
}

/* What a session serves, from the mount to the first request. */
static int start(struct program *p)
{
	const struct options *o = p->options;
	struct session_config config = {
		.graveyard = p->graveyard,
		.vigils = p->vigils,
		.fuse_fds = p->fuse_fds,
		.gathers = o->power,
		.read_only = o->read_only,
		.max_waits = o->max_waits,
		.max_names = o->max_names,
		.max_park = find_max_park(),
		.on_event = log_happening,
	};
	size_t size;
	int r = session_size(o->max_waits, &size);
	config.mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	r = session_new(&config, &p->fs);

	if (r < 0)
		return fail(r, "start serving", o->mountpoint);
	graveyard_tell(p->graveyard, log_happening, NULL);
	if (p->underneath)
		r = underneath_take_in(p->underneath, true, session_commit, p->fs);
	return fail(r, "take in what lies in", o->mountpoint);
}

static int open_mount(struct program *p)
{
	const struct options *o = p->options;
	int r = mountpoint_make(o->mountpoint);

	if (r == 0)
		r = mountpoint_clear(o->mountpoint);
	if (r == -EBUSY) {
		log_error("'%s' is a graveyard already, and is served", o->mountpoint);
		return r;
	}
	if (r == 0 && !o->read_only)
		r = underneath_open(o->mountpoint, p->graveyard, &p->underneath);
	if (r < 0)
		return fail(r, "use the directory", o->mountpoint);
	r = mountpoint_mount(o->mountpoint, o->read_only, &p->fuse_fds[0]);
	if (r == 0)
		r = devices_open(p->fuse_fds[0], p->fuse_fds);
	return fail(r, "mount a FUSE file system on", o->mountpoint);
}

static int serve(struct program *p)
{
	struct worker worker = {
		.fs = p->fs,
		.graveyard = p->graveyard,
		.vigils = p->vigils,
		.underneath = p->underneath,
		.fuse_fd = p->fuse_fds[0],
		.signal_fd = p->signal_fd,
		.linger = p->options->linger,
	};
	int r;

	log_info("serving '%s'", p->options->mountpoint);
	p->served = p->underneath != NULL;
	r = worker_run(&worker);
	if (r == -ENODEV) {
		log_warning("'%s' was unmounted, or its connection aborted, by somebody else",
			    p->options->mountpoint);
		p->ended = true;
		r = 0;
	}
	/* What was written there and not heard of yet would be written over. */
	if (p->underneath && r == 0)
		(void)underneath_take_in(p->underneath, false, session_commit, p->fs);
	/* So that there is no moment without them; but a million of them must not keep the mount, which
	 * a SIGKILL would leave behind dead. */
	if (p->underneath)
		p->left = underneath_leave(p->underneath, clock_monotonic() + LEAVE_AT_MOST);
	return fail(r, "go on serving", p->options->mountpoint);
}

static void close_all(struct program *p)
{
	int r = 0;

	/* What is mounted there, if we did not end it, may be somebody else's by now: only if it is dead. */
	if (p->fuse_fds[0] >= 0)
		r = p->ended ? mountpoint_clear(p->options->mountpoint)
			     : mountpoint_unmount(p->options->mountpoint);
	if (!(p->ended && r == -EBUSY))
		(void)fail(r, "unmount", p->options->mountpoint);
	for (unsigned i = 0; i < DEVICES; i++)
		if (p->fuse_fds[i] >= 0)
			(void)close(p->fuse_fds[i]);
	/* The last descriptor of the connection: whoever is still in the mount is told now. */
	session_free(p->fs);
	if (p->served && !p->left)
		(void)underneath_leave(p->underneath, INT64_MAX);
	if (p->signal_fd >= 0)
		(void)close(p->signal_fd);
	underneath_close(p->underneath);
	graveyard_free(p->graveyard);
	vigils_free(p->vigils);
	if (p->store)
		p->store->ops->free(p->store);
}

static int run(const struct options *options)
{
	struct program p = {.options = options, .signal_fd = -1};
	int r;

	for (unsigned i = 0; i < DEVICES; i++)
		p.fuse_fds[i] = -1;
	r = open_signals(&p);

	if (r == 0)
		r = open_graveyard(&p);
	if (r == 0)
		r = open_mount(&p);
	if (r == 0)
		r = start(&p);
	if (r == 0)
		r = serve(&p);
	close_all(&p);
	return r < 0 ? EXIT_SYSTEM : EXIT_OK;
}

static int check(const char *path)
{
	enum mountpoint_state state;
	int r = mountpoint_look(path, &state);

	if (fail(r, "look at", path) < 0)
		return EXIT_SYSTEM;
	return state == MOUNTPOINT_SERVED && mountpoint_answers(path) ? EXIT_OK : EXIT_NOT_SO;
}

static int unmount(const char *path)
{
	enum mountpoint_state state;
	int r = mountpoint_look(path, &state);

	if (r == 0 && state == MOUNTPOINT_FREE) {
		log_error("there is no graveyard at '%s'", path);
		return EXIT_NOT_SO;
	}
	if (r == 0)
		r = mountpoint_unmount(path);
	return fail(r, "unmount", path) < 0 ? EXIT_SYSTEM : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options options;
	char why[256];

	if (options_parse(argc, argv, &options, why, sizeof(why)) < 0) {
		log_error("%s (see graveyardfs --help)", why);
		return EXIT_USAGE;
	}
	log_set_level(options.log_level);
	/* Lines are dropped rather than waited for, so a burst of deaths wants room. Fails on what is no
	 * pipe, and where the system allows less. */
	(void)fcntl(STDERR_FILENO, F_SETPIPE_SZ, LOG_ROOM);
	switch (options.action) {
	case ACTION_HELP:
		options_usage(stdout);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_SYSTEM;
	case ACTION_VERSION:
		(void)puts("graveyardfs " GRAVEYARDFS_VERSION);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_SYSTEM;
	case ACTION_CHECK:
		return check(options.mountpoint);
	case ACTION_UNMOUNT:
		return unmount(options.mountpoint);
	case ACTION_SERVE:
		break;
	}
	return run(&options);
}
