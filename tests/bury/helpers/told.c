/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that says which signals it got.
 *
 *	told		prints "ready", then each signal, "NUMBER" or, if it was queued, "NUMBER=VALUE"; ends with TERM, once
 *			nothing is pending
 *	told queue PID NUMBER VALUE	queues such a signal
 */
#include "../../mount/helpers/must.h"

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define SET_BYTES sizeof(uint64_t)

static int next_signal(const struct timespec *timeout, siginfo_t *info)
{
	uint64_t all = UINT64_MAX;
	long signal;

	do
		signal = syscall(SYS_rt_sigtimedwait, &all, info, timeout, SET_BYTES);
	while (signal < 0 && errno == EINTR);
	return (int)signal;
}

static void say(int signal, const siginfo_t *info)
{
	char line[64];
	int len = info->si_code == SI_QUEUE ? snprintf(line, sizeof(line), "%d=%d\n", signal,
						       info->si_value.sival_int)
					    : snprintf(line, sizeof(line), "%d\n", signal);

	must(write(STDOUT_FILENO, line, (size_t)len) == len);
}

static int listen_to_signals(void)
{
	static const struct timespec now = {0};
	uint64_t all = UINT64_MAX;
	siginfo_t info;
	int signal;

	must(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, SET_BYTES) == 0);
	must(write(STDOUT_FILENO, "ready\n", 6) == 6);
	do {
		signal = next_signal(NULL, &info);
		must(signal > 0);
		say(signal, &info);
	} while (signal != SIGTERM);
	while ((signal = next_signal(&now, &info)) > 0)
		say(signal, &info);
	return 0;
}

int main(int argc, char **argv)
{
	union sigval value;

	if (argc == 1)
		return listen_to_signals();
	must(argc == 5 && strcmp(argv[1], "queue") == 0);
	value.sival_ptr = NULL;
	value.sival_int = atoi(argv[4]);
	must(sigqueue(atoi(argv[2]), atoi(argv[3]), value) == 0);
	return 0;
}
