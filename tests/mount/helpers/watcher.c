/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watcher: what an inotify watcher can see at the moment it hears of something.
 *
 *	watcher COUNT DIRECTORY...
 *
 * Says "watching" once it does. Then, for each event, a line with the directory's last part, the event, the
 * name, and the number of bytes that the file of that name has (- if there is none yet). Ends after COUNT files
 * were closed after writing.
 */
#include "must.h"

#include <sys/inotify.h>

static void describe(const char *directory, const struct inotify_event *event)
{
	const char *what = event->mask & IN_CREATE        ? "create"
			   : event->mask & IN_MODIFY      ? "modify"
			   : event->mask & IN_ATTRIB      ? "attrib"
			   : event->mask & IN_CLOSE_WRITE ? "close"
							  : "other";
	char path[4096], text[4096];
	ssize_t n = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, event->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		must(n >= 0);
		close(fd);
	}
	printf("%s %s %s ", strrchr(directory, '/') + 1, what, event->name);
	if (n < 0)
		printf("-\n");
	else
		printf("%zd\n", n);
}

int main(int argc, char **argv)
{
	char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	int inotify = inotify_init1(IN_CLOEXEC), first;
	long left;

	must(argc > 2 && inotify >= 0);
	left = strtol(argv[1], NULL, 10);
	for (int i = 2; i < argc; i++) {
		int watch = inotify_add_watch(inotify, argv[i],
					      IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE);

		must(watch > 0);
		if (i == 2)
			first = watch;
	}
	printf("watching\n");
	(void)fflush(stdout);
	while (left > 0) {
		ssize_t n = read(inotify, buffer, sizeof(buffer));

		must(n > 0);
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;

			describe(argv[2 + event->wd - first], event);
			left -= (event->mask & IN_CLOSE_WRITE) != 0;
			at += sizeof(*event) + event->len;
		}
	}
	return 0;
}
