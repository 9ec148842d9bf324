/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uring: reads by io_uring, all by one process.
 *
 *	uring poll|async N FILE
 *
 * poll: as the kernel likes, which is to poll the file first; async: by its worker threads.
 * Says "submitted" once they are, and prints the text, once all have got the same.
 */
#include "must.h"

#include <liburing.h>

#define TEXT 512

int main(int argc, char **argv)
{
	struct io_uring ring;
	unsigned count, flags;
	char *texts;

	must(argc == 4);
	flags = strcmp(argv[1], "async") == 0 ? IOSQE_ASYNC : 0;
	count = (unsigned)strtoul(argv[2], NULL, 10);
	texts = calloc(count, TEXT);
	must(texts);
	errno = -io_uring_queue_init(count, &ring, 0);
	if (errno == ENOSYS || errno == EPERM)
		return 77;
	must(errno == 0);
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
		int fd = open(argv[3], O_RDONLY | O_CLOEXEC);

		must(sqe && fd >= 0);
		io_uring_prep_read(sqe, fd, texts + (size_t)i * TEXT, TEXT - 1, 0);
		io_uring_sqe_set_flags(sqe, flags);
	}
	must(io_uring_submit(&ring) == (int)count);
	printf("submitted\n");
	(void)fflush(stdout);
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_cqe *cqe;

		must(io_uring_wait_cqe(&ring, &cqe) == 0);
		if (cqe->res <= 0)
			fail("read %u of %u ended with %d", i, count, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	for (unsigned i = 0; i < count; i++)
		if (strcmp(texts, texts + (size_t)i * TEXT) != 0)
			fail("two readers got different texts");
	must(fputs(texts, stdout) >= 0);
	return 0;
}
