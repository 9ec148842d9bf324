/* SPDX-License-Identifier: Apache-2.0 */
#include "herald.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "exit_status.h"

int herald_run(const char *mountpoint)
{
	(void)mountpoint;
	(void)prctl(PR_SET_NAME, "gyfs-herald");
	for (;;)
		(void)pause();
	return EXIT_OK;
}
