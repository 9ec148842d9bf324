/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poller: poll, select and epoll on waits and on .events. Each scenario makes its own events.
 *
 *	poller GRAVEYARD
 */
#include "must.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define LONG 10000 /* ms: nothing in here takes so long unless it is lost */

static const char *g;

static int readable(int fd, int timeout)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n = poll(&p, 1, timeout);

	must(n >= 0 && !(p.revents & (POLLERR | POLLNVAL)));
	return n == 1 && p.revents & POLLIN;
}

static int select_readable(int fd, int timeout)
{
	struct timeval time = {timeout / 1000, timeout % 1000 * 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	must(select(fd + 1, &set, NULL, NULL, &time) >= 0);
	return FD_ISSET(fd, &set);
}

static int epoll_on(int fd, uint32_t how)
{
	struct epoll_event event = {.events = EPOLLIN | how, .data.fd = fd};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	must(epoll >= 0);
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return epoll;
}

static int told(int epoll, int timeout)
{
	struct epoll_event event;
	int n = epoll_wait(epoll, &event, 1, timeout);

	must(n >= 0);
	must(n == 0 || event.events == EPOLLIN);
	return n;
}

/* What a read gets: bytes, or -errno. */
static ssize_t get(int fd, char text[4096])
{
	ssize_t n = read(fd, text, 4095);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

static void must_be_stone(int fd, const char *code)
{
	char text[4096];
	ssize_t n = get(fd, text);

	if (n <= 0 || !strstr(text, "Born: ") || !strstr(text, code))
		fail("no stone with %s: %zd bytes", code, n);
}

/* Until a child sleeps in such a system call. The kernel has no event for that. */
static void await_syscall(pid_t pid, long number, long or_number)
{
	const struct timespec moment = {0, 1000000};
	char path[64], text[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	for (int i = 0; i < LONG; i++) {
		FILE *file = fopen(path, "r");
		char *end;
		long now;

		must(file && fgets(text, sizeof(text), file));
		must(fclose(file) == 0);
		now = strtol(text, &end, 10);
		if (end != text && (now == number || now == or_number))
			return;
		(void)nanosleep(&moment, NULL);
	}
	fail("process %d does not get to system call %ld", (int)pid, number);
}

static void must_exit(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	if (status != 0)
		fail("a child ended with %#x", status);
}

/* ---- scenarios ---- */

static void event_before_poll(void)
{
	int fd;

	tell(g, ".died/early", "1\n");
	fd = open_in(g, ".wait/died/early", O_RDONLY);
	must(readable(fd, 0));
	must(select_readable(fd, 0));
	must(told(epoll_on(fd, 0), 0) == 1);
	must_be_stone(fd, "ExitCode: 1");
	close(fd);
	/* Opened and looked at before the event, polled for after it. */
	fd = open_in(g, ".wait/died/between", O_RDONLY);
	must(!readable(fd, 0));
	tell(g, ".died/between", "2\n");
	must(readable(fd, 0));
	must_be_stone(fd, "ExitCode: 2");
	close(fd);
	/* A stone can always be read. */
	fd = open_in(g, "early", O_RDONLY);
	must(readable(fd, 0));
	close(fd);
}

static void sleeping_in_poll_and_select(void)
{
	pid_t with_poll, with_select;
	int fd = open_in(g, ".wait/died/slept", O_RDONLY);
	int other = open_in(g, ".wait/exitcode/slept", O_RDONLY);

	must((with_poll = fork()) >= 0);
	if (with_poll == 0)
		_exit(!readable(fd, LONG));
	must((with_select = fork()) >= 0);
	if (with_select == 0)
		_exit(!select_readable(other, LONG));
	await_syscall(with_poll, SYS_poll, SYS_ppoll);
	await_syscall(with_select, SYS_select, SYS_pselect6);
	tell(g, ".died/slept", "3\n");
	must_exit(with_poll);
	must_exit(with_select);
	must_be_stone(fd, "ExitCode: 3");
	close(fd);
	close(other);
}

/* Registered by epoll before the event: only a notification can make it ready. */
static void level_and_edge(void)
{
	int fd = open_in(g, ".wait/died/edgy", O_RDONLY);
	int other = open_in(g, ".wait/died/edgy", O_RDONLY);
	int level = epoll_on(fd, 0), second = epoll_on(fd, 0), edge = epoll_on(other, EPOLLET);

	must(told(level, 0) == 0 && told(second, 0) == 0 && told(edge, 0) == 0);
	tell(g, ".died/edgy", "4\n");
	must(told(level, LONG) == 1 && told(second, LONG) == 1 && told(edge, LONG) == 1);
	must(told(level, 0) == 1);
	must(told(edge, 0) == 0);
	must_be_stone(fd, "ExitCode: 4");
	must_be_stone(other, "ExitCode: 4");
	close(level);
	close(second);
	close(edge);
	close(fd);
	close(other);
}

static void other_events_do_not_wake(void)
{
	int fd = open_in(g, ".wait/died/quiet", O_RDONLY);
	int epoll = epoll_on(fd, EPOLLET);

	tell(g, ".born/quiet", "");
	close(open_in(g, ".ready/quiet", O_WRONLY | O_CREAT));
	tell(g, ".died/noisy", "0\n");
	must(told(epoll, 0) == 0);
	must(!readable(fd, 0));
	tell(g, ".died/quiet", "0\n");
	must(told(epoll, LONG) == 1);
	close(epoll);
	close(fd);
}

static void closed_before_the_event(void)
{
	int fd = open_in(g, ".wait/died/gone", O_RDONLY);
	int epoll = epoll_on(fd, 0);

	close(fd);
	tell(g, ".died/gone", "5\n");
	must(told(epoll, 0) == 0);
	close(epoll);
}

static void deadline(void)
{
	int fd = open_in(g, ".wait/died/never@300ms", O_RDONLY);
	int other = open_in(g, ".wait/died/never@300ms", O_RDONLY | O_NONBLOCK);
	int epoll = epoll_on(other, EPOLLET);
	char text[4096];

	must(readable(fd, LONG));
	must(get(fd, text) == -ETIMEDOUT);
	must(told(epoll, LONG) == 1);
	must(get(other, text) == -ETIMEDOUT);
	must(readable(fd, 0));
	close(epoll);
	close(fd);
	close(other);
}

/*
 * One who polls again and again finds it ready before the deadline's own time has come; one who sleeps was promised
 * to be told.
 */
static void polled_beside_a_sleeper(void)
{
	for (int i = 0; i < 20; i++) {
		int fd = open_in(g, ".wait/died/never@20ms", O_RDONLY);
		int edge = epoll_on(fd, EPOLLET);

		while (!readable(fd, 0))
			;
		if (told(edge, LONG) != 1)
			fail("whoever sleeps is not told, as another found it ready first");
		close(edge);
		close(fd);
	}
}

static void nonblock(void)
{
	int fd = open_in(g, ".wait/exitcode/patient", O_RDONLY | O_NONBLOCK);
	int epoll = epoll_on(fd, EPOLLET);
	char text[4096];

	must(get(fd, text) == -EAGAIN);
	tell(g, ".died/patient", "6\n");
	must(told(epoll, LONG) == 1);
	must(get(fd, text) == 2 && strcmp(text, "6\n") == 0);
	must(get(fd, text) == 0);
	close(epoll);
	close(fd);
	/* Set later, on a descriptor that was opened without. */
	fd = open_in(g, ".wait/exitcode/later", O_RDONLY);
	must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	must(get(fd, text) == -EAGAIN);
	close(fd);
}

static void shared_by_dup_and_fork(void)
{
	int fd = open_in(g, ".wait/died/shared", O_RDONLY), copy = dup(fd);
	int first = epoll_on(fd, EPOLLET), second = epoll_on(copy, EPOLLET);
	pid_t child;

	must((child = fork()) >= 0);
	if (child == 0)
		_exit(!readable(copy, LONG));
	await_syscall(child, SYS_poll, SYS_ppoll);
	close(fd);
	tell(g, ".died/shared", "7\n");
	must_exit(child);
	must(told(second, LONG) == 1);
	must_be_stone(copy, "ExitCode: 7");
	close(first);
	close(second);
	close(copy);
}

static void polled_again_and_again(void)
{
	int fd = open_in(g, ".wait/died/again", O_RDONLY);

	/* More often than --max-waits of the second run. Only who is ready to sleep is registered. */
	for (int i = 0; i < 250; i++)
		must(!readable(fd, 1) && !select_readable(fd, 0));
	tell(g, ".died/again", "8\n");
	must(readable(fd, LONG));
	close(fd);
}

/* As Go's runtime does: registered once, edge-triggered; each time read until EAGAIN, then wait. */
static void events(uint32_t how)
{
	int fd = open_in(g, ".events@now", O_RDONLY | O_NONBLOCK);
	int epoll = epoll_on(fd, how);
	char text[4096];

	must(told(epoll, 0) == 0);
	must(get(fd, text) == -EAGAIN);
	for (int i = 0; i < 5; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), ".died/e%d-%d", how != 0, i);
		tell(g, path, "9\n");
		if (told(epoll, LONG) != 1)
			fail("%s trigger: not told of event %d", how ? "edge" : "level", i);
		must(get(fd, text) > 0 && strstr(text, " died 9 "));
		must(get(fd, text) == -EAGAIN);
		must(how || told(epoll, 0) == 0);
	}
	close(epoll);
	close(fd);
}

/* Part of what there is was read: the rest can be read, at once. */
static void events_half_read(void)
{
	int fd = open_in(g, ".events", O_RDONLY | O_NONBLOCK);
	char text[4096];

	must(read(fd, text, 10) == 10);
	must(readable(fd, 0));
	while (read(fd, text, sizeof(text)) > 0)
		;
	must(errno == EAGAIN);
	must(!readable(fd, 0));
	close(fd);
}

int main(int argc, char **argv)
{
	must(argc == 2);
	g = argv[1];
	event_before_poll();
	sleeping_in_poll_and_select();
	level_and_edge();
	other_events_do_not_wake();
	closed_before_the_event();
	deadline();
	polled_beside_a_sleeper();
	nonblock();
	shared_by_dup_and_fork();
	polled_again_and_again();
	events_half_read();
	events(0);
	events(EPOLLET);
	return 0;
}
