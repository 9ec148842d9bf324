/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* A path, or an abstract name after an @. */
static int take_address(const char *name, struct sockaddr_un *address, socklen_t *ret_len)
{
	size_t len = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return -EINVAL;
	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, name, len);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	/* Every byte of an abstract name counts, the NUL at the end of a path does not. */
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static int open_socket(const char *name, int *ret_fd)
{
	_cleanup_(cleanup_close) int fd = -1;
	struct sockaddr_un address;
	socklen_t len;
	int r = take_address(name, &address, &len);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, len) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

static void complain(int r, const char *name)
{
	if (r < 0)
		log_warning("unable to notify '%s': %s, ignoring", name, strerror(-r));
}

void notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*n = (struct notify){.fd = -1};
	if (name)
		complain(open_socket(name, &n->fd), name);
	(void)unsetenv("NOTIFY_SOCKET");
}

static void tell(const struct notify *n, const char *state, bool *told)
{
	if (n->fd >= 0 && !*told &&
	    send(n->fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		complain(-errno, state);
	*told = true;
}

void notify_ready(struct notify *n)
{
	tell(n, "READY=1", &n->ready);
}

void notify_stopping(struct notify *n)
{
	tell(n, "STOPPING=1", &n->stopping);
}
