/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER true
#else
#define ADDRESS_SANITIZER false
#endif

/* libseccomp's word for a kernel that has SECCOMP_RET_KILL_PROCESS (Linux 4.14). */
#define API_KILL_PROCESS 3

/* What an architecture lacks (poll on arm64, where the C library calls ppoll) is passed over. */
static const int calls[] = {
	/* What is open. */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom),

	/* Files: SQLite opens its journals when it needs them, and looks for those of others;
	 * intake, and what is left underneath; /proc. */
	SCMP_SYS(fstat),
	SCMP_SYS(lstat),
	SCMP_SYS(stat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getcwd),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(fchown),
	SCMP_SYS(renameat),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),

	/* Events and time. */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_rm_watch),
	SCMP_SYS(signalfd4),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),

	/* What the C library needs, qsort(3) and abort(3) too. */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),

	/* Who we are. */
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
};

/* Allowed where an argument has this value in the bits of the mask; one line for each value. */
struct narrow {
	int call;
	unsigned arg;
	uint64_t mask, value;
};

/* An int: what is in the upper half of its register means nothing. */
#define WHOLE_INT UINT32_MAX

static const struct narrow narrow[] = {
	/* Nothing becomes executable that is not. */
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	/* No file is set-uid or set-gid. (SQLite gives a journal the mode of its database.) */
	{SCMP_SYS(openat), 3, S_ISUID | S_ISGID, 0},
	{SCMP_SYS(fchmod), 1, S_ISUID | S_ISGID, 0},
	/* Not F_SETOWN and F_SETSIG, which would have signals sent. */
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_DUPFD},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_GETFD},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_SETFD},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_GETFL},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_SETFL},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_GETLK},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_SETLK},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_SETLKW},
	{SCMP_SYS(fcntl), 1, WHOLE_INT, F_SETPIPE_SZ},
	{SCMP_SYS(ioctl), 1, WHOLE_INT, PROCESS_IOCTL},
	/* To be told of connections that end, or not any more. */
	{SCMP_SYS(setsockopt), 1, WHOLE_INT, SOL_NETLINK},
};

static int drop_capabilities(uint32_t keep)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	uint32_t kept;

	/* The bounding set, up to the last that the kernel knows. It takes CAP_SETPCAP, and matters
	 * to no one who never executes anything, so it is done as far as it is allowed. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	kept = data[0].permitted & keep;
	/* Effective, permitted and inheritable; the ambient ones go with them. */
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = kept;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int allow(scmp_filter_ctx filter, const struct narrow *n)
{
	const struct scmp_arg_cmp arg = {n->arg, SCMP_CMP_MASKED_EQ, n->mask, n->value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, n->call, 1, &arg);
}

static int allow_all(scmp_filter_ctx filter)
{
	/* Of signals, only those to ourselves: abort(3). */
	const struct narrow own_signals = {SCMP_SYS(tgkill), 0, WHOLE_INT, (uint64_t)getpid()};
	int r = allow(filter, &own_signals);

	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 0, NULL);
	for (size_t i = 0; r == 0 && i < sizeof(narrow) / sizeof(narrow[0]); i++)
		r = allow(filter, &narrow[i]);
	return r;
}

static int make_filter(scmp_filter_ctx *ret_filter)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!filter)
		return -ENOMEM;
	/* A call in the way of another architecture ends the process, too, and not the thread. */
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* What the kernel says of the filter is told as it is. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (r == 0)
		r = allow_all(filter);
	if (r == 0)
		*ret_filter = take_ptr(filter);
	return r;
}

static int go_without(int r)
{
	log_warning("unable to limit system calls: %s, serving all the same", strerror(-r));
	return 0;
}

static int limit_calls(void)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = NULL;
	int r;

	if (seccomp_api_get() < API_KILL_PROCESS)
		return go_without(-ENOSYS);
	r = make_filter(&filter);
	if (r < 0)
		return r;
	r = seccomp_load(filter);
	/* The ways in which a system says that it has no filters for us. */
	if (r == -ENOSYS || r == -EINVAL || r == -EPERM || r == -EACCES)
		return go_without(r);
	return r;
}

int sandbox_drop(uint32_t keep)
{
	int r = drop_capabilities(keep);

	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	return r;
}

int sandbox_enter(void)
{
	int r = sandbox_drop(0);

	if (r < 0)
		return r;
	if (ADDRESS_SANITIZER) {
		log_info("built to find faults: system calls are not limited");
		return 0;
	}
	return limit_calls();
}
