/* SPDX-License-Identifier: Apache-2.0 */
#include "handover.h"

#include <sys/mman.h>

struct handover *handover_map(int fd, size_t session_size)
{
	void *at = mmap(NULL, HANDOVER_SIZE + session_size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_NORESERVE, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

void *handover_session(struct handover *h)
{
	return (char *)h + HANDOVER_SIZE;
}
