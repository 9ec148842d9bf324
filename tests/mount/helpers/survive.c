/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survive: what a client has begun goes on over the worker's death, as if nothing had been. Each
 * scenario calls die() in its middle.
 *
 *	survive GRAVEYARD KEEPER once|twice|stopped
 *
 * die() kills one worker, or two in a row, or one that is stopped while more is asked of it.
 */
#include "worker.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define LONG 10000 /* ms: nothing in here takes so long unless it is lost */
#define NAMES 700

static const char *g;
static pid_t keeper;
static const char *how;

static int64_t now_ms(void)
{
	struct timespec ts;

	must(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static bool exists(const char *path)
{
	char whole[4096];
	struct stat st;

	(void)snprintf(whole, sizeof(whole), "%s/%s", g, path);
	if (stat(whole, &st) == 0)
		return true;
	must(errno == ENOENT);
	return false;
}

static void *look_for_nobody(void *arg)
{
	must(!exists("nobody"));
	return arg;
}

/* A look that was asked for while the worker was stopped, and is answered by the next. */
static void stop_and_ask(void)
{
	pid_t worker = await_child(keeper, "gyfs-worker", 0);
	pthread_t asking;

	must(kill(worker, SIGSTOP) == 0);
	must(pthread_create(&asking, NULL, look_for_nobody, NULL) == 0);
	pass_time(2000);
	must(kill_worker(keeper) != worker);
	must(pthread_join(asking, NULL) == 0);
}

static void die(void)
{
	/* Ten that are killed at once, one after the other, are one too many for the keeper. */
	pass_time(30000);
	if (strcmp(how, "stopped") == 0) {
		stop_and_ask();
		return;
	}
	(void)kill_worker(keeper);
	if (strcmp(how, "twice") == 0)
		(void)kill_worker(keeper);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("write '%s'", text);
}

/* What a read gets: bytes, or -errno. */
static ssize_t get(int fd, char text[4096])
{
	ssize_t n = read(fd, text, 4095);

	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -errno : n;
}

static void must_get(int fd, const char *want)
{
	char text[4096];
	ssize_t n = get(fd, text);

	if (n <= 0 || !strstr(text, want))
		fail("read %zd: '%s', expected '%s'", n, text, want);
}

/* The code of that name, once it has one. */
static void must_have_code(const char *name, const char *code)
{
	char path[128], text[4096];
	int fd;

	(void)snprintf(path, sizeof(path), ".wait/exitcode/%s", name);
	fd = open_in(g, path, O_RDONLY);
	if (get(fd, text) <= 0 || strcmp(text, code) != 0)
		fail("the code of %s: '%s', expected '%s'", name, text, code);
	close(fd);
}

/* ---- what is being written ---- */

static void held_line(void)
{
	int fd = open_in(g, ".died/tail", O_WRONLY | O_CREAT);

	say(fd, "1");
	die();
	must(!exists("tail"));
	say(fd, "2\n");
	must(close(fd) == 0);
	must_have_code("tail", "12\n");

	fd = open_in(g, "tail2", O_WRONLY | O_CREAT);
	say(fd, "Epitaph: \"half");
	die();
	say(fd, " and half\"\nExitCode: ");
	die();
	say(fd, "3");
	die();
	must(close(fd) == 0);
	must_have_code("tail2", "3\n");
	fd = open_in(g, "tail2", O_RDONLY);
	must_get(fd, "Epitaph: \"half and half\"");
	close(fd);
}

static void pending_creation(void)
{
	int born = open_in(g, ".born/pending", O_WRONLY | O_CREAT | O_EXCL);
	int died = open_in(g, ".died/pending2", O_WRONLY | O_CREAT | O_EXCL), refused;

	die();
	must(!exists("pending") && !exists("pending2"));
	must(close(born) == 0);
	/* The kernel tells of a close once it is done. */
	born = open_in(g, ".wait/born/pending", O_RDONLY);
	must_get(born, "Born: ");
	close(born);
	say(died, "5\n");
	must(close(died) == 0);
	must_have_code("pending2", "5\n");

	refused = open_in(g, ".died/refused", O_WRONLY | O_CREAT);
	must(write(refused, "rubbish\n", 8) == -1 && errno == EINVAL);
	die();
	must(close(refused) == 0);
	must(!exists("refused"));
}

static void rights_as_of_the_open(void)
{
	int fd = open_in(g, ".died/owned", O_WRONLY | O_CREAT), status;
	pid_t other;

	die();
	must((other = fork()) >= 0);
	if (other == 0) {
		must(setuid(1000) == 0);
		say(fd, "6\n");
		_exit(0);
	}
	must(waitpid(other, &status, 0) == other && status == 0);
	must(close(fd) == 0);
	must_have_code("owned", "6\n");
}

static void lease(void)
{
	int fd = open_in(g, ".lease/leased", O_WRONLY | O_CREAT), wait;

	die();
	must(exists(".alive/leased") && exists(".lease/leased"));
	say(fd, "7\n");
	die();
	must(exists(".alive/leased"));
	wait = open_in(g, ".wait/exitcode/leased", O_RDONLY);
	must(close(fd) == 0);
	die();
	must_get(wait, "7\n");
	close(wait);
}

/* A lease is one of its life, also as the next worker sees it. */
static void lease_of_an_earlier_life(void)
{
	int fd = open_in(g, ".lease/early", O_WRONLY | O_CREAT);

	tell(g, ".died/early", "1\n");
	die();
	close(open_in(g, ".born/early", O_WRONLY | O_CREAT));
	die();
	must(close(fd) == 0);
	/* Closes are taken in order: what comes later is seen once this has had its effect. */
	fd = open_in(g, ".lease/late", O_WRONLY | O_CREAT);
	must(close(fd) == 0);
	fd = open_in(g, ".wait/died/late", O_RDONLY);
	must_get(fd, "Died: ");
	close(fd);
	must(exists(".alive/early"));
}

/* ---- what is being read ---- */

static void texts_of_one_moment(void)
{
	int stone, log, at = 0;
	char before[65536], text[4096], c;
	ssize_t n, size;

	close(open_in(g, ".born/moment", O_WRONLY | O_CREAT));
	stone = open_in(g, "moment", O_RDONLY);
	log = open_in(g, ".log", O_RDONLY);
	size = pread(log, before, sizeof(before), 0);
	must(size > 200);
	tell(g, ".died/moment", "8\n");
	die();
	must(get(stone, text) > 0 && !strstr(text, "Died"));
	close(stone);
	while ((n = read(log, &c, 1)) == 1) {
		if (c != before[at])
			fail(".log has '%c' at %d, not '%c'", c, at, before[at]);
		at++;
		if (at == 100 || at == (int)size - 1) {
			tell(g, at == 100 ? ".died/meanwhile" : ".died/meanwhile2", "1\n");
			die();
		}
	}
	must(n == 0 && at == size);
	close(log);
}

static void events(void)
{
	int fd = open_in(g, ".events@now", O_RDONLY), half;
	char text[16];

	tell(g, ".died/event1", "1\n");
	die();
	must_get(fd, " event1 ");
	close(fd);
	half = open_in(g, ".events@now", O_RDONLY);
	tell(g, ".died/event2", "2\n");
	must(read(half, text, 10) == 10);
	die();
	must_get(half, " event2 ");
	tell(g, ".died/event3", "3\n");
	must_get(half, " event3 ");
	close(half);
}

/* In small pieces, so that many requests make it up. Each name of before is there once. */
static void listing(void)
{
	static unsigned seen[NAMES];
	char path[64], buffer[512] __attribute__((aligned(8)));
	int fd, pieces = 0;
	long n;

	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(path, sizeof(path), ".born/list-%u", i);
		close(open_in(g, path, O_WRONLY | O_CREAT));
	}
	/* The last close is taken after the others. */
	(void)snprintf(path, sizeof(path), ".wait/born/list-%d", NAMES - 1);
	fd = open_in(g, path, O_RDONLY);
	must_get(fd, "Born: ");
	close(fd);
	fd = open_in(g, ".", O_RDONLY | O_DIRECTORY);
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *entry = (void *)(buffer + at);
			unsigned i;

			if (sscanf(entry->d_name, "list-%u", &i) == 1 && i < NAMES)
				seen[i]++;
			at += entry->d_reclen;
		}
		if (++pieces == 2 || pieces == 20)
			die();
		if (pieces == 10)
			tell(g, ".died/list-new", "0\n");
	}
	must(n == 0 && pieces > 20);
	close(fd);
	for (unsigned i = 0; i < NAMES; i++)
		if (seen[i] != 1)
			fail("list-%u was listed %u times", i, seen[i]);
}

/* ---- who waits ---- */

struct reader {
	pthread_t thread;
	int fd;
	char text[4096];
	ssize_t got;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;

	r->got = get(r->fd, r->text);
	return NULL;
}

static void start(struct reader *r, const char *path)
{
	r->fd = open_in(g, path, O_RDONLY);
	must(pthread_create(&r->thread, NULL, read_one, r) == 0);
}

static void join(struct reader *r, const char *want)
{
	must(pthread_join(r->thread, NULL) == 0);
	if (r->got <= 0 || !strstr(r->text, want))
		fail("a waiter got %zd: '%s', expected '%s'", r->got, r->text, want);
	close(r->fd);
}

static void waits(void)
{
	struct reader died, any, all, next, deadline;
	int unread = open_in(g, ".wait/exitcode/awaited", O_RDONLY);

	tell(g, ".died/again", "1\n");
	start(&died, ".wait/died/awaited");
	start(&any, ".wait/exitcode/awaited,other");
	start(&all, ".wait/exitcode/awaited+other");
	start(&next, ".wait/exitcode/again@next");
	start(&deadline, ".wait/exitcode/awaited@30s");
	die();
	tell(g, ".died/awaited", "9\n");
	join(&died, "ExitCode: 9");
	join(&any, "awaited 9");
	join(&deadline, "9\n");
	die();
	tell(g, ".died/other", "10\n");
	join(&all, "other 10");
	close(open_in(g, ".born/again", O_WRONLY | O_CREAT));
	tell(g, ".died/again", "11\n");
	join(&next, "11\n");
	/* What it was to read is as of the event, though it reads it later, and the name is on. */
	close(open_in(g, ".born/awaited", O_WRONLY | O_CREAT));
	tell(g, ".died/awaited", "12\n");
	die();
	must_get(unread, "9\n");
	close(unread);
}

static void deadlines(void)
{
	int64_t begun = now_ms();
	struct reader r;
	int unread = open_in(g, ".wait/died/never@1500ms", O_RDONLY);
	char text[4096];

	start(&r, ".wait/died/never@1500ms");
	die();
	must(pthread_join(r.thread, NULL) == 0);
	if (r.got != -ETIMEDOUT || now_ms() - begun < 1400 || now_ms() - begun > LONG)
		fail("a deadline of 1500 ms: %zd after %d ms", r.got, (int)(now_ms() - begun));
	must(get(unread, text) == -ETIMEDOUT);
	close(unread);
	close(r.fd);
}

static int epoll_on(int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	must(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return epoll;
}

static int told(int epoll, int timeout)
{
	struct epoll_event event;
	int n = epoll_wait(epoll, &event, 1, timeout);

	must(n >= 0);
	return n;
}

static void polls(void)
{
	int fd = open_in(g, ".wait/exitcode/polled", O_RDONLY | O_NONBLOCK), status;
	int log = open_in(g, ".events@now", O_RDONLY | O_NONBLOCK);
	int level = epoll_on(fd, EPOLLIN), edge = epoll_on(fd, EPOLLIN | EPOLLET);
	int every = epoll_on(log, EPOLLIN | EPOLLET);
	char text[4096];
	pid_t sleeper;

	must(told(level, 0) == 0 && told(edge, 0) == 0 && told(every, 0) == 0);
	must((sleeper = fork()) >= 0);
	if (sleeper == 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		_exit(poll(&p, 1, LONG) != 1 || p.revents != POLLIN);
	}
	die();
	must(told(level, 0) == 0 && told(edge, 0) == 0 && told(every, 0) == 0);
	must(get(fd, text) == -EAGAIN);
	tell(g, ".died/polled", "13\n");
	must(told(level, LONG) == 1 && told(edge, LONG) == 1 && told(every, LONG) == 1);
	must(waitpid(sleeper, &status, 0) == sleeper && status == 0);
	must_get(fd, "13\n");
	must_get(log, " polled ");
	while (get(log, text) > 0)
		;
	/* As Go does: registered once, read until EAGAIN, and told of each. */
	for (int i = 0; i < 3; i++) {
		char path[32];

		die();
		(void)snprintf(path, sizeof(path), ".died/edge-%d", i);
		tell(g, path, "1\n");
		must(told(every, LONG) == 1);
		must(get(log, text) > 0 && strstr(text, path + strlen(".died/")));
		must(get(log, text) == -EAGAIN);
	}
	close(level);
	close(edge);
	close(every);
	close(fd);
	close(log);
}

int main(int argc, char **argv)
{
	must(argc == 4);
	g = argv[1];
	keeper = atoi(argv[2]);
	how = argv[3];
	(void)alarm(60);
	held_line();
	pending_creation();
	rights_as_of_the_open();
	lease();
	lease_of_an_earlier_life();
	texts_of_one_moment();
	events();
	listing();
	waits();
	deadlines();
	polls();
	return 0;
}
