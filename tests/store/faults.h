/* SPDX-License-Identifier: Apache-2.0 */
/* Failing system calls under SQLite. */
#pragma once

#include <stdbool.h>

enum fault_calls {
	FAULT_WRITES = 1, /* pwrite, ftruncate */
	FAULT_SYNCS = 2,
	FAULT_READS = 4, /* pread */
};

/* Lets `after` calls of those kinds through, and then fails one, or all that come, with `error`. */
void faults_arm(unsigned calls, int after, int error, bool all);

/* The same, but the process is killed at that call. */
void faults_arm_kill(unsigned calls, int after);

/* No more failures. Returns whether there was one. */
bool faults_disarm(void);

/* Once, before anything is opened. */
void faults_install(void);
