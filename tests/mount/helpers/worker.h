/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's children, and the death of its worker. */
#pragma once

#include "must.h"

#include <signal.h>
#include <sys/types.h>
#include <time.h>

static inline void pass_time(long microseconds)
{
	const struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};

	(void)nanosleep(&time, NULL);
}

/* Is it a process of that name, and no zombie? */
static inline int is_running(pid_t pid, const char *name)
{
	char path[64], comm[64], state = 'X';
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%63[^)]) %c", comm, &state) != 2)
		state = 'X';
	(void)fclose(file);
	return state != 'Z' && state != 'X' && strcmp(comm, name) == 0;
}

/* The keeper's child of that name; 0: none just now. */
static inline pid_t child_of(pid_t keeper, const char *name)
{
	char path[64];
	int pid, found = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)keeper, (int)keeper);
	file = fopen(path, "re");
	if (!file)
		fail("there is no keeper");
	while (!found && fscanf(file, "%d", &pid) == 1)
		if (is_running(pid, name))
			found = pid;
	(void)fclose(file);
	return found;
}

/* Once there is one that is not `other`. The kernel has no event for that. */
static inline pid_t await_child(pid_t keeper, const char *name, pid_t other)
{
	for (int i = 0; i < 20000; i++) {
		pid_t pid = child_of(keeper, name);

		if (pid != 0 && pid != other)
			return pid;
		pass_time(500);
	}
	fail("there is no %s", name);
}

/* Returns once there is another one. */
static inline pid_t kill_worker(pid_t keeper)
{
	pid_t pid = await_child(keeper, "gyfs-worker", 0);

	if (kill(pid, SIGKILL) != 0)
		fail("the worker is gone already");
	return await_child(keeper, "gyfs-worker", pid);
}
