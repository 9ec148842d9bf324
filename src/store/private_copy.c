/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How plain reads of a database in use make a whole one.
 *
 * A database is its main file with the frames of its -wal laid over it. Writers only append to the
 * -wal; a checkpoint copies pages from there to the main file; and when all of them have been copied, a
 * writer may begin the -wal over, with new salts in its header. So if the main file is read first and
 * the -wal second, pages of the main file that changed meanwhile, even ones caught half written, have their
 * frame in the -wal, and what was appended behind the last commit fails its checksum. That is true as
 * long as the -wal was not begun over in between: its header tells. To keep that from happening
 * again and again under load, a lock that every reader takes for the same purpose is taken here too.
 *
 * SQLite itself could not be asked: to read a database in WAL mode it wants to write its -shm.
 */
#include "store/private_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/place.h"

#define ATTEMPTS 10
#define CHUNK 65536
#define WAL_HEADER_SIZE 32

/* WAL_READ_LOCK(4) in SQLite's -shm file (https://sqlite.org/walformat.html): shared, it keeps the -wal
 * from being begun over. The last of five, as the others are the first to be used. */
#define SHM_READ_LOCK_4 127

struct original {
	int db, wal, shm; /* -1: there is none */
};

static void original_close(struct original *original)
{
	cleanup_close(&original->db);
	cleanup_close(&original->wal);
	cleanup_close(&original->shm);
}

/* What is the same before and after the reading, if all went well. */
struct fingerprint {
	unsigned char wal[WAL_HEADER_SIZE]; /* 0 where there is none */
	struct timespec changed; /* of the main file, if the -wal has no header; else 0 */
	off_t size;
};

static int open_beside(const char *path, const char *suffix)
{
	_cleanup_(cleanup_free) char *name = place_beside(path, suffix);
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		return fd;
	return name ? -errno : -ENOMEM;
}

static int original_open(const char *path, struct original *original)
{
	struct flock lock = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = SHM_READ_LOCK_4, .l_len = 1};

	original->db = open_beside(path, "");
	original->wal = open_beside(path, "-wal");
	original->shm = open_beside(path, "-shm");
	if (original->db < 0)
		return original->db;
	if (original->wal < 0 && original->wal != -ENOENT)
		return original->wal;
	/* Without the lock more attempts may be needed; that is all. */
	if (original->shm >= 0)
		(void)fcntl(original->shm, F_SETLK, &lock);
	return 0;
}

static int take_fingerprint(const char *path, struct fingerprint *ret_print)
{
	_cleanup_(cleanup_close) int wal = open_beside(path, "-wal");
	struct stat st;

	memset(ret_print, 0, sizeof(*ret_print));
	if (place_size(path, "-journal") != 0)
		return -EAGAIN; /* not in WAL mode, and in the middle of a transaction */
	if (wal >= 0 && pread(wal, ret_print->wal, WAL_HEADER_SIZE, 0) > 0)
		return 0;
	if (stat(path, &st) < 0)
		return -errno;
	ret_print->changed = st.st_mtim;
	ret_print->size = st.st_size;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int copy(int from, const char *to)
{
	_cleanup_(cleanup_close) int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char chunk[CHUNK];
	off_t at = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while ((n = pread(from, chunk, sizeof(chunk), at)) != 0) {
		int r = n < 0 ? -errno : write_all(fd, chunk, (size_t)n);

		if (r < 0 && r != -EINTR)
			return r;
		at += n > 0 ? n : 0;
	}
	return 0;
}

/* -EAGAIN: what was copied is no moment of the original. */
static int attempt(const char *path, const char *to)
{
	_cleanup_(original_close) struct original original = {-1, -1, -1};
	_cleanup_(cleanup_free) char *to_wal = place_beside(to, "-wal");
	struct fingerprint before, after;
	int r = to_wal ? original_open(path, &original) : -ENOMEM;

	if (r == 0)
		r = take_fingerprint(path, &before);
	if (r == 0)
		r = copy(original.db, to);
	if (r == 0 && original.wal >= 0)
		r = copy(original.wal, to_wal);
	if (r == 0)
		r = take_fingerprint(path, &after);
	return r == 0 && memcmp(&before, &after, sizeof(before)) != 0 ? -EAGAIN : r;
}

static int copy_files(const char *path, const char *to, const struct why *why)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < ATTEMPTS; i++) {
		place_remove(to);
		r = attempt(path, to);
	}
	if (r == -EAGAIN)
		return why_not(why, r, "unable to copy '%s': it keeps changing", path);
	if (r < 0)
		return why_not(why, r, "unable to copy '%s' to '%s': %s", path, to, strerror(-r));
	return 0;
}

/*
 * Lays the -wal over the main file, so that one open file is all there is and its names may go. Nobody
 * shares it: the exclusive mode needs no -shm, and the journal need not survive.
 */
static int open_alone(const char *copy_path, const struct why *why, struct sqlite3 **ret_db)
{
	_cleanup_(cleanup_sqlite) struct sqlite3 *db = NULL;
	int r = sqlite_open(copy_path, SQLITE_MODE_WRITE, why, &db);

	if (r < 0)
		return r;
	if (sqlite_run(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF;"
			   "PRAGMA journal_mode = MEMORY") < 0)
		return why_not_sqlite(why, db, "read the copy", copy_path);
	*ret_db = take_ptr(db);
	return 0;
}

static int copy_under(const char *directory, const char *path, const struct why *why,
		      struct sqlite3 **ret_db)
{
	_cleanup_(cleanup_free) char *own = place_beside(directory, "/graveyardfs-XXXXXX");
	_cleanup_(cleanup_free) char *to = NULL;
	int r;

	if (!own || !mkdtemp(own))
		return why_not(why, own ? -errno : -ENOMEM,
			       "unable to make a directory for a copy in '%s': %s", directory,
			       strerror(own ? errno : ENOMEM));
	to = place_beside(own, "/copy.db");
	r = to ? copy_files(path, to, why) : -ENOMEM;
	if (r == 0)
		r = open_alone(to, why, ret_db);
	if (to)
		place_remove(to);
	(void)rmdir(own);
	return r;
}

/* Is it the directory's fault, so that another may do? */
static bool try_another(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EROFS || r == -EACCES || r == -EPERM ||
	       r == -ENOENT || r == -ENOTDIR;
}

int private_copy_open(const char *path, const struct why *why, struct sqlite3 **ret_db)
{
	const char *const directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp", "/dev/shm"};
	int r = -ENOSPC;

	if (access(path, R_OK) < 0)
		return why_not(why, -errno, "unable to read '%s': %s", path, strerror(errno));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (!directories[i] || !*directories[i])
			continue;
		r = copy_under(directories[i], path, why, ret_db);
		if (!try_another(r))
			return r;
	}
	return why_not(why, -ENOSPC,
		       "no room for a private copy of '%s' in $TMPDIR, /var/tmp, /tmp or /dev/shm",
		       path);
}
