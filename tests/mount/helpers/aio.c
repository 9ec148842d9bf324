/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aio: reads by libaio, one a process, as io_submit may sleep until the read has ended.
 *
 *	aio N FILE
 *
 * Prints the text, once all have got the same.
 */
#include "must.h"

#include <libaio.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct got {
	long n;
	char text[512];
};

static void read_one(const char *path, struct got *got)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct io_event event;
	struct iocb iocb, *list[] = {&iocb};
	io_context_t context = NULL;

	must(fd >= 0);
	must(io_setup(1, &context) == 0);
	io_prep_pread(&iocb, fd, got->text, sizeof(got->text), 0);
	must(io_submit(context, 1, list) == 1);
	must(io_getevents(context, 1, 1, &event, NULL) == 1);
	got->n = (long)event.res;
}

int main(int argc, char **argv)
{
	struct got *got;
	size_t count;
	int status;

	must(argc == 3);
	count = strtoul(argv[1], NULL, 10);
	got = mmap(NULL, count * sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		   -1, 0);
	must(got != MAP_FAILED);
	for (size_t i = 0; i < count; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0) {
			read_one(argv[2], &got[i]);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		must(status == 0);
	for (size_t i = 0; i < count; i++)
		if (got[i].n <= 0 || strcmp(got[i].text, got[0].text) != 0)
			fail("read %zu of %zu ended with %ld", i, count, got[i].n);
	must(fputs(got[0].text, stdout) >= 0);
	return 0;
}
