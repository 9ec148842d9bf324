/* SPDX-License-Identifier: Apache-2.0 */
/* --read-only: a copy of a database that may be in use, from another process as it will be. */
#include "store/sqlite_store.h"

#include "given.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int ready[2], go[2]; /* pipes: from the child, to the child */

static void say(const int fds[2])
{
	assert_int_equal(write(fds[1], "", 1), 1);
}

static void listen_to(const int fds[2])
{
	char byte;

	assert_int_equal(read(fds[0], &byte, 1), 1);
}

static int setup(void **state)
{
	struct scratch *scratch;
	int r = scratch_setup(state);

	if (r < 0 || pipe(ready) < 0 || pipe(go) < 0)
		return -1;
	scratch = *state;
	return setenv("TMPDIR", scratch->directory, 1);
}

static int teardown(void **state)
{
	for (int i = 0; i < 2; i++) {
		(void)close(ready[i]);
		(void)close(go[i]);
	}
	return scratch_teardown(state);
}

static struct store *open_copy(struct scratch *scratch)
{
	struct store *store = NULL;
	int r = sqlite_store_open_copy(scratch->db, &store, scratch->why, sizeof(scratch->why));

	if (r < 0)
		fail_msg("%d: %s", r, scratch->why);
	return store;
}

/* Nothing but the state directory is left in what is also $TMPDIR. */
static void assert_nothing_left(const struct scratch *scratch)
{
	DIR *dir = opendir(scratch->directory);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			assert_string_equal(entry->d_name, "state");
	}
	(void)closedir(dir);
}

/* The journal, the lives and the graves of be_born() and die() in turns agree. */
static void assert_consistent(struct store *store)
{
	uint64_t seq = last_seq(store), graves, alive;
	struct event event;
	struct life life;

	assert_int_equal(store->ops->count(store, STORE_LIST_EVERY, &graves), 0);
	assert_int_equal(store->ops->count(store, STORE_LIST_ALIVE, &alive), 0);
	assert_int_equal(graves, (seq + 1) / 2);
	assert_int_equal(alive, seq % 2);
	for (uint64_t i = 1; i <= seq; i++) {
		assert_int_equal(store->ops->event(store, i, &event), 0);
		assert_int_equal(event.grave, (i + 1) / 2);
		assert_int_equal(store->ops->life(store, event.grave, 1, &life), 0);
		assert_int_equal(life.seq[i % 2 ? FACT_BORN : FACT_DIED], i);
	}
}

static void live_and_wait(struct scratch *scratch)
{
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;

	commit_birth(store, "a");
	commit_death(store, "a", 3);
	commit_birth(store, "b");
	assert_int_equal(store->ops->begin(store), 0);
	die(store, "b", 4); /* not committed */
	say(ready);
	listen_to(go);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->find(store, "b", 1, &grave), 0);
	scratch_close(scratch);
}

static void a_copy_is_made_of_one_in_use(void **state)
{
	struct scratch *scratch = *state;
	pid_t pid = scratch_fork(live_and_wait, scratch);
	struct store *copy;
	struct grave grave;
	uint64_t digest;

	listen_to(ready);
	assert_true(scratch_size(scratch, "-wal") > 0);
	digest = scratch_digest(scratch);
	copy = open_copy(scratch);
	assert_int_equal(scratch_digest(scratch), digest);
	assert_nothing_left(scratch);
	say(go);
	assert_int_equal(scratch_status(pid), 0);
	/* As of then. */
	assert_int_equal(last_seq(copy), 3);
	assert_consistent(copy);
	assert_int_equal(copy->ops->find(copy, "b", 1, &grave), 0);
	copy->ops->free(copy);
}

static void a_copy_takes_no_writes(void **state)
{
	struct scratch *scratch = *state;
	struct grave grave = a_grave("c", 1);
	struct life life = a_life(1, 2, 9);
	struct store *copy;
	struct event event;

	commit_birth(scratch_open(scratch, STORE_PROCESS), "a");
	scratch_close(scratch);
	copy = open_copy(scratch);
	event = an_event(copy, EVENT_BORN, &grave);
	assert_int_equal(copy->ops->put_grave(copy, &grave), -EROFS);
	assert_int_equal(copy->ops->begin(copy), 0);
	assert_int_equal(copy->ops->put_grave(copy, &grave), -EROFS);
	assert_int_equal(copy->ops->put_life(copy, &life), -EROFS);
	assert_int_equal(copy->ops->append(copy, &event), -EROFS);
	assert_int_equal(copy->ops->clear_view(copy, 2), -EROFS);
	assert_int_equal(copy->ops->life(copy, 1, 1, &life), 0);
	assert_int_equal(copy->ops->commit(copy), 0);
	assert_int_equal(copy->ops->begin(copy), 0);
	copy->ops->rollback(copy);
	assert_int_equal(last_seq(copy), 1);
	copy->ops->free(copy);
}

static void live_and_crash(struct scratch *scratch)
{
	struct store *store = scratch_open(scratch, STORE_PROCESS);

	commit_birth(store, "a");
	commit_death(store, "a", 3);
	(void)raise(SIGKILL);
}

/* As it comes out of a node's disk, or a kubectl cp: with a -wal, nobody to own it, and no -shm. */
static void a_copy_is_made_of_what_a_crash_left(void **state)
{
	struct scratch *scratch = *state;
	char shm[128];
	struct store *copy;
	uint64_t digest;

	assert_int_equal(scratch_status(scratch_fork(live_and_crash, scratch)), SCRATCH_KILLED);
	(void)sprintf(shm, "%s-shm", scratch->db);
	assert_int_equal(unlink(shm), 0);
	assert_true(scratch_size(scratch, "-wal") > 0);
	digest = scratch_digest(scratch);
	copy = open_copy(scratch);
	assert_int_equal(last_seq(copy), 2);
	assert_consistent(copy);
	copy->ops->free(copy);
	assert_int_equal(scratch_digest(scratch), digest);
	assert_nothing_left(scratch);
}

static void live_fast(struct scratch *scratch)
{
	struct store *store = scratch_open(scratch, STORE_PROCESS);

	/* Makes the copying last for many transactions of ours, and for a checkpoint or two. */
	free(scratch_sql(scratch->db, "CREATE TABLE ballast (bytes BLOB);"
				      "INSERT INTO ballast SELECT zeroblob(30000000)"));
	for (int i = 0; i < 10000000; i++) {
		char name[32];

		if (i == 1000)
			say(ready);
		(void)sprintf(name, "name-%d", i);
		commit_birth(store, name);
		commit_death(store, name, 0);
	}
}

static void a_copy_of_a_busy_one_is_of_one_moment(void **state)
{
	struct scratch *scratch = *state;
	pid_t pid = scratch_fork(live_fast, scratch);
	uint64_t seq = 0;

	listen_to(ready);
	for (int i = 0; i < 20; i++) {
		struct store *copy = open_copy(scratch);

		assert_true(last_seq(copy) >= seq);
		seq = last_seq(copy);
		assert_consistent(copy);
		copy->ops->free(copy);
		(void)usleep(10000); /* not to measure anything: for the other to get somewhere */
	}
	assert_nothing_left(scratch);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(seq > 40);
}

static void without_a_database_or_room_it_says_so(void **state)
{
	struct scratch *scratch = *state;
	struct store *copy = NULL;

	assert_int_equal(
		sqlite_store_open_copy(scratch->db, &copy, scratch->why, sizeof(scratch->why)),
		-ENOENT);
	assert_non_null(strstr(scratch->why, "there is no database"));
	/* A directory that cannot be used is passed over. */
	commit_birth(scratch_open(scratch, STORE_PROCESS), "a");
	scratch_close(scratch);
	assert_int_equal(setenv("TMPDIR", "/proc/nowhere", 1), 0);
	copy = open_copy(scratch);
	assert_int_equal(last_seq(copy), 1);
	copy->ops->free(copy);
	copy = NULL;
	assert_int_equal(sqlite_store_open_copy(scratch->db, &copy, NULL, 0), 0);
	copy->ops->free(copy);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_is_made_of_one_in_use),
		TEST(a_copy_takes_no_writes),
		TEST(a_copy_is_made_of_what_a_crash_left),
		TEST(a_copy_of_a_busy_one_is_of_one_moment),
		TEST(without_a_database_or_room_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
