/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pagecache: the ways to read a file that go through the page cache: sendfile, splice and mmap.
 *
 *	pagecache FILE...
 *
 * Each has to be refused at once: EINVAL, and SIGBUS for mmap. Whoever parks it instead is killed by the
 * alarm; data, or an empty success, is as wrong.
 */
#include "must.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

static sigjmp_buf jump;

static void on_bus(int signal)
{
	(void)signal;
	siglongjmp(jump, 1);
}

static void refuses_mmap(const char *path, int fd)
{
	const char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (page == MAP_FAILED) {
		if (errno != ENODEV)
			fail("%s: mmap", path);
		return;
	}
	if (sigsetjmp(jump, 1) == 0)
		fail("%s: read '%c' through mmap", path, *(const volatile char *)page);
	must(munmap((void *)page, 4096) == 0);
}

static void refuses(const char *path, const char *how, ssize_t n)
{
	if (n != -1 || errno != EINVAL)
		fail("%s: %s returned %zd", path, how, n);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_bus};
	int ends[2];

	must(sigaction(SIGBUS, &action, NULL) == 0);
	must(pipe(ends) == 0);
	(void)alarm(20);
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			fail("open '%s'", argv[i]);
		refuses(argv[i], "sendfile", sendfile(ends[1], fd, NULL, 4096));
		refuses(argv[i], "splice", splice(fd, NULL, ends[1], NULL, 4096, 0));
		refuses_mmap(argv[i], fd);
		must(close(fd) == 0);
	}
	return 0;
}
