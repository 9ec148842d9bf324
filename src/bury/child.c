/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's set, of 64. */
#define SIGNAL_BYTES sizeof(uint64_t)

static const uint64_t all_signals = UINT64_MAX;

static int block_all(uint64_t *ret_before)
{
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, ret_before,
			    SIGNAL_BYTES);
}

int signals_take(struct signals *signals)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	long fd;

	/* Ignored by who started us, the kernel would reap our children itself. */
	if (sigaction(SIGCHLD, &by_default, NULL) < 0 || block_all(&signals->before) < 0)
		return -errno;
	fd = syscall(SYS_signalfd4, -1, &all_signals, SIGNAL_BYTES, SFD_NONBLOCK | SFD_CLOEXEC);
	signals->fd = (int)fd;
	return fd < 0 ? -errno : 0;
}

static int spawn(char **command, const struct signals *signals, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	sigset_t mask;
	int r = -posix_spawnattr_init(&attributes);

	if (r < 0)
		return r;
	memset(&mask, 0, sizeof(mask));
	memcpy(&mask, &signals->before, SIGNAL_BYTES);
	r = -posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = -posix_spawnattr_setsigmask(&attributes, &mask);
	if (r == 0)
		r = -posix_spawnattr_setpgroup(&attributes, 0);
	if (r == 0)
		r = -posix_spawnp(ret_pid, command[0], NULL, &attributes, command, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

/* As shells do it. It may have been stopped in between, as it read before the terminal was its. */
static void give_terminal(struct child *child)
{
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	if (tcsetpgrp(STDIN_FILENO, child->pid) < 0)
		return;
	child->terminal = true;
	(void)kill(-child->pid, SIGCONT);
}

/* TTOU, which who is in the background gets for this, is blocked. */
static void take_terminal(const struct child *child)
{
	if (child->terminal && tcgetpgrp(STDIN_FILENO) == child->pid)
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
}

int child_start(struct child *child, char **command, const struct signals *signals)
{
	int r = spawn(command, signals, &child->pid);

	/* musl lets its own three signals through after a spawn. */
	(void)block_all(NULL);
	if (r < 0)
		child->pid = 0;
	else
		give_terminal(child);
	return r;
}

int child_signal(const struct child *child, int signal)
{
	if (child->pid == 0)
		return 0;
	return kill(child->group ? -child->pid : child->pid, signal) < 0 ? -errno : 0;
}

int child_pass(struct child *child, const struct signalfd_siginfo *signal)
{
	siginfo_t info = {.si_signo = (int)signal->ssi_signo, .si_code = signal->ssi_code};

	/* By a shell, which may have put us in the foreground with it. */
	if (child->pid && signal->ssi_signo == SIGCONT)
		give_terminal(child);
	if (child->pid == 0 || child->group || signal->ssi_code != SI_QUEUE)
		return child_signal(child, (int)signal->ssi_signo);
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)signal->ssi_ptr;
	return syscall(SYS_rt_sigqueueinfo, child->pid, signal->ssi_signo, &info) < 0 ? -errno : 0;
}

/*
 * Stopped from its terminal, so we stop, too, with the group that we are in, as who started us expects of a job. Where
 * nobody could continue us (a group without a shell, pid 1) the kernel does not stop us, and the child goes on.
 */
static void stop_too(struct child *child, int signal)
{
	const uint64_t others = ~(UINT64_C(1) << (signal - 1));

	take_terminal(child);
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &others, NULL, SIGNAL_BYTES);
	(void)kill(0, signal);
	(void)block_all(NULL);
	give_terminal(child);
}

static bool is_from_terminal(int signal)
{
	return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

bool child_reap(struct child *child)
{
	bool over = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid == child->pid && WIFSTOPPED(status) && child->terminal &&
		    is_from_terminal(WSTOPSIG(status)))
			stop_too(child, WSTOPSIG(status));
		if (pid != child->pid || WIFSTOPPED(status))
			continue;
		over = true;
		take_terminal(child);
		child->pid = 0;
		child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		child->code = child->signal ? 128 + child->signal : WEXITSTATUS(status);
	}
	return over;
}
