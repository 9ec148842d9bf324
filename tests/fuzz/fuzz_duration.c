/* SPDX-License-Identifier: Apache-2.0 */
/* A duration is never negative, and means what its nanoseconds and itself twice mean. */
#include "base/duration.h"

#include <errno.h>
#include <inttypes.h>
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

static void check_rewritten(int64_t ns)
{
	char text[64];
	int64_t back;
	int len = snprintf(text, sizeof(text), "%" PRId64 "s%" PRId64 "ns", ns / 1000000000,
			   ns % 1000000000);

	require(duration_parse(text, (size_t)len, &back) == 0);
	require(back == ns);
}

/* Parts add up, so a text after itself is twice as long. */
static void check_doubled(const char *text, size_t len, int64_t ns)
{
	char *twice = malloc(2 * len);
	int64_t sum;
	int r;

	if (!twice)
		return;
	memcpy(twice, text, len);
	memcpy(twice + len, text, len);
	r = duration_parse(twice, 2 * len, &sum);
	require(ns > INT64_MAX / 2 ? r == -ERANGE : r == 0 && sum == 2 * ns);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	int64_t ns = -1;
	int r = duration_parse(text, size, &ns);

	if (r < 0) {
		require((r == -EINVAL || r == -ERANGE) && ns == -1);
		return 0;
	}
	require(ns >= 0);
	check_rewritten(ns);
	if (size > 1)
		check_doubled(text, size, ns);
	return 0;
}
