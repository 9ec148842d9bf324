/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

/* All of them at the same time take a quarter of it. */
#define ROOM ((uint64_t)512 << 20)

/* Containers get a /dev/shm of 64 MiB. */
static bool has_room(const char *directory)
{
	struct statvfs fs;

	return statvfs(directory, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM;
}

int scratch_setup(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -1;
	/* In memory: what is tested is the order of things, not the disk. */
	strcpy(scratch->directory, "/dev/shm/test-store-XXXXXX");
	if (!has_room("/dev/shm") || !mkdtemp(scratch->directory)) {
		strcpy(scratch->directory, "/tmp/test-store-XXXXXX");
		if (!mkdtemp(scratch->directory))
			return -1;
	}
	(void)snprintf(scratch->db, sizeof(scratch->db), "%s/state/graveyard.db",
		       scratch->directory);
	*state = scratch;
	return 0;
}

/* Files, and directories of files. */
static void remove_all(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (unlink(path) < 0)
			remove_all(path);
	}
	if (dir)
		(void)closedir(dir);
	(void)rmdir(directory);
}

int scratch_teardown(void **state)
{
	struct scratch *scratch = *state;

	scratch_close(scratch);
	remove_all(scratch->directory);
	free(scratch);
	return 0;
}

struct store *scratch_open(struct scratch *scratch, enum store_durability durability)
{
	int r = sqlite_store_open(scratch->db, durability, &scratch->store, scratch->why,
				  sizeof(scratch->why));

	if (r < 0)
		fail_msg("%d: %s", r, scratch->why);
	return scratch->store;
}

void scratch_close(struct scratch *scratch)
{
	if (scratch->store)
		scratch->store->ops->free(scratch->store);
	scratch->store = NULL;
}

int scratch_refused(struct scratch *scratch, const char *words)
{
	struct store *store = NULL;
	int r = sqlite_store_open(scratch->db, STORE_PROCESS, &store, scratch->why,
				  sizeof(scratch->why));

	assert_true(r < 0);
	assert_null(store);
	if (!strstr(scratch->why, words))
		fail_msg("'%s' does not say '%s'", scratch->why, words);
	return r;
}

static void add_row(FILE *text, struct sqlite3_stmt *statement)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const unsigned char *value = sqlite3_column_text(statement, i);

		(void)fprintf(text, "%s%s", i ? "|" : "", value ? (const char *)value : "");
	}
	(void)fputc('\n', text);
}

char *scratch_sql(const char *path, const char *sql)
{
	struct sqlite3 *db = NULL;
	char *result = NULL;
	size_t size = 0;
	FILE *text = open_memstream(&result, &size);

	assert_non_null(text);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	while (*sql) {
		struct sqlite3_stmt *statement = NULL;
		int code = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);

		while (code == SQLITE_OK || code == SQLITE_ROW) {
			code = statement ? sqlite3_step(statement) : SQLITE_DONE;
			if (code == SQLITE_ROW)
				add_row(text, statement);
		}
		if (code != SQLITE_DONE)
			fail_msg("%s: %s", sqlite3_errmsg(db), sql);
		(void)sqlite3_finalize(statement);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	(void)fclose(text);
	return result;
}

void assert_sql(const char *path, const char *sql, const char *expected)
{
	char *result = scratch_sql(path, sql);

	assert_string_equal(result, expected);
	free(result);
}

static uint64_t digest_bytes(uint64_t digest, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		digest = (digest ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
	return digest;
}

static uint64_t digest_file(const char *path, const char *name)
{
	uint64_t digest = digest_bytes(UINT64_C(14695981039346656037), name, strlen(name));
	int fd = open(path, O_RDONLY);
	char bytes[65536];
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		digest = digest_bytes(digest, bytes, (size_t)n);
	(void)close(fd);
	return digest;
}

uint64_t scratch_digest(const struct scratch *scratch)
{
	uint64_t digest = 0;
	char directory[80];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(directory, sizeof(directory), "%s/state", scratch->directory);
	dir = opendir(directory);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[400];

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "graveyard.db-lock"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (strstr(entry->d_name, "-shm")) /* no data, and changed by reading */
			(void)strcpy(path, "/dev/null");
		digest += digest_file(path, entry->d_name); /* a sum: in any order */
	}
	(void)closedir(dir);
	return digest;
}

off_t scratch_size(const struct scratch *scratch, const char *suffix)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", scratch->db, suffix);
	return stat(path, &st) < 0 ? -1 : st.st_size;
}

void scratch_write(const char *path, off_t at, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
	assert_int_equal(close(fd), 0);
}

pid_t scratch_fork(void (*f)(struct scratch *), struct scratch *scratch)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* Or an assertion would jump to the next test, in the child. */
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
		/* Or one that is never waited for, as a test before it failed, would live on. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		f(scratch);
		_exit(0);
	}
	return pid;
}

int scratch_status(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
