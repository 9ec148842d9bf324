/* SPDX-License-Identifier: Apache-2.0 */
/* One served mount: what those in src/ who hold it, start it and run it see of the file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct fs;
struct graveyard;
struct metrics;
struct sock_diag;
struct vigils;

/*
 * Bytes of a write that the kernel sends at once. More than a write may carry (STONE_WRITE_MAX), so that
 * one that is too long arrives in one piece and can be refused.
 */
#define SESSION_WRITE_MAX 8192

/* The longest request: the greatest write, its headers, and what FUSE_MIN_READ_BUFFER asks for. */
#define SESSION_REQUEST_MAX (SESSION_WRITE_MAX + 4096)

struct session_config {
	struct graveyard *graveyard; /* these three outlive the session */
	struct vigils *vigils;
	struct sock_diag *sock_diag;
	const int *fuse_fds;   /* of a mounted connection, from devices_open(); stay the caller's */
	void *mapping;         /* session_size() bytes: zeros, or what the last process left */
	const int32_t *herald; /* the process whose changes are announcements; 0: none */
	const uint32_t *hides; /* names are to be denied to it now */
	struct metrics *metrics; /* outlive this process, and the mapping */
	bool gathers;            /* see struct fs */
	bool read_only;
	unsigned max_waits;
	uint64_t max_names;
	int64_t max_park;                                       /* ns; INT64_MAX: any */
	void (*on_event)(void *arg, const struct event *event); /* arg: the struct fs */
};

/* How large the mapping has to be in which a session leaves what the next one needs. -ENOMEM. */
int session_size(unsigned max_waits, size_t *ret_size);

/*
 * Begins, or goes on where another process was killed.
 * Errors: -ENOMEM; -EINVAL libfuse would not have it (it has logged why); -ENOSYS the kernel cannot send again what
 * another process did not answer; the device's and the store's.
 */
int session_new(const struct session_config *config, struct fs **ret_fs);
void session_free(struct fs *fs);

/*
 * Ends the lives that an earlier mount's leases held and nobody holds now. To be called before the first request is
 * served, and after the intake, as who died while nothing was mounted may have said so underneath. A mount is judged by
 * its first process, or the next if that was killed meanwhile. The store's errors.
 */
int session_judge(struct fs *fs);

/*
 * Others tell something, too: while `fd` is readable (-1: it never is), `serve` is called before a request that may
 * tell something is executed, as it may have been sent because of what they told. (A close returns before it is
 * requested: what they told after that may come before it.)
 */
void session_on_others(struct fs *fs, void (*serve)(void *arg), void *arg);
void session_let_past(struct fs *fs, int fd);

/* Serves what is waiting, up to a batch full. How many requests that were; -ENODEV: unmounted; another -errno of the
 * device. */
int session_serve(struct fs *fs);

/* Is there work that nothing else tells of: that is done in slices, or was left by another process? Then
 * session_continue() does a part of it: -errno as session_serve(). */
bool session_goes_on(const struct fs *fs);
int session_continue(struct fs *fs);

/*
 * Readable when a process that held a lease has ended: then session_look(), which also serves what is waiting.
 * -errno as session_serve().
 */
int session_look_fd(const struct fs *fs);
int session_look(struct fs *fs);

/* Readable when session_hear() is to be called; -1: it never is. */
int session_hear_fd(const struct fs *fs);
void session_hear(struct fs *fs);

/* When session_expire() is to be called, CLOCK_MONOTONIC; INT64_MAX: nothing is due. */
int64_t session_deadline(const struct fs *fs);
void session_expire(struct fs *fs, int64_t now);

/* Is a file open? Who was just woken still has to read to the end. */
bool session_in_use(const struct fs *fs);

/* Has a file been created that counts at its close (or at a write)? */
bool session_expects_close(const struct fs *fs);

/* Sends away, with ECANCELED, everybody who still waits. */
void session_drain(struct fs *fs);

/* Are there closings whose commit failed? Tries them again. */
bool session_owes(const struct fs *fs);
void session_retry(struct fs *fs);

/* Tells on_event what was committed; what another process committed and did not live to tell, of which it may have told
 * one. */
void session_tell(struct fs *fs);
void session_tell_missed(struct fs *fs);

/* Commits what somebody else staged (intake), and tells on_event. `arg`: the struct fs, as
 * underneath_take_in() hands it on. */
int session_commit(void *arg);
