/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linear: threads that tell of births, readiness and deaths of a few names, read their stones and wait for
 * them, all at once; each call is noted with its time and result, and linear_check.c looks whether there
 * is an order in which all of it makes sense.
 *
 *	linear GRAVEYARD SEED ROUNDS
 */
#include "linear.h"
#include "must.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

enum { NAMES = 3, THREADS = 8, OPS = 12, ROUNDS_MOST = 1000 };

struct worker {
	pthread_t thread;
	uint64_t random;
};

static const char *g;
static struct history *histories; /* NAMES for each round */
static unsigned current;          /* the round's first */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static uint64_t draw(struct worker *w, unsigned below)
{
	/* xorshift64* */
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * 0x2545f4914f6cdd1du >> 33) % below;
}

static int64_t now(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void note(struct history *h, struct op op)
{
	op.to = now();
	must(pthread_mutex_lock(&lock) == 0);
	must(h->count < OPS_MOST);
	h->ops[h->count++] = op;
	must(pthread_mutex_unlock(&lock) == 0);
}

static int open_file(const struct history *h, const char *where, const char *after, int flags)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s%s%s", g, where, h->name, after);

	must(n > 0 && (size_t)n < sizeof(path));
	return open(path, flags | O_CLOEXEC, 0666);
}

static void tell_of(struct history *h, struct op op, const char *where, const char *text)
{
	int fd;

	op.from = now();
	fd = open_file(h, where, "", O_WRONLY | O_CREAT);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		op.error = errno;
	note(h, op);
	if (fd >= 0)
		(void)close(fd);
}

static void die(struct history *h, int code)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d\n", code);
	tell_of(h, (struct op){.kind = OP_DEATH, .code = code}, ".died/",
		code == NO_CODE ? "Died: 2027-01-01T00:00:00Z\n" : text);
}

static void parse(const char *text, struct seen *seen)
{
	const char *code = strstr(text, "ExitCode: ");

	*seen = (struct seen){.code = NO_CODE};
	if (sscanf(text, "Born: \"%39[^\"]\"\n", seen->born) != 1)
		fail("a stone without a birth: '%s'", text);
	seen->ready = strstr(text, "\nReady: ") != NULL;
	seen->died = strstr(text, "\nDied: ") != NULL;
	if (code)
		seen->code = atoi(code + strlen("ExitCode: "));
}

static int read_stone(int fd, struct seen *seen)
{
	char text[2048];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return errno;
	text[n] = '\0';
	parse(text, seen);
	return 0;
}

static void look(struct history *h)
{
	struct op op = {.kind = OP_STONE, .from = now()};
	int fd = open_file(h, "", "", O_RDONLY);

	op.error = fd < 0 ? errno : read_stone(fd, &op.seen);
	note(h, op);
	if (fd >= 0)
		(void)close(fd);
}

static void look_for_death(struct history *h)
{
	struct op op = {.kind = OP_DEAD, .from = now()};
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/.died/%s", g, h->name);
	op.error = stat(path, &st) < 0 ? errno : 0;
	note(h, op);
}

static void wait_for_death(struct history *h)
{
	struct op opened = {.kind = OP_WAIT, .from = now()}, woken = {.kind = OP_WOKEN};
	int fd = open_file(h, ".wait/died/", "@60ms", O_RDONLY);

	must(fd >= 0);
	opened.to = woken.from = now();
	woken.error = opened.error = read_stone(fd, &woken.seen);
	opened.seen = woken.seen;
	note(h, woken);
	(void)close(fd);
	/* Only now is it known what it was about. */
	must(pthread_mutex_lock(&lock) == 0);
	must(h->count < OPS_MOST);
	h->ops[h->count++] = opened;
	must(pthread_mutex_unlock(&lock) == 0);
}

static void do_something(struct worker *w)
{
	struct history *h = &histories[current + draw(w, NAMES)];

	if (h->count > OPS_MOST - 2 * THREADS)
		return;
	switch (draw(w, 14)) {
	case 0:
	case 1:
	case 2:
		tell_of(h, (struct op){.kind = OP_BIRTH}, ".born/", "x");
		break;
	case 3:
		tell_of(h, (struct op){.kind = OP_READY}, ".ready/", "x");
		break;
	case 4:
	case 5:
	case 6:
		die(h, (int)draw(w, 3));
		break;
	case 7:
		die(h, NO_CODE);
		break;
	case 8:
		look_for_death(h);
		break;
	case 9:
	case 10:
		wait_for_death(h);
		break;
	default:
		look(h);
	}
}

static void *work(void *arg)
{
	(void)pthread_barrier_wait(&barrier);
	for (int i = 0; i < OPS; i++)
		do_something(arg);
	return NULL;
}

static void run(unsigned round, uint64_t seed)
{
	struct worker workers[THREADS];

	current = round * NAMES;
	for (unsigned i = 0; i < NAMES; i++)
		(void)snprintf(histories[current + i].name, NAME_SIZE, "%u", current + i);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].random = (seed << 32 | round << 8 | i) * 0x9e3779b97f4a7c15u | 1;
		must(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		must(pthread_join(workers[i].thread, NULL) == 0);
}

static void read_journal(unsigned count)
{
	char line[1024], path[512];
	unsigned name;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/.log", g);
	file = fopen(path, "re");
	must(file);
	while (fgets(line, sizeof(line), file)) {
		must(sscanf(line, "%*u %*s %u", &name) == 1 && name < count);
		history_take_line(&histories[name], line);
	}
	must(fclose(file) == 0);
}

int main(int argc, char **argv)
{
	unsigned rounds, ops = 0, lives = 0;

	must(argc == 4);
	g = argv[1];
	rounds = (unsigned)atoi(argv[3]);
	must(rounds <= ROUNDS_MOST);
	histories = calloc((size_t)rounds * NAMES, sizeof(*histories));
	must(histories);
	must(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	for (unsigned round = 0; round < rounds; round++)
		run(round, strtoull(argv[2], NULL, 10));
	read_journal(rounds * NAMES);
	for (unsigned i = 0; i < rounds * NAMES; i++) {
		struct history *h = &histories[i];

		if (!history_is_linearizable(h)) {
			history_print(h);
			fail("name %s: there is no order that explains this", h->name);
		}
		ops += h->count;
		lives += h->lives;
	}
	printf("%u names, %u lives, %u operations\n", rounds * NAMES, lives, ops);
	return 0;
}
