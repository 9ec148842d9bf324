/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells of another process: who it is, whether it is over, and how it ended.
 *
 * A number alone names nobody, since numbers are used again; a pidfd, or a number with the time at
 * which the process started, does. Only what can be seen from our pid namespace exists here.
 *
 * How poll(2) and epoll(7) tell of a process through its pidfd: POLLIN once it has exited, that is
 * once its last thread has; POLLHUP too once it was reaped, and that wakes those who sleep, again
 * if they asked for POLLIN (with EPOLLET: two events), and for the first time if they asked for
 * nothing (events = 0). process_code() knows from the POLLHUP on.
 *
 * All of it works in the sandbox (sandbox.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* PIDFD_GET_INFO with the struct pidfd_info of its first kernel: the only ioctl(2) used here. */
#define PROCESS_IOCTL _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64)

struct process {
	pid_t pid;
	int64_t start; /* clock ticks since the boot; 0: not known, as /proc does not tell */
	uint64_t id;   /* nobody else's before the next boot; 0: not known (before Linux 6.9) */
	int fd;        /* pidfd, close-on-exec; the caller's to close */
};

/*
 * The process that a thread belongs to (others name a process by any of its threads). It may be
 * over, as long as it was not reaped.
 * Errors: -ESRCH it is gone, or cannot be seen (0 is nobody); those of pidfd_open(2); those of
 * open(2) where only /proc can tell (before Linux 6.13).
 */
int process_open(pid_t tid, struct process *ret_process);

/*
 * A pidfd of that very process. It may be over, as long as it was not reaped; one whose start is
 * not known is not found again.
 * Errors: -ESRCH it is gone, or cannot be seen; others of pidfd_open(2).
 */
int process_reopen(pid_t pid, int64_t start, int *ret_fd);

/* Is this thread, which closes a file, on its way out? False where /proc does not tell. It may be one that waits for
 * us. */
bool process_is_ending(pid_t tid);

/*
 * The same by its id, and without a look at /proc: what is read there may wait for an execve(2) to end, which may wait
 * for us as it closes files. Errors: as above.
 */
int process_reopen_by_id(pid_t pid, uint64_t id, int *ret_fd);

/* The process that a thread belongs to. Errors: as process_open(). */
int process_of(pid_t tid, pid_t *ret_pid);

/* Has it exited? Reaped or not. */
bool process_over(int pidfd);

/*
 * How it ended: its exit status, or 128 + the signal that killed it. Asking does not reap it.
 * Errors: -EAGAIN it is not over, or not reaped yet; -ENODATA the kernel does not tell (before
 * Linux 6.15, and where GRAVEYARDFS_WITHOUT has "pidfd-info").
 */
int process_code(int pidfd, int *ret_code);

/* This boot's id, 36 characters. Errors: those of open(2) and read(2); -EIO it is no such thing. */
int process_boot_id(char ret_id[37]);
