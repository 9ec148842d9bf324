/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hears: an inotify watcher that looks at a name when it hears of it, and only then.
 *
 *	hears PREFIX COUNT [EVENTS DIRECTORY TEXT]...
 *
 * EVENTS are of c(reate), m(odify), d(elete). Says "watching" once it does. Ends when, for each of
 * COUNT names (PREFIX and a number) and in each directory, there was an event after which the file
 * was there and had TEXT in it; with d, after which it was gone. Prints how many events that took.
 */
#include "must.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/inotify.h>

#define LONG 20000 /* ms without any event: there will be none */
#define WATCHES 8

struct watch {
	const char *directory, *text;
	uint32_t events;
	int number;
	bool *seen;
	unsigned left;
};

static const char *prefix;
static unsigned count;
static struct watch watches[WATCHES];
static unsigned watched;

static uint32_t mask_of(const char *letters)
{
	uint32_t mask = 0;

	for (; *letters; letters++)
		mask |= *letters == 'c' ? IN_CREATE : *letters == 'm' ? IN_MODIFY : IN_DELETE;
	return mask;
}

/* Is it as it was to become? */
static bool look(const struct watch *watch, const char *name)
{
	char path[4096], text[4096];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", watch->directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT)
			fail("open '%s'", path);
		return watch->events & IN_DELETE;
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		fail("read '%s'", path);
	close(fd);
	text[n] = '\0';
	return !(watch->events & IN_DELETE) && strstr(text, watch->text);
}

static void hear(const struct inotify_event *event)
{
	unsigned i = 0, number;
	struct watch *watch;

	if (event->mask & IN_Q_OVERFLOW)
		fail("too many events");
	while (i < watched && watches[i].number != event->wd)
		i++;
	must(i < watched);
	watch = &watches[i];
	if (event->len == 0 || strncmp(event->name, prefix, strlen(prefix)) != 0)
		return;
	number = (unsigned)atoi(event->name + strlen(prefix));
	if (number >= count || watch->seen[number] || !look(watch, event->name))
		return;
	watch->seen[number] = true;
	watch->left--;
}

static bool all_seen(void)
{
	for (unsigned i = 0; i < watched; i++)
		if (watches[i].left > 0)
			return false;
	return true;
}

__attribute__((noreturn)) static void give_up(void)
{
	for (unsigned i = 0; i < watched; i++)
		for (unsigned n = 0; n < count; n++)
			if (!watches[i].seen[n])
				(void)fprintf(stderr, "%s: not heard of: %s%u\n",
					      watches[i].directory, prefix, n);
	exit(1);
}

static void watch(int inotify, char **args)
{
	struct watch *watch = &watches[watched++];

	must(watched <= WATCHES);
	*watch = (struct watch){
		.directory = args[1], .text = args[2], .events = mask_of(args[0]), .left = count};
	watch->seen = calloc(count, sizeof(*watch->seen));
	must(watch->seen);
	watch->number = inotify_add_watch(inotify, watch->directory, watch->events);
	must(watch->number > 0);
}

int main(int argc, char **argv)
{
	char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	int inotify = inotify_init1(IN_CLOEXEC);
	unsigned events = 0;

	must(argc >= 6 && argc % 3 == 0 && inotify >= 0);
	prefix = argv[1];
	count = (unsigned)atoi(argv[2]);
	for (int i = 3; i < argc; i += 3)
		watch(inotify, argv + i);
	printf("watching\n");
	(void)fflush(stdout);
	while (!all_seen()) {
		struct pollfd p = {.fd = inotify, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, LONG) != 1)
			give_up();
		n = read(inotify, buffer, sizeof(buffer));
		must(n > 0);
		for (char *at = buffer; at < buffer + n; events++) {
			const struct inotify_event *event = (const void *)at;

			hear(event);
			at += sizeof(*event) + event->len;
		}
	}
	printf("%u\n", events);
	return 0;
}
