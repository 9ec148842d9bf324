/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LONG 60000 /* ms: nothing takes so long unless it is lost */

static void pause_between(uint64_t *random)
{
	/* Now and then many in no time. */
	if (chaos_random(random) % 4 == 0)
		return;
	pass_time((long)(chaos_random(random) % (chaos->pause * 8 / 3 + 1)));
}

/* ---- writers ---- */

static void tell_code(const char *directory, unsigned writer, unsigned number, unsigned life)
{
	char path[256], text[32];
	int fd;

	chaos_path(path, "%sw%u-%u", directory, writer, number);
	(void)snprintf(text, sizeof(text), "%d\n", chaos_code(writer, number, life));
	fd = chaos_open(path, O_WRONLY | O_CREAT);
	chaos_say(fd, text);
	chaos_close(fd);
}

/* As touch(1) does, which hears of a failure thereby. */
static void touch(const char *directory, unsigned writer, unsigned number)
{
	char path[256];
	int fd;

	chaos_path(path, "%sw%u-%u", directory, writer, number);
	fd = chaos_open(path, O_WRONLY | O_CREAT);
	if (futimens(fd, NULL) != 0)
		fail("futimens '%s'", path);
	chaos_close(fd);
}

static void tell_in_pieces(unsigned writer, unsigned number)
{
	char path[256], text[32];
	int fd;

	chaos_path(path, ".died/w%u-%u", writer, number);
	(void)snprintf(text, sizeof(text), "ExitCode: %d\n", chaos_code(writer, number, 1));
	fd = chaos_open(path, O_WRONLY | O_CREAT);
	text[7] = '\0';
	chaos_say(fd, text);
	text[7] = 'e';
	chaos_say(fd, text + 7);
	chaos_close(fd);
}

/* What has to fail, and how. */
static void provoke(unsigned writer, unsigned number)
{
	char path[256], text[32];
	int fd;

	chaos_path(path, ".died/w%u-%u", writer, number);
	if (open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) >= 0 || errno != EEXIST)
		fail("'%s' was created twice", path);
	fd = chaos_open(path, O_WRONLY);
	(void)snprintf(text, sizeof(text), "%d\n", (chaos_code(writer, number, 1) + 1) % 256);
	if (write(fd, text, strlen(text)) >= 0 || errno != EPERM)
		fail("'%s' took another code", path);
	if (write(fd, "rubbish\n", 8) >= 0 || errno != EINVAL)
		fail("'%s' took rubbish", path);
	chaos_close(fd);
}

static void tell_of(unsigned writer, unsigned number)
{
	struct name *name = &chaos->writers[writer].names[number];
	enum kind kind = chaos_kind(writer, number);

	name->born = true;
	if (kind == KIND_STEPS || kind == KIND_TWICE) {
		touch(".born/", writer, number);
		if (kind == KIND_STEPS)
			touch(".ready/", writer, number);
	}
	name->ready_to_die = true;
	switch (kind) {
	case KIND_STONE: {
		char path[256], text[32];
		int fd;

		chaos_path(path, "w%u-%u", writer, number);
		(void)snprintf(text, sizeof(text), "ExitCode: %d\n", chaos_code(writer, number, 1));
		fd = chaos_open(path, O_WRONLY | O_CREAT | O_TRUNC);
		chaos_say(fd, text);
		chaos_close(fd);
		break;
	}
	case KIND_TOUCH:
		touch(".died/", writer, number);
		break;
	case KIND_FILL:
		touch(".died/", writer, number);
		tell_code(".died/", writer, number, 1);
		break;
	case KIND_PIECES:
		tell_in_pieces(writer, number);
		break;
	default:
		tell_code(".died/", writer, number, 1);
	}
	if (kind == KIND_STEPS)
		provoke(writer, number);
	if (kind == KIND_TWICE) {
		touch(".born/", writer, number);
		name->dies_again = true;
		tell_code(".died/", writer, number, 2);
	}
	chaos->operations++;
	name->done = true;
}

/* Unless somebody waits for it, whom its removal would leave to wait for another life. */
static void maybe_remove(unsigned writer, unsigned number)
{
	struct name *name = &chaos->writers[writer].names[number];
	char path[256];
	bool used;

	must(pthread_mutex_lock(&chaos->lock) == 0);
	used = name->users > 0;
	must(pthread_mutex_unlock(&chaos->lock) == 0);
	if (used || !chaos_may_be_removed(writer, number))
		return;
	chaos_path(path, "w%u-%u", writer, number);
	if (unlink(path) != 0)
		fail("unlink '%s'", path);
	name->removed = true;
}

static bool may_end(unsigned writer, unsigned number)
{
	bool end;

	must(pthread_mutex_lock(&chaos->lock) == 0);
	end = number >= NAMES || (chaos->ending && number > chaos->writers[writer].wanted);
	must(pthread_mutex_unlock(&chaos->lock) == 0);
	return end;
}

void *chaos_write(void *arg)
{
	unsigned writer = (unsigned)(uintptr_t)arg, number = 0;
	uint64_t random = chaos->seed + 1000 + writer;

	for (; !may_end(writer, number); number++) {
		chaos_gate();
		tell_of(writer, number);
		must(pthread_mutex_lock(&chaos->lock) == 0);
		chaos->writers[writer].next = number + 1;
		must(pthread_mutex_unlock(&chaos->lock) == 0);
		if (number >= 8)
			maybe_remove(writer, number - 8);
		pause_between(&random);
	}
	return NULL;
}

/* ---- who waits ---- */

struct target {
	unsigned writer, number;
	struct name *name;
};

/* One that is told of now, or is soon to be. False: it is the end. */
static bool choose(uint64_t *random, struct target *ret)
{
	unsigned writer = (unsigned)(chaos_random(random) % WRITERS);
	unsigned ahead = (unsigned)(chaos_random(random) % 4), number;
	bool more;

	must(pthread_mutex_lock(&chaos->lock) == 0);
	number = chaos->writers[writer].next + ahead;
	more = !chaos->ending && number < NAMES;
	if (more) {
		if (chaos->writers[writer].wanted < number)
			chaos->writers[writer].wanted = number;
		chaos->writers[writer].names[number].users++;
	}
	must(pthread_mutex_unlock(&chaos->lock) == 0);
	*ret = (struct target){writer, number, &chaos->writers[writer].names[number]};
	return more;
}

static void let_go(const struct target *t)
{
	must(pthread_mutex_lock(&chaos->lock) == 0);
	t->name->users--;
	must(pthread_mutex_unlock(&chaos->lock) == 0);
}

/* May it have died with that code by now? -1: with none. */
static bool may_be(const struct target *t, int code)
{
	enum kind kind = chaos_kind(t->writer, t->number);

	if (!t->name->ready_to_die)
		return false;
	if (kind == KIND_TOUCH)
		return code == -1;
	if (code == chaos_code(t->writer, t->number, 1) || (kind == KIND_FILL && code == -1))
		return true;
	return kind == KIND_TWICE && t->name->dies_again &&
	       code == chaos_code(t->writer, t->number, 2);
}

static int code_in_stone(const char *text)
{
	const char *line = strstr(text, "ExitCode: ");

	return line ? atoi(line + strlen("ExitCode: ")) : -1;
}

static void must_be(const struct target *t, int code, const char *text)
{
	if (!may_be(t, code))
		fail("w%u-%u, %s, of kind %d: woken by '%s'", t->writer, t->number,
		     t->name->ready_to_die ? "dying" : "alive",
		     (int)chaos_kind(t->writer, t->number), text);
}

static void wait_for_code(const struct target *t, const char *suffix)
{
	char path[256], text[256];
	ssize_t n;
	int fd;

	chaos_path(path, ".wait/exitcode/w%u-%u%s", t->writer, t->number, suffix);
	fd = chaos_open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0 && errno != ENODATA)
		fail("read '%s'", path);
	text[n < 0 ? 0 : n] = '\0';
	must_be(t, n < 0 ? -1 : atoi(text), n < 0 ? "ENODATA" : text);
	chaos_close(fd);
}

static void wait_for_death(const struct target *t)
{
	char path[256], text[4096];
	int fd;

	chaos_path(path, ".wait/died/w%u-%u", t->writer, t->number);
	fd = chaos_open(path, O_RDONLY);
	must(chaos_read(fd, text, sizeof(text)) > 0 && strstr(text, "Died: "));
	must_be(t, code_in_stone(text), text);
	chaos_close(fd);
}

static void wait_for_birth(const struct target *t)
{
	char path[256], text[4096];
	int fd;

	chaos_path(path, ".wait/born/w%u-%u@60s", t->writer, t->number);
	fd = chaos_open(path, O_RDONLY);
	must(chaos_read(fd, text, sizeof(text)) > 0 && strstr(text, "Born: "));
	if (!t->name->born)
		fail("w%u-%u is not born yet: '%s'", t->writer, t->number, text);
	chaos_close(fd);
}

/* Any of two, or both. */
static void wait_for_two(const struct target *a, const struct target *b, char how)
{
	char path[256], text[8192], names[2][32];
	unsigned named = 0;
	int fd;

	chaos_path(path, ".wait/died/w%u-%u%cw%u-%u", a->writer, a->number, how, b->writer,
		   b->number);
	(void)snprintf(names[0], sizeof(names[0]), "Name: w%u-%u\n", a->writer, a->number);
	(void)snprintf(names[1], sizeof(names[1]), "Name: w%u-%u\n", b->writer, b->number);
	fd = chaos_open(path, O_RDONLY);
	must(chaos_read(fd, text, sizeof(text)) > 0);
	for (unsigned i = 0; i < 2; i++) {
		const char *at = strstr(text, names[i]), *next;
		char stone[4096];

		if (!at)
			continue;
		named++;
		next = strstr(at + 1, "Name: ");
		(void)snprintf(stone, sizeof(stone), "%.*s",
			       (int)(next ? (size_t)(next - at) : strlen(at)), at);
		must_be(i == 0 ? a : b, code_in_stone(stone), stone);
	}
	if (named == 0 || (how == '+' && named != 2))
		fail("read '%s': '%s'", path, text);
	chaos_close(fd);
}

void *chaos_wait(void *arg)
{
	uint64_t random = chaos->seed + 2000 + (uintptr_t)arg;
	struct target t, other;

	while (chaos_gate(), choose(&random, &t)) {
		switch (chaos_random(&random) % 6) {
		case 0:
			wait_for_death(&t);
			break;
		case 1:
			wait_for_birth(&t);
			break;
		case 2:
			if (choose(&random, &other)) {
				bool same = other.name == t.name;

				if (!same)
					wait_for_two(&t, &other,
						     chaos_random(&random) % 2 ? ',' : '+');
				let_go(&other);
			}
			break;
		case 3:
			wait_for_code(&t, "@60s");
			break;
		default:
			wait_for_code(&t, "");
		}
		let_go(&t);
		chaos->waits++;
	}
	return NULL;
}

static void await_readable(int fd, bool by_epoll)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int epoll;

	if (!by_epoll) {
		must(poll(&p, 1, LONG) == 1 && p.revents == POLLIN);
		return;
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	must(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	must(epoll_wait(epoll, &event, 1, LONG) == 1 && event.events == EPOLLIN);
	close(epoll);
}

void *chaos_poll(void *arg)
{
	uint64_t random = chaos->seed + 3000 + (uintptr_t)arg;
	struct target t;

	while (chaos_gate(), choose(&random, &t)) {
		char path[256], text[4096];
		ssize_t n;
		int fd;

		chaos_path(path, ".wait/died/w%u-%u", t.writer, t.number);
		fd = chaos_open(path, O_RDONLY | O_NONBLOCK);
		n = read(fd, text, sizeof(text) - 1);
		if (n < 0) {
			must(errno == EAGAIN);
			await_readable(fd, (uintptr_t)arg % 2);
			n = read(fd, text, sizeof(text) - 1);
		}
		must(n > 0);
		text[n] = '\0';
		must_be(&t, code_in_stone(text), text);
		chaos_close(fd);
		let_go(&t);
		chaos->polls++;
	}
	return NULL;
}

/* ---- who reads everything ---- */

void *chaos_read_events(void *arg)
{
	char path[256];
	int fd;

	chaos_path(path, ".events");
	fd = chaos_open(path, O_RDONLY);
	for (;;) {
		size_t len = chaos->events_len;

		if (chaos->events_size - len < 65536) {
			chaos->events_size = chaos->events_size * 2 + 65536;
			chaos->events = realloc(chaos->events, chaos->events_size);
			must(chaos->events);
		}
		chaos->events_len = len + chaos_read(fd, chaos->events + len, 65536);
	}
	return arg;
}

static void see(const char *text, unsigned listing)
{
	unsigned writer, number;
	struct name *name;

	if (sscanf(text, "w%u-%u", &writer, &number) != 2 || writer >= WRITERS || number >= NAMES)
		return;
	name = &chaos->writers[writer].names[number];
	if (!chaos_may_be_removed(writer, number) && name->listed == listing)
		fail("'%s' is listed twice", text);
	name->listed = listing;
}

static void list(unsigned listing)
{
	char buffer[4096] __attribute__((aligned(8)));
	unsigned before[WRITERS];
	long n;
	int fd;

	for (unsigned w = 0; w < WRITERS; w++)
		before[w] = chaos->writers[w].next;
	fd = open(chaos->g, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < n;) {
			/* struct linux_dirent64 */
			unsigned short len;

			memcpy(&len, buffer + at + 16, sizeof(len));
			see(buffer + at + 19, listing);
			at += len;
		}
	}
	if (n < 0)
		fail("getdents");
	chaos_close(fd);
	for (unsigned w = 0; w < WRITERS; w++)
		for (unsigned i = 0; i < before[w]; i++)
			if (!chaos_may_be_removed(w, i) &&
			    chaos->writers[w].names[i].listed != listing)
				fail("w%u-%u is not listed", w, i);
}

void *chaos_list(void *arg)
{
	uint64_t random = chaos->seed + 4000;

	for (unsigned listing = 1; !chaos->ending; listing++) {
		chaos_gate();
		list(listing);
		chaos->listings++;
		pause_between(&random);
	}
	return arg;
}
