/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/record.h"
#include "bury/place.h"
#include "bury/supervisor.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* By read(2): what else there is (sendfile, splice) goes through the page cache, which .wait/ refuses. */
int tool_copy(int from, int to)
{
	char data[65536];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, data, sizeof(data))) != 0)
		r = n < 0 ? -errno : write_all(to, data, (size_t)n);
	return r;
}

static int cat(const char *file)
{
	_cleanup_(cleanup_close) int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : tool_copy(fd, STDOUT_FILENO);
}

static void end_by(int signal)
{
	_exit(EXIT_SIGNAL + signal);
}

/* Signals have no default for the first process of a container: who waits there could only be killed. */
static void obey_signals(void)
{
	const struct sigaction by_ending = {.sa_handler = end_by};

	if (getpid() != 1)
		return;
	(void)sigaction(SIGTERM, &by_ending, NULL);
	(void)sigaction(SIGINT, &by_ending, NULL);
	(void)sigaction(SIGHUP, &by_ending, NULL);
}

int tool_cat(char **files)
{
	int status = 0;

	obey_signals();
	for (; *files; files++) {
		if (record_failure(cat(*files), "cannot-read", "file", *files) < 0)
			status = 1;
	}
	return status;
}

/* As touch(1): on a graveyardfs setting the times is what commits, and has the error. */
static int touch(const char *file)
{
	_cleanup_(cleanup_close) int fd =
		open(file, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

	return fd < 0 || futimens(fd, NULL) < 0 ? -errno : 0;
}

int tool_touch(char **files)
{
	int status = 0;

	for (; *files; files++) {
		if (record_failure(touch(*files), "cannot-touch", "file", *files) < 0)
			status = 1;
	}
	return status;
}

static int put_copy(const char *temporary, const char *path)
{
	_cleanup_(cleanup_close) int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_(cleanup_close) int to = -1;
	int r;

	if (from < 0)
		return -errno;
	(void)unlink(temporary); /* of one that was killed here */
	to = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (to < 0)
		return -errno;
	r = tool_copy(from, to);
	if (r == 0 && (fchmod(to, 0755) < 0 || fsync(to) < 0))
		r = -errno;
	/* One that is open for writing cannot be run. */
	if (r == 0 && close(take_fd(to)) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

int tool_install(const char *directory)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int r = place_make(directory);

	if (r == 0)
		r = place_path(directory, NULL, "bury", path);
	if (r == 0)
		r = place_path(directory, NULL, ".bury~", temporary);
	if (r == 0)
		r = put_copy(temporary, path);
	return record_failure(r, "cannot-install", "directory", directory) < 0 ? EXIT_SYSTEM : 0;
}
