/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static struct {
	unsigned calls;   /* 0: disarmed */
	int after, error; /* error 0: kill */
	bool all, happened;
} faults;

static bool fails(unsigned call)
{
	if (!(faults.calls & call))
		return false;
	if (faults.after > 0) {
		faults.after--;
		return false;
	}
	if (faults.error == 0)
		(void)raise(SIGKILL);
	if (!faults.all && faults.happened)
		return false;
	faults.happened = true;
	errno = faults.error;
	return true;
}

static ssize_t faulty_pwrite(int fd, const void *data, size_t len, off_t at)
{
	return fails(FAULT_WRITES) ? -1 : pwrite(fd, data, len, at);
}

static ssize_t faulty_pread(int fd, void *data, size_t len, off_t at)
{
	return fails(FAULT_READS) ? -1 : pread(fd, data, len, at);
}

static int faulty_ftruncate(int fd, off_t len)
{
	return fails(FAULT_WRITES) ? -1 : ftruncate(fd, len);
}

/* SQLite's own VFS, and the same with another xOpen. */
static sqlite3_vfs *unix_vfs;
static sqlite3_vfs faulty_vfs;

/* The methods of its files, and the same with another xSync. It has a table for each way of locking. */
static struct {
	sqlite3_io_methods faulty; /* first: a file's pMethods leads here */
	const sqlite3_io_methods *original;
} methods[8];

static int faulty_sync(sqlite3_file *file, int flags)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (file->pMethods == &methods[i].faulty && !fails(FAULT_SYNCS))
			return methods[i].original->xSync(file, flags);
	}
	return SQLITE_IOERR_FSYNC;
}

static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
		       int *ret_flags)
{
	int code = unix_vfs->xOpen(vfs, name, file, flags, ret_flags), i = 0;

	if (code != SQLITE_OK)
		return code;
	while (methods[i].original && methods[i].original != file->pMethods)
		i++;
	methods[i].original = file->pMethods;
	methods[i].faulty = *file->pMethods;
	methods[i].faulty.xSync = faulty_sync;
	file->pMethods = &methods[i].faulty;
	return SQLITE_OK;
}

static void arm(unsigned calls, int after, int error, bool all)
{
	faults.calls = calls;
	faults.after = after;
	faults.error = error;
	faults.all = all;
	faults.happened = false;
}

void faults_arm(unsigned calls, int after, int error, bool all)
{
	assert_true(error > 0);
	arm(calls, after, error, all);
}

void faults_arm_kill(unsigned calls, int after)
{
	arm(calls, after, 0, true);
}

bool faults_disarm(void)
{
	bool happened = faults.happened;

	arm(0, 0, 0, false);
	return happened;
}

void faults_install(void)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} calls[] = {
		{"pwrite", (sqlite3_syscall_ptr)faulty_pwrite},
		{"pwrite64", (sqlite3_syscall_ptr)faulty_pwrite},
		{"pread", (sqlite3_syscall_ptr)faulty_pread},
		{"pread64", (sqlite3_syscall_ptr)faulty_pread},
		{"ftruncate", (sqlite3_syscall_ptr)faulty_ftruncate},
	};

	unix_vfs = sqlite3_vfs_find(NULL);
	assert_non_null(unix_vfs);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		(void)unix_vfs->xSetSystemCall(unix_vfs, calls[i].name, calls[i].call);
	/* What syncs is not among the calls that can be replaced. */
	faulty_vfs = *unix_vfs;
	faulty_vfs.zName = "faulty";
	faulty_vfs.xOpen = faulty_open;
	assert_int_equal(sqlite3_vfs_register(&faulty_vfs, 1), SQLITE_OK);
}
