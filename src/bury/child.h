/* SPDX-License-Identifier: Apache-2.0 */
/* The child: how it is started, what it is sent, and how it ended. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/* Signals of this process, kept from it and to be read from a descriptor instead. */
struct signals {
	int fd;
	uint64_t before; /* what was blocked when we were started: the child is to start so, too */
};

struct child {
	pid_t pid;     /* 0: not started, or over */
	bool group;    /* signals are for its process group */
	bool terminal; /* its process group was given the terminal */
	int code;      /* once it is over: its status, or 128 + its signal; -1 before */
	int signal;    /* that ended it; 0: none */
};

/*
 * Keeps all signals from us, those that libc keeps for itself too (a set of its own cannot say them).
 * Errors: those of signalfd(2).
 */
int signals_take(struct signals *signals);

/*
 * Runs a command, found in PATH, in a process group of its own, which is given the terminal if we have one. Returns
 * once it runs. Errors: those of execve(2), when it cannot be run; those of fork(2).
 */
int child_start(struct child *child, char **command, const struct signals *signals);

/* Passes a signal on, with its value if it was queued with one, and with CONT the terminal. Errors: those of kill(2). */
int child_pass(struct child *child, const struct signalfd_siginfo *signal);

/* Sends it, or its group, a signal. Errors: those of kill(2). */
int child_signal(const struct child *child, int signal);

/*
 * Reaps whoever is over: as pid 1 everybody's orphans are ours. True: the child is, too, and has given back the
 * terminal, which scripts without job control expect to have all the time. One that is stopped from the terminal stops
 * us, too.
 */
bool child_reap(struct child *child);
