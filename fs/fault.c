/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What follows "POINT:" in the variable; NULL: it is about another point. */
static const char *argument_of(const char *point)
{
	const char *said = getenv("GRAVEYARDFS_DIE_AT");
	size_t len = strlen(point);

	return said && strncmp(said, point, len) == 0 && said[len] == ':' ? said + len + 1 : NULL;
}

void fault(const char *point)
{
	static unsigned long passed;
	const char *n = argument_of(point);

	if (n && ++passed == strtoul(n, NULL, 10))
		(void)raise(SIGKILL);
}

void fault_named(const char *request, size_t len)
{
	const char *name = argument_of("name");

	if (name && memmem(request, len, name, strlen(name) + 1))
		(void)raise(SIGKILL);
}
