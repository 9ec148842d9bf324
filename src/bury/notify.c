/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"

int notify_open(int *ret_fd, char ret_variable[NOTIFY_VARIABLE_MAX])
{
	_cleanup_(cleanup_close) int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(address.sun_family), path_len;

	/* An address without a name: the kernel picks one. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0)
		return -errno;
	len = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	path_len = len - (socklen_t)offsetof(struct sockaddr_un, sun_path);
	(void)snprintf(ret_variable, NOTIFY_VARIABLE_MAX, "NOTIFY_SOCKET=@%.*s", (int)path_len - 1,
		       address.sun_path + 1);
	*ret_fd = take_fd(fd);
	return 0;
}

static bool says_ready(const char *text)
{
	for (const char *s = text; s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (strncmp(s, "READY=1", 7) == 0 && (s[7] == '\n' || s[7] == '\0'))
			return true;
	}
	return false;
}

bool notify_read(int fd)
{
	bool ready = false;
	char text[4096];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[n] = '\0';
		ready = ready || says_ready(text);
	}
	return ready;
}
