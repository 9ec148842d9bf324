/* SPDX-License-Identifier: Apache-2.0 */
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/name.h"

const char *const place_names[PLACE_COUNT] = {".", ".born", ".ready", ".died"};

enum errand_kind { ERRAND_UNMOUNT = 1, ERRAND_CHOWN, ERRAND_OPEN, ERRAND_READY };

/* The answer is an int32_t: 0, with the descriptor if one was asked for, or -errno. */
struct errand {
	uint32_t kind;
	uint32_t uid, gid;             /* ERRAND_CHOWN */
	uint32_t place;                /* ERRAND_OPEN, an enum place */
	char name[GRAVE_NAME_MAX + 1]; /* ERRAND_OPEN, ends with a NUL */
};

/* Room for one descriptor. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* ---- the worker's side ---- */

static int send_errand(int fd, const struct errand *errand)
{
	return send(fd, errand, sizeof(*errand), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int receive_answer(int fd, int *ret_opened)
{
	union control control;
	int32_t answer;
	struct iovec iov = {&answer, sizeof(answer)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(answer))
		return n < 0 ? -errno : -EIO;
	header = CMSG_FIRSTHDR(&msg);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(ret_opened, CMSG_DATA(header), sizeof(*ret_opened));
	return answer;
}

int errand_unmount(int fd)
{
	const struct errand errand = {.kind = ERRAND_UNMOUNT};

	return send_errand(fd, &errand);
}

int errand_ready(int fd)
{
	const struct errand errand = {.kind = ERRAND_READY};

	return send_errand(fd, &errand);
}

int errand_chown(int fd, uid_t uid, gid_t gid)
{
	const struct errand errand = {.kind = ERRAND_CHOWN, .uid = uid, .gid = gid};
	int none, r = send_errand(fd, &errand);

	return r < 0 ? r : receive_answer(fd, &none);
}

int errand_open(int fd, enum place place, const char *name, int *ret_fd)
{
	struct errand errand = {.kind = ERRAND_OPEN, .place = place};
	int opened = -1, r;

	if (strlen(name) >= sizeof(errand.name))
		return -EINVAL;
	memcpy(errand.name, name, strlen(name));
	r = send_errand(fd, &errand);
	if (r == 0)
		r = receive_answer(fd, &opened);
	if (r == 0 && opened < 0)
		return -EMFILE; /* it was sent, and there was no number left for it */
	if (r == 0)
		*ret_fd = opened;
	return r;
}

/* ---- the keeper's side ---- */

/* A regular file; not opened yet: only what is one may be. */
static int find(int directory, const char *path, struct stat *ret_st, int *ret_fd)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_(cleanup_close) int fd =
		(int)syscall(SYS_openat2, directory, path, &how, sizeof(how));

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	*ret_fd = take_fd(fd);
	return 0;
}

/* Whoever can write to the directory may have put something else there under that name. */
static int give_away(int directory, const struct errand *errand)
{
	_cleanup_(cleanup_close) int fd = -1;
	struct stat st = {0};
	int r = find(directory, UNFINISHED_STONE, &st, &fd);

	if (r != 0)
		return r;
	if (st.st_uid != geteuid() || st.st_nlink != 1)
		return -EPERM;
	return fchownat(fd, "", errand->uid, errand->gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int open_stone(int directory, const struct errand *errand, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = -1;
	const size_t len = strnlen(errand->name, sizeof(errand->name));
	char path[sizeof(errand->name) + 8];
	struct stat st;
	int r;

	if (errand->place >= PLACE_COUNT || len == sizeof(errand->name) ||
	    !name_valid(errand->name, len))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "%s/%s", place_names[errand->place], errand->name);
	r = find(directory, path, &st, &fd);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return *ret_fd < 0 ? -errno : 0;
}

static void answer(int fd, int32_t r, int opened)
{
	struct iovec iov = {&r, sizeof(r)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control = {
		.align =
			{
				.cmsg_len = CMSG_LEN(sizeof(opened)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
			},
	};

	if (opened >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		memcpy(CMSG_DATA(&control.align), &opened, sizeof(opened));
	}
	(void)sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int do_it(int directory, const struct errand *errand, int *ret_opened)
{
	switch (errand->kind) {
	case ERRAND_CHOWN:
		return give_away(directory, errand);
	case ERRAND_OPEN:
		return open_stone(directory, errand, ret_opened);
	default:
		return -EINVAL;
	}
}

enum errand_left errand_do(int fd, int directory)
{
	_cleanup_(cleanup_close) int opened = -1;
	struct errand errand;
	/* Descriptors that come with it are dropped by the kernel: there is no room for them. */
	ssize_t n = recv(fd, &errand, sizeof(errand), MSG_DONTWAIT | MSG_TRUNC);
	int r = -EINVAL;

	if (n < 0)
		return ERRAND_LEFT_NOTHING;
	if (n == (ssize_t)sizeof(errand) && errand.kind == ERRAND_UNMOUNT)
		return ERRAND_LEFT_UNMOUNT;
	if (n == (ssize_t)sizeof(errand) && errand.kind == ERRAND_READY)
		return ERRAND_LEFT_READY;
	if (n == (ssize_t)sizeof(errand))
		r = do_it(directory, &errand, &opened);
	answer(fd, r, opened);
	return ERRAND_LEFT_NOTHING;
}

static void drop_all(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		;
}

void errand_forget(int keepers, int workers)
{
	drop_all(keepers);
	drop_all(workers);
}
