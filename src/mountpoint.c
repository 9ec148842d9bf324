/* SPDX-License-Identifier: Apache-2.0 */
#include "mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define FS_TYPE "fuse.graveyardfs"
#define ANSWER_MS 5000

/* How long a foreign FUSE mount may take to say that its server is gone: it says so at once. */
#define DEAD_MS 1000

/* Layers of dead mounts that are taken down before something is wrong. */
#define LAYERS_MAX 64

/* In /proc/self/mountinfo, space, tab, newline and backslash are written as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

enum kind { KIND_OTHER, KIND_FUSE, KIND_GRAVEYARD };

static enum kind kind_of(const char *type)
{
	if (strncmp(type, FS_TYPE " ", sizeof(FS_TYPE)) == 0)
		return KIND_GRAVEYARD;
	return strncmp(type, "fuse ", 5) == 0 || strncmp(type, "fuse.", 5) == 0 ||
			       strncmp(type, "fuseblk", 7) == 0
		       ? KIND_FUSE
		       : KIND_OTHER;
}

/* What is mounted on top of a place, the last in the table that names it? */
static int find_kind(const char *real_path, enum kind *ret_kind)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	_cleanup_(cleanup_free) char *line = NULL;
	size_t size = 0;
	int r;

	if (!table)
		return -errno;
	while (getline(&line, &size, table) > 0) {
		_cleanup_(cleanup_free) char *place = NULL;
		const char *type = strstr(line, " - ");

		if (!type || sscanf(line, "%*s %*s %*s %*s %ms", &place) != 1)
			continue;
		unescape(place);
		if (strcmp(place, real_path) == 0)
			*ret_kind = kind_of(type + 3);
	}
	r = feof(table) ? 0 : -errno;
	(void)fclose(table);
	return r;
}

/* A copy without the slashes that follow. */
static char *copy_path(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

int mountpoint_find(const char *path, char *ret_real_path)
{
	_cleanup_(cleanup_free) char *copy = copy_path(path);

	if (!copy)
		return -ENOMEM;
	return realpath(copy, ret_real_path) ? 0 : -errno;
}

static int look(const char *real_path, enum mountpoint_state *ret_state)
{
	struct stat st;
	enum kind kind = KIND_OTHER;
	int r = find_kind(real_path, &kind);

	if (r < 0)
		return r;
	*ret_state = MOUNTPOINT_FREE;
	/* A live one is not asked: it might hang. A dead one fails at once. */
	if (kind == KIND_GRAVEYARD)
		*ret_state = MOUNTPOINT_SERVED;
	else if (stat(real_path, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED))
		*ret_state = MOUNTPOINT_STALE;
	return 0;
}

int mountpoint_look(const char *path, enum mountpoint_state *ret_state)
{
	char real_path[PATH_MAX];
	int r = mountpoint_find(path, real_path);

	if (r == 0)
		return look(real_path, ret_state);
	*ret_state = r == -ENOENT ? MOUNTPOINT_FREE : MOUNTPOINT_STALE;
	return r == -ENOENT || r == -ENOTCONN || r == -ECONNABORTED ? 0 : r;
}

int mountpoint_mount(const char *path, bool read_only, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	unsigned long flags = MS_NOSUID | MS_NODEV | (read_only ? MS_RDONLY : 0);
	char data[128];

	if (fd < 0)
		return -errno;
	(void)snprintf(data, sizeof(data),
		       "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other", fd, getuid(),
		       getgid());
	if (mount("graveyardfs", path, FS_TYPE, flags, data) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

static int detach(const char *path)
{
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int mountpoint_unmount(const char *path)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	return errno == EBUSY ? detach(path) : -errno;
}

int mountpoint_abort(const char *path)
{
	return umount2(path, MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

static bool ask(const char *path)
{
	char file[4096], byte;
	int fd, n = snprintf(file, sizeof(file), "%s/.help", path);

	if (n < 0 || (size_t)n >= sizeof(file))
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool is_dead(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

/*
 * Is it so? 1; 0, also if that is not known in time; -errno. In a process of its own: in front of a server that hangs, only a
 * process can be given up.
 */
static int find_out(bool (*is)(const char *path), const char *path, int patience_ms)
{
	siginfo_t info = {0};
	struct pollfd ended = {.events = POLLIN};
	_cleanup_(cleanup_close) int fd = -1;
	pid_t pid = fork();
	int r;

	if (pid == 0)
		_exit(is(path) ? 0 : 1);
	if (pid < 0)
		return -errno;
	ended.fd = fd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = fd < 0 ? -1 : poll(&ended, 1, patience_ms);
	if (r < 0)
		r = -errno;
	if (r <= 0) {
		/* Not waited for: it may not end before that server does. */
		(void)kill(pid, SIGKILL);
		return r;
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return -errno;
	return info.si_code == CLD_EXITED && info.si_status == 0;
}

int mountpoint_answers(const char *path)
{
	return find_out(ask, path, ANSWER_MS);
}

int mountpoint_take_down(const char *path)
{
	char real_path[PATH_MAX];
	int count = 0, r = mountpoint_find(path, real_path);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (; count < LAYERS_MAX; count++) {
		enum kind kind = KIND_OTHER;

		r = find_kind(real_path, &kind);
		if (r < 0)
			return r;
		r = kind == KIND_FUSE ? find_out(is_dead, real_path, DEAD_MS)
				      : kind == KIND_GRAVEYARD;
		if (r <= 0)
			return r < 0 ? r : count;
		r = detach(real_path);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

int mountpoint_clear(const char *path)
{
	char real_path[PATH_MAX];
	int r = mountpoint_find(path, real_path);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (int i = 0; i < LAYERS_MAX; i++) {
		enum mountpoint_state state;

		r = look(real_path, &state);
		if (r < 0 || state == MOUNTPOINT_FREE)
			return r;
		if (state == MOUNTPOINT_SERVED)
			r = mountpoint_answers(real_path);
		if (r != 0)
			return r < 0 ? r : -EBUSY;
		/* One that hangs is aborted: whoever has asked it cannot end before, and as process 1 we not before him. */
		r = state == MOUNTPOINT_SERVED ? mountpoint_abort(real_path) : detach(real_path);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

/* FUSE_TIMEOUT_TIMER_FREQ in fs/fuse/fuse_i.h: how often the kernel looks. */
#define TIMEOUT_LEAST 15

static unsigned read_seconds(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[16];
	unsigned long seconds = 0;

	if (!file)
		return 0; /* an older kernel */
	if (fgets(text, sizeof(text), file))
		seconds = strtoul(text, NULL, 10);
	(void)fclose(file);
	return (unsigned)seconds;
}

int64_t mountpoint_request_timeout(void)
{
	unsigned timeout = read_seconds("/proc/sys/fs/fuse/default_request_timeout");
	unsigned most = read_seconds("/proc/sys/fs/fuse/max_request_timeout");

	if (most && (!timeout || timeout > most))
		timeout = most;
	if (!timeout)
		return INT64_MAX;
	return (timeout > TIMEOUT_LEAST ? timeout : TIMEOUT_LEAST) * NSEC_PER_SEC;
}

int mountpoint_make(const char *path, mode_t mode)
{
	_cleanup_(cleanup_free) char *copy = copy_path(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	/* Not lstat(2): what is mounted there may hang. Whatever it is, mounting will tell. */
	if (mkdir(copy, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(copy, mode) < 0 ? -errno : 0;
}
