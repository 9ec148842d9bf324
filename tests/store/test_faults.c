/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* unshare() */
/* The disk fails, is full, or the process is killed, at each point where that makes a difference. */
#include "store/sqlite_store.h"

#include "faults.h"
#include "given.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 100000 /* more calls than anything here makes */
#define NAMES 50000 /* of 200 bytes: more than the page cache holds */

/* Tries a batch: a birth and a death. A fault may strike anywhere in it. */
static int try_batch(struct store *store, const char *name)
{
	struct grave grave = a_grave(name, 1);
	struct event event;
	struct life life;
	int r = store->ops->begin(store);

	if (r < 0)
		return r;
	r = store->ops->put_grave(store, &grave);
	if (r == 0)
		r = store->ops->last_event(store, &event);
	if (r == 0) {
		life = a_life(grave.id, 1, event.seq + 1);
		r = store->ops->put_life(store, &life);
	}
	if (r == 0) {
		event = an_event(store, EVENT_BORN, &grave);
		r = store->ops->append(store, &event);
	}
	if (r == 0)
		return store->ops->commit(store);
	store->ops->rollback(store);
	return r;
}

/* Whatever struck: it is as if the batch had not been tried, and the next one goes well. */
static void assert_usable(struct store *store, const char *name, uint64_t seq)
{
	struct grave grave;
	struct event event;

	assert_int_equal(store->ops->find(store, name, strlen(name), &grave), -ENOENT);
	assert_int_equal(last_seq(store), seq);
	assert_int_equal(store->ops->event(store, seq + 1, &event), -ENOENT);
	assert_int_equal(try_batch(store, name), 0);
	assert_int_equal(last_seq(store), seq + 1);
	assert_int_equal(store->ops->find(store, name, strlen(name), &grave), 0);
}

/* Fails the first call, then the second ..., until a batch meets none. */
static void fail_each(struct scratch *scratch, unsigned calls, int error, int expected, bool all)
{
	struct store *store = scratch_open(scratch, STORE_POWER);
	bool struck = true;

	commit_birth(store, "first");
	for (int after = 0; struck; after++) {
		uint64_t seq = last_seq(store);
		char name[32];
		int r;

		(void)sprintf(name, "name-%d", after);
		faults_arm(calls, after, error, all);
		r = try_batch(store, name);
		struck = faults_disarm();
		assert_int_equal(r, struck ? expected : 0);
		if (struck)
			assert_usable(store, name, seq);
		else
			assert_true(after > 0);
	}
	scratch_close(scratch);
	assert_sql(scratch->db, "PRAGMA integrity_check", "ok\n");
}

static void a_batch_that_cannot_be_written_has_not_happened(void **state)
{
	struct scratch *scratch = *state;

	fail_each(scratch, FAULT_WRITES, EIO, -EIO, false);
	assert_int_equal(unlink(scratch->db), 0);
	fail_each(scratch, FAULT_WRITES, EIO, -EIO, true);
}

static void a_batch_that_finds_no_room_has_not_happened(void **state)
{
	struct scratch *scratch = *state;

	fail_each(scratch, FAULT_WRITES, ENOSPC, -ENOSPC, false);
	assert_int_equal(unlink(scratch->db), 0);
	fail_each(scratch, FAULT_WRITES, ENOSPC, -ENOSPC, true);
	assert_int_equal(unlink(scratch->db), 0);
	fail_each(scratch, FAULT_WRITES, EDQUOT, -ENOSPC, true);
}

static void a_batch_that_cannot_be_synced_has_not_happened(void **state)
{
	fail_each(*state, FAULT_SYNCS, EIO, -EIO, true);
}

/* Of more names than are cached, so that something has to be read at all. */
static void reads_that_fail_are_errors_and_pass(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;
	int failures = 0;

	assert_int_equal(store->ops->begin(store), 0);
	for (int i = 0; i < NAMES; i++) {
		char name[250];

		(void)sprintf(name, "%0200d", i);
		be_born(store, name);
	}
	assert_int_equal(store->ops->commit(store), 0);
	for (int i = 0; i < NAMES; i += 100) {
		char name[250];
		int r;

		(void)sprintf(name, "%0200d", i);
		faults_arm(FAULT_READS, i % 3, EIO, true);
		r = store->ops->find(store, name, strlen(name), &grave);
		assert_true(faults_disarm() ? r == -EIO : r == 0);
		failures += r < 0;
		assert_int_equal(store->ops->find(store, name, strlen(name), &grave), 0);
	}
	assert_true(failures > 0);
	commit_birth(store, "after");
}

/* Commits births 0, 1, 2 ... and tells the parent of each that succeeded. */
static int told[2];

static void births_until_killed(struct scratch *scratch)
{
	struct store *store = scratch_open(scratch, STORE_PROCESS);

	for (int i = 0; i < 5; i++) {
		char name[32];

		(void)sprintf(name, "name-%d", i);
		commit_birth(store, name);
		assert_int_equal(write(told[1], "", 1), 1);
	}
	scratch_close(scratch);
}

static void assert_all_there(struct scratch *scratch)
{
	char bytes[16];
	ssize_t successes = read(told[0], bytes, sizeof(bytes));
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	uint64_t seq = last_seq(store), graves = 0;

	successes = successes < 0 ? 0 : successes;
	assert_true(seq == (uint64_t)successes || seq == (uint64_t)successes + 1);
	assert_int_equal(store->ops->count(store, STORE_LIST_ALIVE, &graves), 0);
	assert_int_equal(graves, seq);
	commit_birth(store, "after");
	scratch_close(scratch);
	assert_sql(scratch->db, "PRAGMA integrity_check", "ok\n");
	assert_int_equal(scratch_size(scratch, "-new"), -1);
}

/* From the creation of the database to its last checkpoint. */
static void killed_at_any_write_it_loses_nothing(void **state)
{
	struct scratch *scratch = *state;
	int killed = 0;

	for (int after = 0; after < MANY; after++) {
		pid_t pid;
		int status;

		assert_int_equal(pipe2(told, O_NONBLOCK), 0);
		faults_arm_kill(FAULT_WRITES | FAULT_SYNCS, after);
		pid = scratch_fork(births_until_killed, scratch);
		(void)faults_disarm();
		status = scratch_status(pid);
		assert_true(status == 0 || status == SCRATCH_KILLED);
		assert_all_there(scratch);
		(void)close(told[0]);
		(void)close(told[1]);
		(void)unlink(scratch->db);
		if (status == 0)
			break;
		killed++;
	}
	assert_in_range(killed, 40, MANY - 1);
}

/* Fills what is left of the file system of `path` with that file. */
static void fill(const char *path)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	(void)close(fd);
}

static int births_until_refused(struct store *store, int *number)
{
	int r = 0;

	for (int i = 0; r == 0 && i < MANY; i++) {
		char name[32];

		(void)sprintf(name, "name-%d", (*number)++);
		r = try_batch(store, name);
	}
	return r;
}

static void live_on_a_full_disk(struct scratch *scratch)
{
	char ballast[96];
	struct store *store;
	struct grave grave;
	int number = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", scratch->directory, "tmpfs", 0, "size=2m") < 0)
		_exit(77);
	(void)sprintf(ballast, "%s/ballast", scratch->directory);
	fill(ballast);
	assert_int_equal(scratch_refused(scratch, "disk is full"), -ENOSPC);
	assert_int_equal(truncate(ballast, 1 << 20), 0);
	store = scratch_open(scratch, STORE_PROCESS);
	for (int round = 0; round < 3; round++) {
		const char *name = &"abc"[round];
		char before[] = "before-x";
		uint64_t seq;

		before[7] = *name;
		commit_birth(store, before);
		fill(ballast);
		assert_int_equal(births_until_refused(store, &number), -ENOSPC);
		seq = last_seq(store);
		assert_int_equal(try_batch(store, name), -ENOSPC);
		assert_int_equal(last_seq(store), seq);
		assert_int_equal(store->ops->find(store, name, strlen(name), &grave), -ENOENT);
		assert_int_equal(
			store->ops->list(store, STORE_LIST_ALIVE, (int64_t)seq - 1, &grave), 0);
		assert_int_equal(truncate(ballast, (1 << 20) - (round << 18)), 0);
		assert_usable(store, name, seq);
	}
	scratch_close(scratch);
	assert_sql(scratch->db, "PRAGMA integrity_check", "ok\n");
}

static void a_full_disk_is_an_error_and_passes(void **state)
{
	struct scratch *scratch = *state;
	int status = scratch_status(scratch_fork(live_on_a_full_disk, scratch));

	if (status == 77) {
		print_message("a file system of its own takes privilege\n");
		skip();
	}
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_that_cannot_be_written_has_not_happened),
		TEST(a_batch_that_finds_no_room_has_not_happened),
		TEST(a_batch_that_cannot_be_synced_has_not_happened),
		TEST(reads_that_fail_are_errors_and_pass),
		TEST(killed_at_any_write_it_loses_nothing),
		TEST(a_full_disk_is_an_error_and_passes),
	};

	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
