/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened and what is refused; how an old database becomes a new one, or stays what it was. */
#include "store/migrate.h"

#include "faults.h"
#include "given.h"
#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

/* A graveyard with a life in it, closed. */
static void make_graveyard(struct scratch *scratch)
{
	struct store *store = scratch_open(scratch, STORE_PROCESS);

	commit_birth(store, "a");
	commit_death(store, "a", 3);
	scratch_close(scratch);
}

/* Just the directory. */
static void make_directory(struct scratch *scratch)
{
	char *slash = strrchr(scratch->db, '/');

	*slash = '\0';
	assert_int_equal(mkdir(scratch->db, 0700), 0);
	*slash = '/';
}

static void assert_refused(struct scratch *scratch, int error, const char *words)
{
	uint64_t digest = scratch_digest(scratch);
	struct store *copy = NULL;

	assert_int_equal(scratch_refused(scratch, words), error);
	assert_int_equal(scratch_digest(scratch), digest);
	assert_int_equal(
		sqlite_store_open_copy(scratch->db, &copy, scratch->why, sizeof(scratch->why)),
		error);
	assert_non_null(strstr(scratch->why, words));
	assert_int_equal(scratch_digest(scratch), digest);
}

static void a_new_one_is_made_with_its_directories(void **state)
{
	struct scratch *scratch = *state;
	struct stat st;

	(void)sprintf(scratch->db, "%s/a/b?c#d%%41/e e.db", scratch->directory);
	make_graveyard(scratch);
	assert_int_equal(scratch_size(scratch, "-new"), -1);
	assert_true(scratch_size(scratch, "") > 0);
	assert_sql(scratch->db, "SELECT name, exit_code FROM tombstones", "a|3\n");
	assert_sql(scratch->db,
		   "PRAGMA application_id; PRAGMA user_version; PRAGMA page_size;"
		   "PRAGMA journal_mode",
		   "1196573014\n2\n4096\nwal\n");
	*strrchr(scratch->db, '/') = '\0';
	assert_int_equal(stat(scratch->db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void an_empty_file_is_taken_for_none(void **state)
{
	struct scratch *scratch = *state;

	make_directory(scratch);
	scratch_write(scratch->db, 0, "", 0);
	make_graveyard(scratch);
}

static void the_rest_of_a_lost_one_is_not_thrown_away(void **state)
{
	struct scratch *scratch = *state;
	char wal[128];

	make_directory(scratch);
	(void)sprintf(wal, "%s-wal", scratch->db);
	scratch_write(wal, 0, "precious", 8);
	assert_refused(scratch, -EINVAL, "is absent or empty");
}

static void what_is_not_a_database_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	char bytes[8192];

	make_directory(scratch);
	memset(bytes, 'x', sizeof(bytes));
	scratch_write(scratch->db, 0, bytes, sizeof(bytes));
	assert_refused(scratch, -EINVAL, "is not a database");
	assert_int_equal(truncate(scratch->db, 7), 0);
	assert_refused(scratch, -EINVAL, "is not a database");
	assert_int_equal(unlink(scratch->db), 0);
	assert_int_equal(mkdir(scratch->db, 0700), 0);
	assert_int_equal(scratch_refused(scratch, "is not a regular file"), -EINVAL);
}

static void somebody_elses_database_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	sqlite3 *other;

	make_directory(scratch);
	free(scratch_sql(scratch->db, "CREATE TABLE graves (id INTEGER PRIMARY KEY)"));
	assert_refused(scratch, -EINVAL, "not a graveyard's");
	free(scratch_sql(scratch->db, "PRAGMA application_id = 7"));
	assert_refused(scratch, -EINVAL, "not a graveyard's");
	/* In use, and in WAL mode. */
	assert_int_equal(sqlite3_open(scratch->db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA journal_mode = WAL; CREATE TABLE t (a)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_refused(scratch, -EINVAL, "not a graveyard's");
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_refused(scratch, -EINVAL, "not a graveyard's");
}

static void become_newer_and_crash(struct scratch *scratch)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(scratch->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	(void)raise(SIGKILL);
}

static void a_newer_one_is_left_alone(void **state)
{
	struct scratch *scratch = *state;

	make_graveyard(scratch);
	free(scratch_sql(scratch->db, "PRAGMA user_version = 3"));
	assert_refused(scratch, -ENOTSUP, "newer graveyardfs");
	free(scratch_sql(scratch->db, "PRAGMA user_version = 2"));
	/* And if only the -wal says so. */
	assert_int_equal(scratch_status(scratch_fork(become_newer_and_crash, scratch)),
			 SCRATCH_KILLED);
	assert_true(scratch_size(scratch, "-wal") > 0);
	assert_refused(scratch, -ENOTSUP, "newer graveyardfs");
}

static void a_damaged_one_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	static const char zeros[4000];

	make_graveyard(scratch);
	assert_int_equal(truncate(scratch->db, 5000), 0);
	assert_refused(scratch, -EIO, "malformed");
	assert_int_equal(truncate(scratch->db, 4096), 0);
	assert_refused(scratch, -EIO, "malformed");

	assert_int_equal(unlink(scratch->db), 0);
	make_graveyard(scratch);
	scratch_write(scratch->db, 100, zeros, sizeof(zeros)); /* the rest of page 1 */
	assert_refused(scratch, -EIO, "");

	assert_int_equal(unlink(scratch->db), 0);
	make_graveyard(scratch);
	free(scratch_sql(scratch->db, "DROP TABLE events"));
	assert_refused(scratch, -EIO, "tables are missing");

	assert_int_equal(unlink(scratch->db), 0);
	make_graveyard(scratch);
	free(scratch_sql(scratch->db, "DROP INDEX lives_alive"));
	assert_refused(scratch, -EIO, "lives_alive");
}

/* Behind the tables' roots and the schema, in the first pages, nothing is looked at before it is needed. */
static void damage_further_down_shows_when_it_is_read(void **state)
{
	struct scratch *scratch = *state;
	char garbage[4096];
	struct grave grave;
	struct store *store;

	store = scratch_open(scratch, STORE_PROCESS);
	for (int i = 0; i < 300; i++) {
		char name[32];

		(void)sprintf(name, "name-%d", i);
		commit_birth(store, name);
	}
	scratch_close(scratch);
	memset(garbage, 0x5a, sizeof(garbage));
	for (off_t at = 16 * 4096; at < scratch_size(scratch, ""); at += 4096)
		scratch_write(scratch->db, at, garbage, sizeof(garbage));
	store = scratch_open(scratch, STORE_PROCESS);
	assert_int_equal(store->ops->find(store, "name-7", 6, &grave), -EIO);
	assert_int_equal(store->ops->begin(store), 0);
	grave = a_grave("b", 1);
	assert_int_equal(store->ops->put_grave(store, &grave), -EIO);
	assert_int_equal(store->ops->commit(store), -EIO);
}

/* A graveyard as the first version left it. */
static void make_first_version(struct scratch *scratch)
{
	const struct ladder first = {schema_migrations, 1};
	const struct why why = {scratch->why, sizeof(scratch->why)};

	make_directory(scratch);
	assert_int_equal(migrate_create(scratch->db, &first, &why), 0);
	free(scratch_sql(scratch->db,
			 "INSERT INTO graves VALUES (1, 'a', 1000, 100, 1, 1);"
			 "INSERT INTO lives VALUES"
			 "  (1, 1, 0, NULL, 5, 3, NULL, 1, NULL, 2, 2, NULL, NULL, 0);"
			 "INSERT INTO events VALUES (1, 0, 0, 1, 1, 1, NULL, 1000, 100, 7, 0),"
			 "  (2, 5, 5, 1, 1, 4, 3, 1000, 100, 7, 60)"));
}

static void one_of_the_first_version_is_brought_up_to_date(void **state)
{
	const struct lease lease = {1, 1, 7, 70};
	struct scratch *scratch = *state;
	char id[BOOT_ID_SIZE];
	struct store *store;
	struct lease found;

	make_first_version(scratch);
	assert_sql(scratch->db, "PRAGMA user_version", "1\n");
	store = scratch_open(scratch, STORE_PROCESS);
	assert_int_equal(store->ops->next_lease(store, NULL, &found), -ENOENT);
	assert_int_equal(store->ops->boot(store, id), -ENOENT);
	commit_birth(store, "a");
	assert_int_equal(store->ops->begin(store), 0);
	assert_int_equal(store->ops->put_lease(store, &lease), 0);
	assert_int_equal(store->ops->commit(store), 0);
	scratch_close(scratch);
	assert_sql(scratch->db, "PRAGMA user_version; SELECT name, life, exit_code FROM history",
		   "2\na|1|3\na|2|\n");
}

static void one_of_the_first_version_is_looked_at_as_it_is(void **state)
{
	struct scratch *scratch = *state;
	struct store *copy = NULL;
	struct lease lease;
	uint64_t digest;

	make_first_version(scratch);
	digest = scratch_digest(scratch);
	assert_int_equal(
		sqlite_store_open_copy(scratch->db, &copy, scratch->why, sizeof(scratch->why)), 0);
	assert_int_equal(copy->ops->next_lease(copy, NULL, &lease), -ENOENT);
	assert_int_equal(last_seq(copy), 2);
	copy->ops->free(copy);
	assert_int_equal(scratch_digest(scratch), digest);
}

/* Steps that go on where this program's end. */
#define OURS 2
#define STEPS (OURS + 2)
#define FLOWERS                                                             \
	"CREATE TABLE visitors (name TEXT NOT NULL) STRICT;"                \
	"INSERT INTO visitors WITH RECURSIVE n (i) AS"                      \
	" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"           \
	" SELECT printf('%0500d', i) FROM n;"                               \
	"ALTER TABLE graves ADD COLUMN flowers INTEGER NOT NULL DEFAULT 0;" \
	"UPDATE graves SET flowers = 7;"

static void fill_ladder(struct migration steps[STEPS], const char *more)
{
	assert_int_equal(schema_migration_count, OURS);
	memcpy(steps, schema_migrations, OURS * sizeof(*steps));
	steps[OURS] = (struct migration){OURS + 1, "0003_flowers", FLOWERS};
	steps[OURS + 1] = (struct migration){STEPS, "0004_more", more};
}

static int climb(struct scratch *scratch, const struct migration *steps, int count)
{
	const struct ladder ladder = {steps, count};
	const struct why why = {scratch->why, sizeof(scratch->why)};
	struct sqlite3 *db = NULL;
	int r = migrate_inspect(scratch->db, &ladder, &why);

	if (r == 0)
		r = sqlite_open(scratch->db, SQLITE_MODE_WRITE, &why, &db);
	if (r == 0)
		r = migrate_climb(db, scratch->db, &ladder, &why);
	cleanup_sqlite(&db);
	return r;
}

static void an_old_one_climbs_all_the_steps_that_are_missing(void **state)
{
	struct scratch *scratch = *state;
	struct migration steps[STEPS];

	fill_ladder(steps, "DROP TABLE visitors");
	make_graveyard(scratch);
	assert_int_equal(climb(scratch, steps, STEPS), 0);
	assert_sql(scratch->db, "PRAGMA user_version; SELECT name, flowers FROM graves",
		   "4\na|7\n");
	assert_sql(scratch->db, "SELECT name, exit_code FROM tombstones", "a|3\n");
	assert_int_equal(climb(scratch, steps, STEPS), 0);
	assert_refused(scratch, -ENOTSUP, "newer graveyardfs");
}

static void a_new_one_climbs_all_steps(void **state)
{
	struct scratch *scratch = *state;
	const struct why why = {scratch->why, sizeof(scratch->why)};
	struct migration steps[STEPS];
	const struct ladder ladder = {steps, OURS + 1};

	fill_ladder(steps, NULL);
	make_directory(scratch);
	assert_int_equal(migrate_create(scratch->db, &ladder, &why), 0);
	assert_sql(scratch->db, "PRAGMA user_version; SELECT count(*) FROM visitors", "3\n200\n");
}

static void a_step_that_fails_leaves_the_old_version(void **state)
{
	struct scratch *scratch = *state;
	struct migration steps[STEPS];

	fill_ladder(steps, "CREATE TABLE visitors (name TEXT)");
	make_graveyard(scratch);
	assert_true(climb(scratch, steps, STEPS) < 0);
	assert_non_null(strstr(scratch->why, "0004_more"));
	assert_sql(scratch->db,
		   "PRAGMA user_version; SELECT count(*) FROM pragma_table_info('graves')",
		   "2\n6\n");
	commit_birth(scratch_open(scratch, STORE_PROCESS), "b");
}

static void climb_in_child(struct scratch *scratch)
{
	struct migration steps[STEPS];

	fill_ladder(steps, "DROP TABLE visitors");
	assert_int_equal(climb(scratch, steps, STEPS), 0);
}

static void killed_at_any_write_it_is_the_old_version_or_the_new(void **state)
{
	struct scratch *scratch = *state;
	int status = SCRATCH_KILLED, old = 0, new = 0;

	for (int after = 0; status == SCRATCH_KILLED; after++) {
		struct migration steps[STEPS];
		char *version;

		fill_ladder(steps, "DROP TABLE visitors");
		make_graveyard(scratch);
		faults_arm_kill(FAULT_WRITES | FAULT_SYNCS, after);
		status = scratch_status(scratch_fork(climb_in_child, scratch));
		(void)faults_disarm();
		if (after % 2) /* who knows the newer version takes it from there */
			assert_int_equal(climb(scratch, steps, STEPS), 0);
		version = scratch_sql(scratch->db, "PRAGMA user_version; PRAGMA integrity_check");
		assert_true(!strcmp(version, "2\nok\n") || !strcmp(version, "4\nok\n"));
		old += *version == '2';
		new += *version == '4';
		free(version);
		assert_sql(scratch->db, "SELECT name, exit_code FROM tombstones", "a|3\n");
		assert_int_equal(unlink(scratch->db), 0);
	}
	assert_int_equal(status, 0);
	assert_true(old > 0 && new > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_is_made_with_its_directories),
		TEST(an_empty_file_is_taken_for_none),
		TEST(the_rest_of_a_lost_one_is_not_thrown_away),
		TEST(what_is_not_a_database_is_left_alone),
		TEST(somebody_elses_database_is_left_alone),
		TEST(a_newer_one_is_left_alone),
		TEST(a_damaged_one_is_left_alone),
		TEST(damage_further_down_shows_when_it_is_read),
		TEST(one_of_the_first_version_is_brought_up_to_date),
		TEST(one_of_the_first_version_is_looked_at_as_it_is),
		TEST(an_old_one_climbs_all_the_steps_that_are_missing),
		TEST(a_new_one_climbs_all_steps),
		TEST(a_step_that_fails_leaves_the_old_version),
		TEST(killed_at_any_write_it_is_the_old_version_or_the_new),
	};

	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
