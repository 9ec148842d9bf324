/* SPDX-License-Identifier: Apache-2.0 */
/* An accepted PORT is a port, written as it would be printed, and no other text after it than what says a duration. */
#include "core/port.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_port(const char *text, size_t size, const struct port_wait *wait)
{
	char printed[8];
	int n = snprintf(printed, sizeof(printed), "%u", wait->port);

	require(wait->port > 0 && (size_t)n == wait->digits && wait->digits <= size);
	require(memcmp(printed, text, wait->digits) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct port_wait wait, other;
	int r = port_parse(text, size, true, &wait);

	if (r < 0) {
		require(r == -EINVAL);
		require(port_parse(text, size, false, &other) == -EINVAL);
		return 0;
	}
	check_port(text, size, &wait);
	require(wait.quiet >= -1 && wait.timeout >= -1);
	require((wait.digits == size) == (wait.quiet == -1 && wait.timeout == -1));
	require((wait.quiet == -1) == (wait.digits == size || text[wait.digits] == '@'));
	require((port_parse(text, size, false, &other) == 0) == (wait.quiet == -1));
	return 0;
}
