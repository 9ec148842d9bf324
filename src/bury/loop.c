/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

int loop_init(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_remove(struct loop *loop, struct source *source)
{
	if (source->fd < 0)
		return;
	/* Not left to close(2): a FUSE file that is still in use elsewhere would stay. */
	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	(void)close(source->fd);
	source->fd = -1;
}

int64_t loop_deadline(int64_t after)
{
	int64_t now = clock_monotonic();

	return after > NEVER - now ? NEVER : now + after;
}

/* Rounded up: who wakes too early only wakes again. */
static int milliseconds_until(int64_t deadline)
{
	int64_t left;

	if (deadline == NEVER)
		return -1;
	left = deadline - clock_monotonic();
	if (deadline == 0 || left <= 0)
		return 0;
	left = (left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int loop_turn(struct loop *loop, int64_t deadline)
{
	struct epoll_event event;
	struct source *source;
	int n = epoll_wait(loop->epoll, &event, 1, milliseconds_until(deadline));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 1) {
		source = event.data.ptr;
		source->ready(source);
	}
	return n;
}
