/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/ports.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sock_diag.h"

static void on_socket(void *arg, const struct sock_diag_socket *socket)
{
	(void)socket;
	*(bool *)arg = true;
}

/* -errno: the kernel does not tell. */
static int ask_kernel(unsigned port)
{
	struct sock_diag diag;
	bool found = false;
	int r;

	sock_diag_open(&diag);
	r = sock_diag_list(&diag, 1U << TCP_LISTEN, (uint16_t)port, (uint16_t)port, on_socket,
			   &found);
	sock_diag_close(&diag);
	return r < 0 ? r : found;
}

/* A line of /proc/net/tcp: "  0: 0100007F:1538 00000000:0000 0A …" */
static bool line_listens(const char *line, unsigned port)
{
	const char *at = strchr(line, ':');
	char *end;

	at = at ? strchr(at + 1, ':') : NULL;
	if (!at || strtoul(at + 1, &end, 16) != port)
		return false;
	at = strchr(end, ':');
	at = at ? strchr(at, ' ') : NULL;
	return at && strtoul(at, NULL, 16) == TCP_LISTEN;
}

static bool table_has(const char *path, unsigned port)
{
	FILE *table = fopen(path, "re");
	char line[512];
	bool found = false;

	if (!table)
		return false;
	while (!found && fgets(line, sizeof(line), table))
		found = line_listens(line, port);
	(void)fclose(table);
	return found;
}

/* The tables cost tens of milliseconds to read, as the kernel goes through all connections there may be. */
bool port_listening(unsigned port)
{
	int r = ask_kernel(port);

	if (r >= 0)
		return r;
	return table_has("/proc/net/tcp", port) || table_has("/proc/net/tcp6", port);
}
