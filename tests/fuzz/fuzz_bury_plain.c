/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever lies in a plain directory is no stone, or what it says as a whole; nobody but bury holds it. */
#include "bury/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/stone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/fuzz_bury_plain.XXXXXX", path[sizeof(directory) + 2];

static void require(int condition)
{
	if (!condition)
		abort();
}

static void remove_all(void)
{
	(void)unlink(path);
	(void)rmdir(directory);
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd;

	if (!path[0]) {
		require(mkdtemp(directory) != NULL);
		(void)snprintf(path, sizeof(path), "%s/a", directory);
		require(atexit(remove_all) == 0);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

/* `Lease: lock` with nobody who holds it is a death. */
static void check_stone(const struct stone *got, const uint8_t *data, size_t size)
{
	struct stone whole;
	unsigned more;

	require(stone_parse((const char *)data, size, &whole, NULL) == 0);
	more = got->facts & ~whole.facts;
	require(more == 0 ||
		(more == FACT_BIT(FACT_DIED) && memmem(data, size, "Lease: lock\n", 12)));
	require((got->facts & whole.facts) == whole.facts && got->code == whole.code &&
		got->born == whole.born && strcmp(got->epitaph, whole.epitaph) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stone stone;
	int r;

	write_file(data, size);
	r = plain_read(directory, "a", &stone);
	if (r == 0)
		check_stone(&stone, data, size);
	else
		require(r == (size > STONE_TEXT_MAX + 12 ? -EFBIG : -EAGAIN));
	return 0;
}
