/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The herald: makes those hear who watch by inotify(7) what no process of theirs did. The kernel tells them of a
 * change only when somebody makes it through the mount, so a process of ours makes it once more, after the commit:
 * it creates what is there, changes nothing in it, removes what is gone. The worker lets it, and does nothing
 * (fs/announce.h). What is to be announced comes through handover->news (news.h).
 *
 * What is there is created with mknod(2), which, other than open(2), tells watchers of nothing else. It is modified by
 * setting its time of modification, which they are told of in the same words as of a write.
 *
 * It is a process of its own because it is a client of the mount: whoever waits for an answer of a worker that was
 * killed cannot be killed itself, and may be nobody whom the keeper waits for. While it has nothing to announce it has
 * nothing open there, so that the mount is not busy.
 */
#pragma once

/* Returns what to exit with; does not return before the keeper ends. */
int herald_run(const char *mountpoint);
