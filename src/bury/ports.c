/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_LISTEN 0x0a

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
	return at && strtoul(at, NULL, 16) == STATE_LISTEN;
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

bool port_listening(unsigned port)
{
	return table_has("/proc/net/tcp", port) || table_has("/proc/net/tcp6", port);
}
