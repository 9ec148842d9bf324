/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos: see chaos.h.
 *
 *	chaos GRAVEYARD KEEPER SEED SECONDS PAUSE KILLS
 *
 * PAUSE is how many microseconds a writer lets pass between two names, on average. KILLS is how
 * often the worker is to be killed in that time; 0: somebody else sees to that.
 */
#include "chaos.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE 60 /* s, for what is to end by itself */

struct chaos *chaos;

static pid_t keeper;
static unsigned seconds, kills_wanted, kills;

/* ---- what all have ---- */

uint64_t chaos_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t drawn(unsigned writer, unsigned number, unsigned what)
{
	uint64_t state = chaos->seed ^ ((uint64_t)writer << 48 | (uint64_t)number << 8 | what);

	return chaos_random(&state);
}

enum kind chaos_kind(unsigned writer, unsigned number)
{
	return (enum kind)(drawn(writer, number, 0) % KINDS);
}

int chaos_code(unsigned writer, unsigned number, unsigned life)
{
	return (int)(drawn(writer, number, life) % 256);
}

bool chaos_may_be_removed(unsigned writer, unsigned number)
{
	return drawn(writer, number, 3) % 8 != 0;
}

void chaos_gate(void)
{
	while (chaos->idle)
		pass_time(1000);
}

void chaos_path(char path[256], const char *format, ...)
{
	int n = snprintf(path, 256, "%s/", chaos->g);
	va_list args;

	must(n > 0 && n < 200);
	va_start(args, format);
	must(vsnprintf(path + n, 256 - (size_t)n, format, args) < 256 - n);
	va_end(args);
}

int chaos_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);

	if (fd < 0)
		fail("open '%s'", path);
	return fd;
}

void chaos_say(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));

	if (n != (ssize_t)strlen(text))
		fail("write '%s'", text);
}

void chaos_close(int fd)
{
	if (close(fd) != 0)
		fail("close");
}

size_t chaos_read(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	if (n < 0)
		fail("read");
	text[n] = '\0';
	return (size_t)n;
}

/* ---- who kills ---- */

/* Mostly under load, sometimes while another worker is coming up, sometimes while nobody does anything. */
static void kill_one(uint64_t *random)
{
	uint64_t when = chaos_random(random) % 10;
	pid_t next;

	if (when == 0) {
		chaos->idle = true;
		pass_time(30000);
	}
	next = kill_worker(keeper);
	kills++;
	if (when == 1) {
		pass_time((long)(chaos_random(random) % 1000));
		if (kill(next, SIGKILL) == 0)
			kills++;
		(void)await_child(keeper, "gyfs-worker", next);
	}
	chaos->idle = false;
}

static void *kill_them(void *arg)
{
	uint64_t random = chaos->seed + 6000;
	uint64_t gap = kills_wanted ? UINT64_C(2000000) * seconds / kills_wanted : 0;

	while (!chaos->ending && kills_wanted) {
		pass_time((long)(chaos_random(&random) % gap));
		kill_one(&random);
	}
	return arg;
}

/* ---- what has come of it ---- */

static char *read_whole(const char *name, size_t *ret_len)
{
	size_t size = 1 << 20, len = 0, n;
	char path[256], *text = malloc(size);
	int fd;

	chaos_path(path, "%s", name);
	fd = chaos_open(path, O_RDONLY);
	must(text);
	while ((n = chaos_read(fd, text + len, size - len)) > 0) {
		len += n;
		if (size - len < 65536) {
			size *= 2;
			text = realloc(text, size);
			must(text);
		}
	}
	chaos_close(fd);
	text[len] = '\0';
	*ret_len = len;
	return text;
}

static char *story_of(const char *name)
{
	unsigned a, b;

	if (sscanf(name, "w%u-%u", &a, &b) == 2 && a < WRITERS && b < NAMES)
		return chaos->writers[a].names[b].story;
	if (sscanf(name, "l%u-%u-", &a, &b) == 2 && a < HOLDERS && b < NAMES)
		return chaos->holders[a].leases[b].story;
	fail("the journal has '%s', of whom nobody has told", name);
}

/* The next line of a text, which is moved behind it; NULL: no more. sscanf(3) measures all of what it reads from: a
 * line has to stand alone. */
static const char *next_line(const char **text)
{
	static char line[512];
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return NULL;
	if (len >= sizeof(line))
		fail("no line of a journal: '%.80s'", *text);
	memcpy(line, *text, len);
	line[len] = '\0';
	*text += len + 1;
	return line;
}

static void hear_line(const char *line, unsigned long want)
{
	char name[256], what[32], code[32], *story;
	unsigned long seq, life;

	if (sscanf(line, "%lu %*s %255s %lu %31s %31s", &seq, name, &life, what, code) != 5)
		fail("no line of a journal: '%.80s'", line);
	if (seq != want)
		fail("event %lu comes where %lu should", seq, want);
	story = story_of(name);
	if (strlen(story) + 64 > STORY)
		fail("too much has happened to %s: %s", name, story);
	(void)sprintf(story + strlen(story), "%s%lu %s %s", *story ? "," : "", life, what, code);
}

static unsigned long hear_journal(const char *text)
{
	unsigned long seq = 0;

	for (const char *line; (line = next_line(&text)) != NULL;)
		hear_line(line, ++seq);
	return seq;
}

static void tell_story(unsigned writer, unsigned number, char story[STORY])
{
	int code = chaos_code(writer, number, 1), n = 0;
	unsigned life = 1;

	switch (chaos_kind(writer, number)) {
	case KIND_STEPS:
		n = snprintf(story, STORY, "1 born -,1 ready -,1 died %d", code);
		break;
	case KIND_TOUCH:
		n = snprintf(story, STORY, "1 born -,1 died -");
		break;
	case KIND_FILL:
		n = snprintf(story, STORY, "1 born -,1 died -,1 exitcode %d", code);
		break;
	case KIND_TWICE:
		n = snprintf(story, STORY, "1 born -,1 died %d,2 born -,2 died %d", code,
			     chaos_code(writer, number, 2));
		life = 2;
		break;
	default:
		n = snprintf(story, STORY, "1 born -,1 died %d", code);
	}
	if (chaos->writers[writer].names[number].removed)
		(void)snprintf(story + n, STORY - (size_t)n, ",%u removed -", life);
}

static void check_writers(void)
{
	char story[STORY];

	for (unsigned w = 0; w < WRITERS; w++)
		for (unsigned i = 0; i < chaos->writers[w].next; i++) {
			tell_story(w, i, story);
			if (strcmp(chaos->writers[w].names[i].story, story) != 0)
				fail("w%u-%u: the journal has '%s', told was '%s'", w, i,
				     chaos->writers[w].names[i].story, story);
		}
}

/* Its code, where the journal has one; -1: none. Fails unless it was born once and died once. */
static int code_of_lease(const struct lease *lease, unsigned holder, unsigned number)
{
	int code = -1, n = 0;

	if (sscanf(lease->story, "1 born -,1 died %d%n", &code, &n) == 1 && !lease->story[n])
		return code;
	if (strcmp(lease->story, "1 born -,1 died -") == 0)
		return -1;
	if (sscanf(lease->story, "1 born -,1 died -,1 exitcode %d%n", &code, &n) == 1 &&
	    !lease->story[n])
		return code;
	fail("l%u-%u, way %d: the journal has '%s'", holder, number, (int)lease->way, lease->story);
}

static void check_lease(const struct lease *lease, unsigned holder, unsigned number, int code)
{
	static const bool by_signal[WAYS] = {[WAY_KILLED] = true, [WAY_EARLY] = true};
	static const bool of_nobody[WAYS] = {[WAY_LEFT] = true};
	int got;

	if (lease->way == WAY_EARLY && !*lease->story)
		return;
	got = code_of_lease(lease, holder, number);
	if (got != -1)
		chaos->codes_told++;
	if (lease->way == WAY_WRITTEN ? got != code
				      : got != -1 && (of_nobody[lease->way] ||
						      got != (by_signal[lease->way] ? 137 : code)))
		fail("l%u-%u, way %d: its code is %d, not %d", holder, number, (int)lease->way, got,
		     code);
}

/* Their codes are part of their names. */
static void check_leases(const char *journal)
{
	for (const char *line; (line = next_line(&journal)) != NULL;) {
		unsigned holder, number;
		int code, born = 0;

		(void)sscanf(line, "%*u %*s l%u-%u-%d %*u born%n", &holder, &number, &code, &born);
		if (born)
			check_lease(&chaos->holders[holder].leases[number], holder, number, code);
	}
	for (unsigned h = 0; h < HOLDERS; h++)
		for (unsigned i = 0; i < NAMES && chaos->holders[h].leases[i].begun; i++)
			if (!*chaos->holders[h].leases[i].story &&
			    chaos->holders[h].leases[i].way != WAY_EARLY)
				fail("the journal has nothing of l%u-%u", h, i);
}

/* Until nobody is alive: what was killed early may still be on its way. */
static void await_all_dead(void)
{
	char path[256];

	chaos_path(path, ".alive");
	for (int i = 0;; i++) {
		DIR *directory = opendir(path);
		struct dirent *entry = NULL;

		must(directory);
		do
			entry = readdir(directory);
		while (entry && entry->d_name[0] == '.');
		if (entry && i > PATIENCE * 100)
			fail("%s lives for ever", entry->d_name);
		must(closedir(directory) == 0);
		if (!entry)
			return;
		pass_time(10000);
	}
}

static void check_events(const char *journal, size_t len)
{
	for (int i = 0; chaos->events_len < len; i++) {
		if (i > PATIENCE * 100)
			fail("the reader of .events has %zu bytes, .log %zu",
			     (size_t)chaos->events_len, len);
		pass_time(10000);
	}
	if (chaos->events_len != len || memcmp(chaos->events, journal, len) != 0)
		fail(".events is not .log");
}

/* ---- all together ---- */

static void start(pthread_t *threads, unsigned count, void *(*run)(void *))
{
	for (unsigned i = 0; i < count; i++)
		must(pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i) == 0);
}

static void join(pthread_t *threads, unsigned count, const char *what)
{
	struct timespec until;

	must(clock_gettime(CLOCK_REALTIME, &until) == 0);
	until.tv_sec += PATIENCE;
	for (unsigned i = 0; i < count; i++)
		if (pthread_timedjoin_np(threads[i], NULL, &until) != 0)
			fail("%s %u does not end: something was lost", what, i);
}

static void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void make_room(void)
{
	chaos = shared_memory(sizeof(*chaos));
	must(pthread_mutex_init(&chaos->lock, NULL) == 0);
	for (unsigned w = 0; w < WRITERS; w++)
		chaos->writers[w].names = shared_memory((NAMES + 8) * sizeof(struct name));
	for (unsigned h = 0; h < HOLDERS; h++)
		chaos->holders[h].leases = shared_memory(NAMES * sizeof(struct lease));
}

static void run(void)
{
	pthread_t writers[WRITERS], waiters[WAITERS], pollers[POLLERS], reader, lister, killer;
	pid_t holders = fork();
	int status;

	must(holders >= 0);
	if (holders == 0)
		chaos_hold();
	start(&reader, 1, chaos_read_events);
	start(writers, WRITERS, chaos_write);
	start(waiters, WAITERS, chaos_wait);
	start(pollers, POLLERS, chaos_poll);
	start(&lister, 1, chaos_list);
	start(&killer, 1, kill_them);
	pass_time((long)seconds * 1000000);
	must(pthread_mutex_lock(&chaos->lock) == 0);
	chaos->ending = true;
	must(pthread_mutex_unlock(&chaos->lock) == 0);
	join(&killer, 1, "killer");
	join(&lister, 1, "lister");
	join(waiters, WAITERS, "waiter");
	join(pollers, POLLERS, "poller");
	join(writers, WRITERS, "writer");
	must(waitpid(holders, &status, 0) == holders);
	if (status != 0)
		fail("the holders ended with %#x", status);
}

int main(int argc, char **argv)
{
	unsigned long events;
	size_t len;
	char *journal;

	must(argc == 7);
	make_room();
	chaos->g = argv[1];
	keeper = atoi(argv[2]);
	chaos->seed = strtoull(argv[3], NULL, 10);
	seconds = (unsigned)atoi(argv[4]);
	chaos->pause = (unsigned)atoi(argv[5]);
	kills_wanted = (unsigned)atoi(argv[6]);
	run();
	await_all_dead();
	journal = read_whole(".log", &len);
	events = hear_journal(journal);
	check_events(journal, len);
	check_writers();
	check_leases(journal);
	printf("kills %u\n", kills);
	printf("%lu names told of, %lu leases (%lu with a code), %lu events, %lu waits, %lu polls, "
	       "%lu listings\n",
	       chaos->operations, chaos->leases, chaos->codes_told, events, chaos->waits,
	       chaos->polls, chaos->listings);
	return 0;
}
