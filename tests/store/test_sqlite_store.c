/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a database in a directory of its own: the contract, and what goes beyond it. */
#include "store/sqlite_store.h"

#include "base/buf.h"

#include "given.h"
#include "scratch.h"
#include "store/queries.h"
#include "store_contract.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#define MEMORY_MAX (14 << 20) /* the page cache, and a little */
#define WAL_MAX (6 << 20)     /* a checkpoint is due at 1000 pages */

static void the_contract_is_kept(void **state)
{
	struct scratch *scratch = *state;

	for (const struct contract *it = store_contract; it->name; it++) {
		char *end = strrchr(scratch->db, '/');

		print_message("  %s\n", it->name);
		(void)sprintf(end, "/%d.db", (int)(it - store_contract));
		it->test(scratch_open(scratch, STORE_PROCESS));
		scratch_close(scratch);
		/* As good a place as any to have SQLite itself judge what was written. */
		assert_sql(scratch->db, "PRAGMA integrity_check; PRAGMA foreign_key_check", "ok\n");
	}
}

static void what_was_committed_is_there_after_opening_again(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_POWER);

	commit_birth(store, "a");
	commit_death(store, "a", 3);
	assert_int_equal(store->ops->begin(store), 0);
	be_born(store, "b");
	scratch_close(scratch); /* with a transaction open */
	assert_int_equal(scratch_size(scratch, "-wal"), -1);
	assert_int_equal(scratch_size(scratch, "-shm"), -1);
	assert_int_equal(scratch_size(scratch, "-new"), -1);
	store = scratch_open(scratch, STORE_PROCESS);
	assert_int_equal(last_seq(store), 2);
	commit_birth(store, "b");
	assert_int_equal(last_seq(store), 3);
}

static void breaking_the_contract_changes_nothing(void **state)
{
	struct store *store = scratch_open(*state, STORE_PROCESS);
	struct grave grave = a_grave("a", 1), stranger = a_grave("b", 1);
	struct event event = an_event(store, EVENT_BORN, &grave);
	struct life life = a_life(1, 1, 1);
	struct lease lease = {1, 1, 7, 70};

	assert_int_equal(store->ops->put_grave(store, &grave), -EINVAL);
	assert_int_equal(store->ops->put_life(store, &life), -EINVAL);
	assert_int_equal(store->ops->append(store, &event), -EINVAL);
	assert_int_equal(store->ops->clear_view(store, 1), -EINVAL);
	assert_int_equal(store->ops->put_lease(store, &lease), -EINVAL);
	assert_int_equal(store->ops->drop_leases(store, 0, 0, -1), -EINVAL);
	assert_int_equal(store->ops->put_boot(store, "b"), -EINVAL);
	assert_int_equal(store->ops->commit(store), -EINVAL);
	store->ops->rollback(store);

	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->begin(store), -EINVAL);
	stranger.id = 7;
	assert_int_equal(store->ops->put_grave(store, &stranger), -EINVAL);
	store->ops->rollback(store);
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_boot(store, "7a1c0d3e-0000-4f6e-9b7a-0123456789ab+"),
			 -EINVAL);
	store->ops->rollback(store);
	assert_int_equal(store->ops->begin(store), 0);
	event.seq = 2;
	assert_int_equal(store->ops->append(store, &event), -EINVAL);
	assert_int_equal(store->ops->commit(store), -EINVAL);
	assert_int_equal(last_seq(store), 0);
}

static void a_write_that_failed_spoils_its_transaction(void **state)
{
	struct store *store = scratch_open(*state, STORE_PROCESS);
	struct grave twice = a_grave("a", 1), found;
	struct life life = a_life(1, 1, 1);

	commit_birth(store, "a");
	assert_int_equal(store->ops->begin(store), 0);
	be_born(store, "b");
	assert_int_equal(store->ops->put_grave(store, &twice), -EINVAL);
	assert_int_equal(twice.id, 0);
	assert_int_equal(store->ops->put_life(store, &life), -EINVAL);
	assert_int_equal(store->ops->find(store, "a", 1, &found), -EINVAL);
	assert_int_equal(store->ops->commit(store), -EINVAL);
	assert_int_equal(store->ops->find(store, "b", 1, &found), -ENOENT);
	commit_birth(store, "b");
}

static void others_read_while_it_is_open_and_while_it_writes(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;

	commit_birth(store, "a");
	assert_sql(scratch->db, "SELECT count(*) FROM tombstones", "1\n");
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0);
	assert_sql(scratch->db, "SELECT count(*) FROM tombstones", "1\n");
	assert_int_equal(store->ops->begin(store), 0);
	be_born(store, "b");
	assert_sql(scratch->db, "SELECT count(*) FROM tombstones", "1\n");
	assert_int_equal(store->ops->commit(store), 0);
	assert_sql(scratch->db, "SELECT count(*) FROM tombstones", "2\n");
}

static void what_others_write_by_hand_is_seen_and_survived(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;

	commit_birth(store, "a");
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0); /* a snapshot */
	free(scratch_sql(scratch->db, "UPDATE graves SET uid = 42;"
				      "INSERT INTO events SELECT 2, 0, 0, 1, 1, 6, NULL, 0, 0, "
				      "NULL, 60; CREATE INDEX by_time ON events (time)"));
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0);
	assert_int_equal(grave.uid, 42);
	assert_int_equal(last_seq(store), 2);
	be_born(store, "b");
	assert_int_equal(store->ops->commit(store), 0);

	/* Without a snapshot to notice it by, the number that is remembered is wrong, once. */
	free(scratch_sql(scratch->db, "INSERT INTO events SELECT 4, 0, 0, 1, 1, 6, NULL, 0, 0, "
				      "NULL, 180"));
	assert_int_equal(store->ops->begin(store), 0);
	store->ops->rollback(store);
	commit_birth(store, "c");
	assert_int_equal(last_seq(store), 5);
}

static void somebody_who_writes_for_long_makes_it_busy_not_hang(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;
	sqlite3 *other;

	commit_birth(store, "a");
	assert_int_equal(sqlite3_open(scratch->db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store->ops->begin(store), -EBUSY);
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0);
	assert_int_equal(store->ops->begin(store), -EBUSY); /* from a snapshot, too */
	assert_int_equal(store->ops->find(store, "a", 1, &grave), 0);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	commit_birth(store, "b");
}

static void a_second_daemon_is_refused(void **state)
{
	struct scratch *scratch = *state;
	char real[sizeof(scratch->db)];

	(void)scratch_open(scratch, STORE_PROCESS);
	assert_int_equal(scratch_refused(scratch, "in use by another graveyardfs"), -EBUSY);
	/* Under another name, too. */
	memcpy(real, scratch->db, sizeof(real));
	(void)sprintf(scratch->db, "%s/other.db", scratch->directory);
	assert_int_equal(symlink(real, scratch->db), 0);
	assert_int_equal(scratch_refused(scratch, "in use by another graveyardfs"), -EBUSY);
	scratch_close(scratch);
	(void)scratch_open(scratch, STORE_PROCESS);
}

static int commits(void)
{
	const char *text = getenv("STORE_TEST_COMMITS"); /* fewer, for valgrind */

	return text ? (int)strtol(text, NULL, 10) : 100000;
}

static void many_commits_need_little_wal_and_memory(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	off_t largest = 0;

	(void)sqlite3_memory_highwater(1);
	for (int i = 0; i < commits() / 2; i++) {
		struct grave grave;
		char name[32];

		(void)sprintf(name, "name-%d", i % 20000);
		commit_birth(store, name);
		commit_death(store, name, i % 256);
		/* A snapshot is open most of the time, as it will be. */
		assert_int_equal(store->ops->find(store, "nobody", 6, &grave), -ENOENT);
		if (scratch_size(scratch, "-wal") > largest)
			largest = scratch_size(scratch, "-wal");
	}
	assert_in_range(largest, 1, WAL_MAX);
	assert_in_range(sqlite3_memory_highwater(0), 1, MEMORY_MAX);
}

static void a_large_transaction_needs_little_memory(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	int count = commits() / 2;
	uint64_t left;

	(void)sqlite3_memory_highwater(1);
	assert_int_equal(store->ops->begin(store), 0);
	for (int i = 0; i < count; i++) {
		char name[32];

		(void)sprintf(name, "name-%d", i);
		be_born(store, name);
	}
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->clear_view(store, (uint64_t)count), 0);
	assert_int_equal(store->ops->commit(store), 0);
	assert_int_equal(store->ops->count(store, STORE_LIST_ON_VIEW, &left), 0);
	assert_int_equal(left, 0);
	assert_in_range(sqlite3_memory_highwater(0), 1, MEMORY_MAX);
	/* What the exception took is given back. */
	for (int i = 0; i < 5; i++)
		commit_birth(store, "name-1");
	assert_in_range(scratch_size(scratch, "-wal"), 0, 8 << 20);
}

static struct store_info info_of(struct store *store)
{
	struct store_info info;

	assert_int_equal(store->ops->info(store, &info), 0);
	assert_string_equal(info.engine, "sqlite");
	assert_string_equal(info.version, sqlite3_libversion());
	return info;
}

static void it_tells_how_large_its_files_are(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct store_info info;

	for (int i = 0; i < 300; i++) {
		char name[32];

		(void)sprintf(name, "name-%d", i);
		commit_birth(store, name);
	}
	info = info_of(store);
	assert_in_range(info.log_bytes, 1, WAL_MAX);
	assert_int_equal(info.log_bytes, scratch_size(scratch, "-wal"));
	assert_int_equal(info.bytes, scratch_size(scratch, ""));
	scratch_close(scratch);

	assert_int_equal(sqlite_store_open_copy(scratch->db, &store, NULL, 0), 0);
	info = info_of(store);
	assert_int_equal(info.bytes, scratch_size(scratch, ""));
	assert_int_equal(info.log_bytes, 0);
	store->ops->free(store);
}

static void the_views_are_pleasant_to_read(void **state)
{
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);

	commit_birth(store, "web");
	commit_death(store, "web", 3);
	commit_birth(store, "web");
	commit_birth(store, "db");
	commit_death(store, "db", 0);
	commit_birth(store, "gone");
	/* The ends of what 64 bits hold, and the other side of 1970. */
	free(scratch_sql(scratch->db,
			 "UPDATE lives SET ready = born + 1500000000, ready_seq = 3,"
			 "  epitaph = 'fine' WHERE grave = 1 AND life = 2;"
			 "UPDATE lives SET born = -1, died = 1500000000 WHERE grave = 2;"
			 "UPDATE graves SET on_view = 0 WHERE name = 'gone';"
			 "UPDATE lives SET removed_seq = 7 WHERE grave = 3;"
			 "UPDATE events SET time = -9223372036854775808 WHERE seq = 1;"
			 "UPDATE events SET recorded = 9223372036854775807 WHERE seq = 1;"
			 "INSERT INTO events VALUES"
			 "  (7, -1000000000, 0, NULL, NULL, 8, NULL, 0, 0, NULL, 0)"));
	assert_sql(scratch->db, "SELECT * FROM tombstones",
		   "db|1|dead|1969-12-31T23:59:59.999999999Z||1970-01-01T00:00:01.500000000Z|1.5|"
		   "0|\n"
		   "web|2|ready|2026-11-21T03:00:00.123456789Z|2026-11-21T03:00:01.623456789Z||||"
		   "fine\n");
	assert_sql(scratch->db, "SELECT name, life, state, lasted, exit_code FROM history",
		   "db|1|dead|1.5|0\ngone|1|removed||\nweb|1|dead|0.0|3\nweb|2|ready||\n");
	assert_sql(scratch->db, "SELECT * FROM journal WHERE seq IN (1, 2, 7)",
		   "1|1677-09-21T00:12:43.145224192Z|2262-04-11T23:47:16.854775807Z|web|1|born||"
		   "1000|100|4711\n"
		   "2|2026-11-21T03:00:00.123456789Z|2026-11-21T03:00:00.123456794Z|web|1|died|3|"
		   "1000|100|4711\n"
		   "7|1969-12-31T23:59:59.000000000Z|1970-01-01T00:00:00.000000000Z|||fresh||0|0|"
		   "\n");
}

static void names_and_texts_that_cannot_be_are_damage(void **state)
{
	char id[BOOT_ID_SIZE];
	struct scratch *scratch = *state;
	struct store *store = scratch_open(scratch, STORE_PROCESS);
	struct grave grave;
	struct event event;
	struct life life;

	commit_birth(store, "a");
	free(scratch_sql(scratch->db,
			 "UPDATE lives SET epitaph = printf('%2000d', 1);"
			 "UPDATE events SET what = 9;"
			 "PRAGMA ignore_check_constraints = ON;"
			 "INSERT INTO boot VALUES (1, printf('%37d', 1));"
			 "UPDATE graves SET name = printf('%300d', 1) WHERE name = 'a'"));
	assert_int_equal(store->ops->life(store, 1, 1, &life), -EIO);
	assert_int_equal(store->ops->list(store, STORE_LIST_EVERY, 0, &grave), -EIO);
	assert_int_equal(store->ops->event(store, 1, &event), -EIO);
	assert_int_equal(store->ops->boot(store, id), -EIO);
}

static char *describe(struct store *store, const struct portrait *portrait)
{
	static struct buf text;

	buf_truncate(&text, 0);
	assert_int_equal(store->ops->describe(store, portrait, &text), 0);
	return text.data;
}

static void a_name_is_described_as_one_json_object(void **state)
{
	struct store *store = scratch_open(*state, STORE_PROCESS);
	struct life life = {.number = 7, .stone = {.facts = FACT_BIT(FACT_BORN), .born = -1}};
	struct portrait portrait = {
		.name = "a", .life = &life, .waiting = {1, 2, 3, 4, UINT32_MAX}};

	assert_string_equal(
		describe(store, &portrait),
		"{\"name\":\"a\",\"state\":\"alive\",\"life\":7,"
		"\"born\":\"1969-12-31T23:59:59.999999999Z\",\"ready\":null,\"died\":null,"
		"\"lasted\":null,\"exitCode\":null,\"epitaph\":null,\"waiting\":{\"born\":1,"
		"\"ready\":2,\"died\":3,\"exitcode\":4,\"succeeded\":4294967295}}");
	life.stone = (struct stone){.facts = (1u << FACT_COUNT) - 1,
				    .ready = 1500000000,
				    .died = 600123456789,
				    .code = -1,
				    .epitaph = "a \"b\" \\ \n\033[0m\177 \xff <"};
	memset(portrait.waiting, 0, sizeof(portrait.waiting));
	assert_string_equal(
		describe(store, &portrait),
		"{\"name\":\"a\",\"state\":\"dead\",\"life\":7,"
		"\"born\":\"1970-01-01T00:00:00Z\",\"ready\":\"1970-01-01T00:00:01.5Z\","
		"\"died\":\"1970-01-01T00:10:00.123456789Z\",\"lasted\":600.123,\"exitCode\":-1,"
		"\"epitaph\":\"a \\\"b\\\" \\\\ \\n\\u001b[0m\177 \xff <\",\"waiting\":{\"born\":0,"
		"\"ready\":0,\"died\":0,\"exitcode\":0,\"succeeded\":0}}");
	portrait.life = NULL; /* and of what was told before nothing is left */
	portrait.waiting[WAIT_DIED] = 1;
	assert_string_equal(
		describe(store, &portrait),
		"{\"name\":\"a\",\"state\":\"waited\",\"life\":null,\"born\":null,\"ready\":null,"
		"\"died\":null,\"lasted\":null,\"exitCode\":null,\"epitaph\":null,"
		"\"waiting\":{\"born\":0,\"ready\":0,\"died\":1,\"exitcode\":0,\"succeeded\":0}}");
}

/* How SQLite means to answer a statement, all steps in one text. */
static char *plan_of(sqlite3 *db, sqlite3_stmt *statement)
{
	const char *sql = sqlite3_sql(statement);
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql), *plan;

	plan = scratch_sql(sqlite3_db_filename(db, "main"), explain);
	sqlite3_free(explain);
	return plan;
}

static void nothing_is_found_by_scanning_or_sorting(void **state)
{
	struct scratch *scratch = *state;
	sqlite3_stmt *statements[QUERIES] = {NULL};
	sqlite3 *db;

	(void)scratch_open(scratch, STORE_PROCESS);
	assert_int_equal(sqlite3_open(scratch->db, &db), SQLITE_OK);
	assert_int_equal(queries_prepare(db, statements), 0);
	for (int query = 0; query < QUERIES; query++) {
		char *plan = plan_of(db, statements[query]);

		assert_null(strstr(plan, "TEMP B-TREE"));
		/* From the end, and no further; all that are alive, of which there are few; and no table. */
		if (query != QUERY_LAST_EVENT && query != QUERY_COUNT_ALIVE &&
		    query != QUERY_INSERT_GRAVE && query != QUERY_DESCRIBE && strstr(plan, "SCAN "))
			fail_msg("%s: %s", sqlite3_sql(statements[query]), plan);
		free(plan);
	}
	queries_release(statements);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_contract_is_kept),
		TEST(what_was_committed_is_there_after_opening_again),
		TEST(breaking_the_contract_changes_nothing),
		TEST(a_write_that_failed_spoils_its_transaction),
		TEST(others_read_while_it_is_open_and_while_it_writes),
		TEST(what_others_write_by_hand_is_seen_and_survived),
		TEST(somebody_who_writes_for_long_makes_it_busy_not_hang),
		TEST(a_second_daemon_is_refused),
		TEST(many_commits_need_little_wal_and_memory),
		TEST(a_large_transaction_needs_little_memory),
		TEST(it_tells_how_large_its_files_are),
		TEST(the_views_are_pleasant_to_read),
		TEST(names_and_texts_that_cannot_be_are_damage),
		TEST(a_name_is_described_as_one_json_object),
		TEST(nothing_is_found_by_scanning_or_sorting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
