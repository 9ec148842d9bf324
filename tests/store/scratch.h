/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of its own for each test, and what can be done there. */
#pragma once

#include "core/store.h"
#include "store/sqlite_store.h"

#include <stddef.h>
#include <sys/types.h>

struct scratch {
	char directory[64];
	char db[96];         /* directory/state/graveyard.db; neither is there at first */
	char why[512];       /* of the last open */
	struct store *store; /* NULL while closed */
};

/* cmocka's set-up and tear-down; *state is a struct scratch *. The store is closed at the end. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Asserts that it succeeds. */
struct store *scratch_open(struct scratch *scratch, enum store_durability durability);
void scratch_close(struct scratch *scratch);

/* Returns the error, which is asserted to be one, with a sentence in `why` that has `words` in it. */
int scratch_refused(struct scratch *scratch, const char *words);

/* Runs SQL on the database as somebody with the sqlite3 tool would; returns all columns of all rows
 * with "|" and newlines, to be freed. */
char *scratch_sql(const char *path, const char *sql);
void assert_sql(const char *path, const char *sql, const char *expected);

/* Names and contents of all files beside the database, but for the lock, as one number. */
uint64_t scratch_digest(const struct scratch *scratch);

/* Bytes in directory/state/graveyard.db-`suffix`, -1 where there is no such file. */
off_t scratch_size(const struct scratch *scratch, const char *suffix);

void scratch_write(const char *path, off_t at, const void *data, size_t len);

/* Runs f in a child process, and there _exit(0). An assertion that fails there aborts the child.
 * scratch_status() waits for its end and returns its exit status, 128+n for a signal. */
pid_t scratch_fork(void (*f)(struct scratch *), struct scratch *scratch);
#define SCRATCH_KILLED 137
int scratch_status(pid_t pid);
