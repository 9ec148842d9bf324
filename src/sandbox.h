/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least privilege for the worker, who reads what strangers write: no capability, none to be had
 * again, and no system call but those it serves with. One that is not allowed ends the process with
 * SIGSYS; the kernel's audit log has its number.
 *
 * What goes on working: all that is open already, files and memory (none of it executable),
 * deadlines, other processes as in base/process.h. What does not: sockets that are not open yet, other
 * programs, processes and threads, mounts. A root without capabilities is a user like others: files
 * that do not let uid 0 in stay closed.
 */
#pragma once

#include <stdint.h>

/*
 * Only the first half: of capabilities it keeps, of those it has, the ones in a mask (CAP_TO_MASK(), those below 32),
 * and none can be had again. For the herald, whose system calls go by paths. 0 or -errno.
 */
int sandbox_drop(uint32_t keep);

/*
 * From here on, for ever, for this process, which has one thread. Where the kernel, or whoever runs
 * the container, has no seccomp filters for us, the system calls stay as they are, and a warning is
 * logged: that is no worse than the capabilities being gone already. So they do in a build with
 * AddressSanitizer, whose leak check at the end forks and traces.
 *
 * PR_SET_DUMPABLE is left alone: without it /proc/self would be root's, and so closed to a worker
 * of another uid, and there would be no core to find out from why a worker crashed.
 *
 * 0, or the -errno of what has to work and did not: do not serve.
 */
int sandbox_enter(void);
