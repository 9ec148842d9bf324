/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does with a graveyard what kubexit does: its file calls, its YAML, its watch.
 *
 *	kubexit_like live G NAME CODE	writes a birth, says "born"; at the end of its standard input the death
 *	kubexit_like depend G NAME	says "watching", then each event of NAME that inotify tells; ends with 0
 *					once the stone says Died
 *	kubexit_like storm G NAME N	N rewrites, each with news, births and deaths in turn; a second process
 *					reads all the time: every stone whole and the latest. Says how many it read.
 */
#include "must.h"

#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define SECOND 1000000000LL
#define TEXT_MAX 4096

/* Go's time.RFC3339Nano, which leaves out zeros at the end. */
static void format_time(int64_t ns, char *text, size_t size)
{
	time_t seconds = ns / SECOND;
	struct tm tm;
	size_t n;

	must(gmtime_r(&seconds, &tm));
	n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(text + n, size - n, ".%09" PRId64, (int64_t)(ns % SECOND));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	(void)snprintf(text + n, size - n, "Z");
}

static int64_t now(void)
{
	struct timespec ts;

	must(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* died == 0: not yet */
static size_t format_stone(int64_t born, int64_t died, int code, char *text)
{
	char time[64];
	int n;

	format_time(born, time, sizeof(time));
	n = snprintf(text, TEXT_MAX, "Born: \"%s\"\n", time);
	if (died) {
		format_time(died, time, sizeof(time));
		n += snprintf(text + n, TEXT_MAX - (size_t)n, "Died: \"%s\"\nExitCode: %d\n", time,
			      code);
	}
	return (size_t)n;
}

/* os.Create, one Write, Close */
static void write_stone(const char *path, int64_t born, int64_t died, int code)
{
	char text[TEXT_MAX];
	size_t len = format_stone(born, died, code, text);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	must(fd >= 0);
	must(write(fd, text, len) == (ssize_t)len);
	must(close(fd) == 0);
}

/* ---- live ---- */

static int live(const char *path, int code)
{
	int64_t born = now();
	char c;

	write_stone(path, born, 0, 0);
	printf("born\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	write_stone(path, born, now(), code);
	return 0;
}

/* ---- depend ---- */

static bool is_dead(const char *path)
{
	char text[TEXT_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	/* The event of its creation may come just before it is there. */
	if (fd < 0 && errno == ENOENT)
		return false;
	must(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	must(n > 0);
	close(fd);
	text[n] = '\0';
	return strstr(text, "\nDied: ") != NULL;
}

static int depend(const char *directory, const char *name, const char *path)
{
	char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	int fd = inotify_init1(IN_CLOEXEC);

	must(fd >= 0 && inotify_add_watch(fd, directory, IN_CREATE | IN_MODIFY) >= 0);
	printf("watching\n");
	(void)fflush(stdout);
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		must(n > 0);
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (void *)at;

			at += sizeof(*event) + event->len;
			if (event->len == 0 || strcmp(event->name, name) != 0)
				continue;
			printf("%s\n", event->mask & IN_CREATE ? "create" : "modify");
			(void)fflush(stdout);
			if (is_dead(path))
				return 0;
		}
	}
}

/* ---- storm ---- */

struct shared {
	atomic_long done; /* rewrites whose write and close have returned */
	int64_t start;    /* life i is born at start + 2i µs and dies 1 µs later */
	long count;
};

static void write_nth(const struct shared *s, const char *path, long n)
{
	int64_t born = s->start + n / 2 * 2000;

	write_stone(path, born, n % 2 ? born + 1000 : 0, (int)(n / 2 % 256));
}

/* Which rewrite does the stone come of? -1: of none. */
static long recognize(const struct shared *s, const char *text)
{
	char want[TEXT_MAX];
	struct tm tm = {0};
	int64_t ns = 0, unit = SECOND / 10;
	const char *at = strptime(text, "Born: \"%Y-%m-%dT%H:%M:%S", &tm);
	long life;
	bool dead;

	if (!at)
		return -1;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
			ns += (*at - '0') * unit;
	ns += timegm(&tm) * SECOND;
	life = (ns - s->start) / 2000;
	dead = strstr(text, "Died") != NULL;
	(void)format_stone(ns, dead ? ns + 1000 : 0, (int)(life % 256), want);
	return strcmp(text, want) == 0 ? life * 2 + dead : -1;
}

static void read_all_the_time(const struct shared *s, const char *path)
{
	char text[TEXT_MAX];
	long first, n = 0, reads = 0;

	do {
		int fd;
		ssize_t got;

		/* What a write has returned from is there; and nobody goes back. */
		first = s->done - 1;
		first = n > first ? n : first;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		must(fd >= 0);
		got = read(fd, text, sizeof(text) - 1);
		must(got >= 0);
		must(close(fd) == 0);
		text[got] = '\0';
		n = recognize(s, text);
		if (n < first || n > s->done)
			fail("read %ld, after rewrite %ld: %zd bytes: '%s'", reads, first, got,
			     text);
		reads++;
	} while (first < s->count - 1);
	printf("%ld\n", reads);
	(void)fflush(stdout);
}

static int storm(const char *path, long count)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t reader;

	must(s != MAP_FAILED);
	s->start = now() / 1000 * 1000;
	s->count = count;
	write_nth(s, path, 0);
	s->done = 1;
	reader = fork();
	must(reader >= 0);
	if (reader == 0) {
		read_all_the_time(s, path);
		_exit(0);
	}
	for (long n = 1; n < count; n++) {
		write_nth(s, path, n);
		s->done = n + 1;
	}
	must(waitpid(reader, &status, 0) == reader);
	return status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];

	must(argc >= 4);
	(void)snprintf(path, sizeof(path), "%s/%s", argv[2], argv[3]);
	if (strcmp(argv[1], "live") == 0 && argc == 5)
		return live(path, atoi(argv[4]));
	if (strcmp(argv[1], "depend") == 0)
		return depend(argv[2], argv[3], path);
	if (strcmp(argv[1], "storm") == 0 && argc == 5)
		return storm(path, atol(argv[4]));
	return 2;
}
