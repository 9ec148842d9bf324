/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places at which a process that serves can be made to die, for tests, in a build with -Dfault_points=true:
 * GRAVEYARDFS_DIE_AT=POINT:N, by SIGKILL when it comes there for the Nth time.
 */
#pragma once

#include <stddef.h>

#ifdef FAULT_POINTS

void fault(const char *point);

/* The same as GRAVEYARDFS_DIE_AT=name:NAME, at a request in which that name is. */
void fault_named(const char *request, size_t len);

#else

static inline void fault(const char *point)
{
	(void)point;
}

static inline void fault_named(const char *request, size_t len)
{
	(void)request, (void)len;
}

#endif
