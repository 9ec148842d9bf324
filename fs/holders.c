/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/state.h"

int holders_init(struct holders *h, unsigned handles)
{
	h->patience = INT64_MAX;
	h->pidfds = calloc((size_t)handles + 1, sizeof(*h->pidfds));
	if (!h->pidfds)
		return -ENOMEM;
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	return h->epoll < 0 ? -errno : 0;
}

static void close_one(int *pidfd)
{
	if (*pidfd > 0)
		(void)close(*pidfd);
	*pidfd = 0;
}

void holders_release(struct holders *h, unsigned handles)
{
	close_one(&h->made);
	for (unsigned i = 0; h->pidfds && i <= handles; i++)
		close_one(&h->pidfds[i]);
	free(h->pidfds);
	close_one(&h->epoll);
}

void holders_make(struct holders *h, int pidfd)
{
	close_one(&h->made);
	h->made = pidfd;
}

void holders_adopt(struct holders *h, uint64_t fh)
{
	int *pidfd = &h->pidfds[state_handle_index(fh)];

	close_one(pidfd);
	*pidfd = h->made;
	h->made = 0;
}

int holders_get(const struct holders *h, uint64_t fh)
{
	return h->pidfds[state_handle_index(fh)];
}

/* It is told once of the end, and once of the reaping. */
void holders_watch(struct holders *h, uint64_t fh)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = fh};
	int pidfd = holders_get(h, fh);

	if (pidfd && epoll_ctl(h->epoll, EPOLL_CTL_ADD, pidfd, &event) < 0)
		log_warning("unable to watch a process that holds a lease: %s", strerror(errno));
}

/* With its last descriptor it leaves the epoll set. */
void holders_drop(struct holders *h, uint64_t fh)
{
	close_one(&h->pidfds[state_handle_index(fh)]);
}

void holders_collect(struct holders *h)
{
	int n = epoll_wait(h->epoll, h->ended, HOLDERS_ENDED, 0);

	h->ended_count = n > 0 ? (unsigned)n : 0;
}
