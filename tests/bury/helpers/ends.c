/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that ends in a given way.
 *
 *	ends code N		with exit status N
 *	ends signal N		by signal N, a core is not dumped
 *	ends … WORDS FILE	the same once it got TERM, which it provokes: it writes WORDS into FILE first
 */
#include "../../mount/helpers/must.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define SET_BYTES sizeof(uint64_t)

/* By system calls: libc does not touch the signals that it keeps for itself. */
static void mask_signals(uint64_t mask)
{
	must(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, SET_BYTES) == 0);
}

static void provoke_term(const char *words, const char *file)
{
	uint64_t mask = UINT64_C(1) << (SIGTERM - 1);
	int fd;

	mask_signals(mask);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	must(fd >= 0 && write(fd, words, strlen(words)) >= 0 && close(fd) == 0);
	must(syscall(SYS_rt_sigtimedwait, &mask, NULL, NULL, SET_BYTES) == SIGTERM);
}

int main(int argc, char **argv)
{
	struct rlimit none = {0};
	int number;

	must(argc == 3 || argc == 5);
	number = atoi(argv[2]);
	if (argc == 5)
		provoke_term(argv[3], argv[4]);
	if (strcmp(argv[1], "code") == 0)
		return number;
	must(setrlimit(RLIMIT_CORE, &none) == 0);
	mask_signals(0);
	must(syscall(SYS_tgkill, getpid(), getpid(), number) == 0);
	return 255; /* not reached: all that is tried does end it */
}
