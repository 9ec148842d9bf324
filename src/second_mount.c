/* SPDX-License-Identifier: Apache-2.0 */
#include "second_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/without.h"

/* Of a line of the table: more than its first three fields. */
#define HEAD_SIZE 64

/* For a process that makes a few system calls. */
#define STACK_SIZE 65536

void second_mount_init(struct second_mount *s, const char *given)
{
	*s = (struct second_mount){.given = given, .table = -1};
}

/* ---- the place ---- */

static bool is_within(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

int second_mount_place(struct second_mount *s, const char *first)
{
	char first_path[PATH_MAX];

	if (!realpath(s->given, s->path) || !realpath(first, first_path))
		return log_failure(-errno, "find", s->given);
	if (is_within(s->path, first_path) || is_within(first_path, s->path)) {
		log_error("'%s' is no place for a second mount: neither may lie in the other",
			  s->given);
		return -EINVAL;
	}
	s->table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	return s->table < 0 ? log_failure(-errno, "open", "/proc/self/mountinfo") : 0;
}

/* ---- which mount is it? ---- */

/* On top of a place. What the kernel knows without asking the server. */
static struct mount_id find_id(const char *path)
{
	struct statx st = {0};

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) < 0)
		return (struct mount_id){0};
	return (struct mount_id){st.stx_mnt_id, st.stx_dev_major, st.stx_dev_minor};
}

static bool is_same(const struct mount_id *a, const struct mount_id *b)
{
	return a->id == b->id && a->major == b->major && a->minor == b->minor;
}

/* "36 35 0:50 /": its number, its parent's, its device. */
static struct mount_id read_head(const char *head)
{
	struct mount_id m;
	char *at;

	m.id = strtoull(head, &at, 10);
	(void)strtoull(at, &at, 10);
	m.major = (unsigned)strtoul(at, &at, 10);
	m.minor = *at == ':' ? (unsigned)strtoul(at + 1, NULL, 10) : 0;
	return m;
}

/* Looks for both in the table; in pieces, since a line may be of any length. False: not all of it could be read. */
static bool find_both(const struct second_mount *s, bool *ret_first, bool *ret_second)
{
	char piece[4096], head[HEAD_SIZE];
	size_t len = 0;
	ssize_t n;

	(void)lseek(s->table, 0, SEEK_SET);
	while ((n = read(s->table, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			struct mount_id m;

			if (piece[i] != '\n') {
				if (len < sizeof(head) - 1)
					head[len++] = piece[i];
				continue;
			}
			head[len] = '\0';
			len = 0;
			m = read_head(head);
			*ret_first |= is_same(&m, &s->first);
			*ret_second |= is_same(&m, &s->second);
		}
	}
	return n == 0;
}

/* ---- making it ---- */

/* Linux 5.12. */
static int clone_and_set(const char *from, int *ret_fd)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE};
	_cleanup_(cleanup_close) int fd =
		open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

struct older {
	const char *from;
	int fd, r;
};

/*
 * There a mount can be made read-only only where it is attached. That is done in a mount namespace of its own, from which
 * nothing propagates. In a process of its own, which shares memory and descriptors with this one: what it opened is open
 * here.
 */
static int clone_in_namespace(void *arg)
{
	struct older *older = arg;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(older->from, older->from, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, older->from, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		  NULL) < 0)
		older->r = -errno;
	if (older->r == 0)
		older->fd = open_tree(AT_FDCWD, older->from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (older->r == 0 && older->fd < 0)
		older->r = -errno;
	return 0;
}

static int clone_older(const char *from, int *ret_fd)
{
	_Alignas(16) char stack[STACK_SIZE];
	struct older older = {.from = from, .fd = -1};
	pid_t pid = clone(clone_in_namespace, stack + sizeof(stack),
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &older);

	if (pid < 0)
		return -errno;
	(void)waitpid(pid, NULL, 0);
	if (older.r == 0)
		*ret_fd = older.fd;
	return older.r;
}

/* A clone that is mounted nowhere yet. */
static int clone_read_only(const char *from, int *ret_fd)
{
	int r = without("mount-setattr") ? -ENOSYS : clone_and_set(from, ret_fd);

	return r == -ENOSYS ? clone_older(from, ret_fd) : r;
}

int second_mount_make(struct second_mount *s, const char *first)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r = clone_read_only(first, &fd);

	if (r == 0 && move_mount(fd, "", AT_FDCWD, s->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = -errno;
	if (r < 0)
		return log_failure(r, "mount the graveyard read-only on", s->path);
	s->first = find_id(first);
	s->second = find_id(s->path);
	if (s->first.id && s->second.id)
		return 0;
	/* What cannot be told from others could not be taken down in the end. */
	s->second.id = 0;
	(void)umount2(s->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	return log_failure(-EOPNOTSUPP, "tell from other mounts what is at", s->path);
}

/* ---- its end ---- */

void second_mount_look(struct second_mount *s)
{
	bool first = false, second = false;

	if (!s->second.id || !find_both(s, &first, &second))
		return;
	if (!second) {
		log_warning("'%s' was unmounted by somebody else", s->path);
		s->second.id = 0;
	} else if (!first) {
		second_mount_end(s);
	}
}

void second_mount_end(struct second_mount *s)
{
	struct mount_id now;

	if (!s->second.id)
		return;
	now = find_id(s->path);
	if (is_same(&now, &s->second) && umount2(s->path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		(void)log_failure(-errno, "unmount", s->path);
	s->second.id = 0;
}
