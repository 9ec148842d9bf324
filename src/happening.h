/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in the graveyard, in the log: one line an event, whatever the log's level.
 *
 *	level=info event=died name=a life=1 code=3 via=write uid=0 gid=0 pid=23 seq=4 time=2026-11-21T03:10:00.5Z
 */
#pragma once

struct event;

/* `arg` is nothing. */
void happening_log(void *arg, const struct event *event);
