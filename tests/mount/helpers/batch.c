/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch: many deaths that the daemon finds in one batch, and a reader that waits for each.
 *
 *	batch GRAVEYARD PID WAITING N PREFIX [CONTROL TEXT]
 *
 * PID is the daemon's; WAITING is the kernel's count of requests without an answer. The daemon is stopped
 * until all writes are there. While they are served the file CONTROL, for failio, holds TEXT.
 *
 * Whoever was told success: the fact is there, and its reader has it. Whoever was told of an error: it is not,
 * and its reader still waits, until it is written again. Prints "PREFIX: N told, N failed".
 */
#include "must.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#define MOST 256

struct death {
	char name[64];
	int code, fd, error; /* of the write */
	char text[16];       /* what the reader got */
	atomic_int woken;
	pthread_t reader, writer;
};

static const char *g, *waiting;
static pid_t daemon_pid;
static unsigned count;
static struct death deaths[MOST];
static pthread_barrier_t barrier;
static sem_t opened; /* a reader has */

static void moment(void)
{
	const struct timespec time = {0, 1000000};

	(void)nanosleep(&time, NULL);
}

static unsigned read_waiting(void)
{
	FILE *file = fopen(waiting, "re");
	unsigned n;

	must(file && fscanf(file, "%u", &n) == 1);
	must(fclose(file) == 0);
	return n;
}

/* The kernel has no event for these. */
static void await_waiting(unsigned n)
{
	for (int i = 0; read_waiting() != n; i++) {
		if (i > 20000)
			fail("%u requests are unanswered, expected %u", read_waiting(), n);
		moment();
	}
}

/* A request on its way to a read counts too: seen again after others were answered, it is parked. */
static void await_parked(unsigned n)
{
	struct statvfs st;

	for (int seen = 0; seen < 3; seen++) {
		must(statvfs(g, &st) == 0);
		if (read_waiting() != n)
			seen = -1;
		await_waiting(n);
	}
}

static void await_stopped(void)
{
	char path[64], state = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)daemon_pid);
	must(kill(daemon_pid, SIGSTOP) == 0);
	while (state != 'T') {
		FILE *file = fopen(path, "re");

		must(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
		must(fclose(file) == 0);
	}
}

static int open_of(const struct death *d, const char *directory, int flags)
{
	char path[128];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, d->name);

	must(n > 0 && (size_t)n < sizeof(path));
	return open_in(g, path, flags);
}

static void *reader(void *arg)
{
	struct death *d = arg;
	int fd = open_of(d, ".wait/exitcode", O_RDONLY);
	ssize_t n;

	must(sem_post(&opened) == 0);
	n = read(fd, d->text, sizeof(d->text) - 1);
	must(n > 0);
	d->woken = 1;
	close(fd);
	return NULL;
}

static void write_code(struct death *d, int fd)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", d->code);

	d->error = write(fd, text, (size_t)n) == n ? 0 : errno;
	close(fd);
}

static void *writer(void *arg)
{
	struct death *d = arg;

	(void)pthread_barrier_wait(&barrier);
	write_code(d, d->fd);
	return NULL;
}

static void set_control(const char *control, const char *text)
{
	char other[4096];
	FILE *file;

	(void)snprintf(other, sizeof(other), "%s.new", control);
	file = fopen(other, "we");
	must(file && fputs(text, file) >= 0 && fclose(file) == 0);
	must(rename(other, control) == 0);
}

static int is_there(const char *directory, const struct death *d)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", g, directory, d->name);
	must(stat(path, &st) == 0 || errno == ENOENT);
	return errno != ENOENT;
}

static void check_told(struct death *d)
{
	char text[16] = "";
	int fd;

	must(pthread_join(d->reader, NULL) == 0);
	if (atoi(d->text) != d->code)
		fail("%s: its reader got %s instead of %d", d->name, d->text, d->code);
	fd = open_of(d, ".exitcode", O_RDONLY);
	must(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	if (atoi(text) != d->code)
		fail("%s: has %s instead of %d", d->name, text, d->code);
}

static void check_failed(const struct death *d)
{
	if (d->error != EIO && d->error != ENOSPC)
		fail("%s: was told %s", d->name, strerror(d->error));
	errno = 0;
	if (is_there(".", d) || is_there(".died", d) || is_there(".exitcode", d))
		fail("%s: is there, though its writer was told %s", d->name, strerror(d->error));
	if (d->woken)
		fail("%s: its reader was woken, though nobody died", d->name);
}

static void begin(const char *prefix)
{
	must(pthread_barrier_init(&barrier, NULL, count + 1) == 0);
	must(sem_init(&opened, 0, 0) == 0);
	for (unsigned i = 0; i < count; i++) {
		struct death *d = &deaths[i];
		int n = snprintf(d->name, sizeof(d->name), "%s-%u", prefix, i);

		must(n > 0 && (size_t)n < sizeof(d->name));
		d->code = (int)(i % 256);
		d->fd = open_of(d, ".died", O_WRONLY | O_CREAT);
		must(pthread_create(&d->reader, NULL, reader, d) == 0);
		must(pthread_create(&d->writer, NULL, writer, d) == 0);
	}
	/* On its way there each has one request at every look, as if it were parked. */
	for (unsigned i = 0; i < count; i++)
		must(sem_wait(&opened) == 0);
	await_parked(count);
}

static void write_all(const char *control, const char *text)
{
	await_stopped();
	if (control)
		set_control(control, text);
	(void)pthread_barrier_wait(&barrier);
	await_waiting(2 * count);
	must(kill(daemon_pid, SIGCONT) == 0);
	for (unsigned i = 0; i < count; i++)
		must(pthread_join(deaths[i].writer, NULL) == 0);
	if (control)
		must(unlink(control) == 0);
}

static unsigned check_all(void)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < count; i++) {
		if (deaths[i].error)
			failed++;
		else
			check_told(&deaths[i]);
	}
	await_parked(failed);
	for (unsigned i = 0; i < count; i++)
		if (deaths[i].error)
			check_failed(&deaths[i]);
	return failed;
}

static void write_failed_again(void)
{
	for (unsigned i = 0; i < count; i++) {
		struct death *d = &deaths[i];

		if (!d->error)
			continue;
		write_code(d, open_of(d, ".died", O_WRONLY | O_CREAT));
		if (d->error)
			fail("%s: fails for ever: %s", d->name, strerror(d->error));
		check_told(d);
	}
}

int main(int argc, char **argv)
{
	unsigned failed;

	must(argc == 6 || argc == 8);
	g = argv[1];
	daemon_pid = atoi(argv[2]);
	waiting = argv[3];
	count = (unsigned)atoi(argv[4]);
	must(count <= MOST);
	begin(argv[5]);
	write_all(argc == 8 ? argv[6] : NULL, argc == 8 ? argv[7] : NULL);
	failed = check_all();
	printf("%s: %u told, %u failed\n", argv[5], count - failed, failed);
	if (argc == 8)
		write_failed_again();
	return 0;
}
