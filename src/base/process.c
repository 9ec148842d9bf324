/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/without.h"

/*
 * From include/uapi/linux/pidfd.h, under names of our own, as newer headers have them and Debian
 * 12's do not. The kernel takes the struct in any length from the first on, and fills what fits.
 */
#define THREAD O_EXCL       /* PIDFD_THREAD, Linux 6.9 */
#define INFO_EXIT (1U << 3) /* PIDFD_INFO_EXIT, Linux 6.15 */
struct info {               /* struct pidfd_info, Linux 6.13 */
	uint64_t mask;      /* in: what is asked for; out: what there is */
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t exit_code; /* as wait(2) has it; Linux 6.15 */
};

_Static_assert(sizeof(struct info) == _IOC_SIZE(PROCESS_IOCTL), "PIDFD_INFO_SIZE_VER0");

/* -ENODATA: this kernel does not tell. -ESRCH: reaped, and no exit was asked for, or known. */
static int get_info(int pidfd, uint64_t what, struct info *ret_info)
{
	struct info info = {.mask = what};

	if (without("pidfd-info"))
		return -ENODATA;
	if (ioctl(pidfd, PROCESS_IOCTL, &info) < 0)
		/* Before 6.13: ENOTTY, or EINVAL where only namespaces are asked for. */
		return errno == ENOTTY || errno == EINVAL ? -ENODATA : -errno;
	*ret_info = info;
	return 0;
}

/* The beginning of a file in /proc. */
static int read_text(const char *path, char *text, size_t size)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

/* The time at which it started: the 22nd field. 0: not known. */
static int64_t read_start(pid_t pid)
{
	char path[sizeof("/proc//stat") + 11], text[1024] = "";
	const char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return 0;
	/* The 2nd field, the command's name in parentheses, may itself have some, and spaces. */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at, NULL, 10) : 0;
}

static int ask_kernel(pid_t tid, pid_t *ret_pid)
{
	_cleanup_(cleanup_close) int fd = pidfd_open(tid, THREAD);
	struct info info = {0};
	int r;

	if (fd < 0)
		return errno == EINVAL ? -ENODATA : -errno;
	r = get_info(fd, 0, &info);
	if (r == 0)
		*ret_pid = (pid_t)info.tgid;
	return r;
}

static int ask_proc(pid_t tid, pid_t *ret_pid)
{
	static const char tgid[] = "\nTgid:\t";
	char path[sizeof("/proc//status") + 11], text[1024] = "";
	const char *at;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", tid);
	r = read_text(path, text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* The name before it has its newlines escaped. */
	at = strstr(text, tgid);
	if (!at)
		return -ESRCH;
	*ret_pid = (pid_t)strtol(at + strlen(tgid), NULL, 10);
	return 0;
}

static int open_process(pid_t pid, int *ret_fd)
{
	int fd = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	/* EINVAL, and since Linux 6.9 ENOENT: it is the number of a thread. */
	return pid <= 0 || errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
}

int process_of(pid_t tid, pid_t *ret_pid)
{
	int r = ask_kernel(tid, ret_pid);

	return r == -ENODATA ? ask_proc(tid, ret_pid) : r;
}

static int look(pid_t tid, struct process *ret_process)
{
	int r = process_of(tid, &ret_process->pid);

	if (r == 0)
		ret_process->start = read_start(ret_process->pid);
	return r;
}

/* Since Linux 6.9 each process has an inode of its own in pidfs; before, all that is anonymous shares one. */
static uint64_t id_of(int pidfd)
{
	struct info info;
	struct stat st;

	return get_info(pidfd, 0, &info) != -ENODATA && fstat(pidfd, &st) == 0 ? st.st_ino : 0;
}

int process_reopen_by_id(pid_t pid, uint64_t id, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r = id ? open_process(pid, &fd) : -ESRCH;

	if (r == 0 && id_of(fd) != id)
		r = -ESRCH;
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}

/* Numbers are used again. What is the same before and after was so in between. */
int process_open(pid_t tid, struct process *ret_process)
{
	_cleanup_(cleanup_close) int fd = -1;
	struct process before = {0}, after = {0};
	int r;

	if (tid <= 0)
		return -ESRCH;
	r = look(tid, &before);
	if (r < 0)
		return r;
	r = open_process(before.pid, &fd);
	if (r < 0)
		return r;
	r = look(tid, &after);
	if (r < 0)
		return r;
	if (before.pid != after.pid || before.start != after.start)
		return -ESRCH;
	before.id = id_of(fd);
	before.fd = take_fd(fd);
	*ret_process = before;
	return 0;
}

int process_reopen(pid_t pid, int64_t start, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r = start > 0 ? open_process(pid, &fd) : -ESRCH;

	if (r < 0)
		return r;
	/* Had it gone since it was opened, its number would be of one that started later. */
	if (read_start(pid) != start)
		return -ESRCH;
	*ret_fd = take_fd(fd);
	return 0;
}

/*
 * Who exits lets go of its memory before it closes its files. Not /proc/TID/stat, which has the very flag: to read that
 * waits for an execve(2) of the thread to end, which may wait for whoever asks, as it closes files.
 */
bool process_is_ending(pid_t tid)
{
	char path[sizeof("/proc//statm") + 11], text[128] = "";

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", tid);
	return read_text(path, text, sizeof(text)) == 0 && strncmp(text, "0 ", 2) == 0;
}

bool process_over(int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

int process_code(int pidfd, int *ret_code)
{
	struct info info = {0};
	int r = get_info(pidfd, INFO_EXIT, &info);

	/* The kernel looks for the code before it looks for the process, which may be reaped in between: then
	 * the code is there by now. */
	if (r == -ESRCH)
		r = get_info(pidfd, INFO_EXIT, &info);
	if (r < 0)
		return r == -ESRCH ? -ENODATA : r;
	if (!(info.mask & INFO_EXIT))
		return -EAGAIN;
	*ret_code = WIFSIGNALED(info.exit_code) ? 128 + WTERMSIG(info.exit_code)
						: WEXITSTATUS(info.exit_code);
	return 0;
}

int process_boot_id(char ret_id[37])
{
	char text[38] = ""; /* with its newline */
	int r = read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text));

	if (r < 0)
		return r;
	if (strlen(text) != 37 || text[36] != '\n')
		return -EIO;
	text[36] = '\0';
	memcpy(ret_id, text, 37);
	return 0;
}
