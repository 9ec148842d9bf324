/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal as text: one line an event,
 *
 *	SEQ TIME NAME LIFE WHAT CODE UID GID PID
 *
 * with a single space between the columns, "-" for a CODE or NAME and 0 for a LIFE that there is not, so that a shell
 * takes it apart with `read -r seq time name life what code rest`. Later versions add columns at the end.
 *
 * Every event keeps how long the text before it is (event.text_at), so that a reader at any offset is
 * served without reading what comes before.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;
struct event;
struct store;
enum event_what;
enum via;

/* "born", "ready", "epitaph", "died", "exitcode", "removed", "owner", "fresh". */
const char *event_word(enum event_what what);

/* "write", "lease", "kernel", "intake", "lost", "reboot"; NULL: not known. */
const char *via_word(enum via via);

/* The line, with its newline. */
void journal_line(const struct event *event, struct buf *text);

/* Length of the text of all events up to and including `seq`; 0 for 0. -ENOENT: no such event. */
int journal_text_end(struct store *store, uint64_t seq, uint64_t *ret_end);

/*
 * Appends the text of the events up to `last` from byte `offset` on, until `size` bytes are there or
 * the events end. `hint` may hold the number of an event near the offset (0: unknown), and holds that
 * of the last one written on return; it only saves time.
 */
int journal_read(struct store *store, uint64_t last, uint64_t offset, size_t size, uint64_t *hint,
		 struct buf *text);
