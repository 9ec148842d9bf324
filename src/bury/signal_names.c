/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/signal_names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>

static const char *const names[SIGNAL_MAX + 1] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO",     [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};

int signal_parse(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	int number = 0;

	for (int i = 1; i <= SIGNAL_MAX; i++) {
		if (names[i] && strcasecmp(name, names[i]) == 0)
			return i;
	}
	for (; *text >= '0' && *text <= '9' && number <= SIGNAL_MAX; text++)
		number = number * 10 + (*text - '0');
	return *text == '\0' && number > 0 && number <= SIGNAL_MAX ? number : -EINVAL;
}

const char *signal_name(int signal, char text[SIGNAL_NAME_MAX])
{
	if (signal > 0 && signal <= SIGNAL_MAX && names[signal])
		return names[signal];
	(void)snprintf(text, SIGNAL_NAME_MAX, "%d", signal);
	return text;
}
