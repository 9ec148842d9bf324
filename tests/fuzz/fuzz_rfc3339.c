/* SPDX-License-Identifier: Apache-2.0 */
/* Every time that is read is written as the same time; every 64 bits are a time that is read back. */
#include "base/rfc3339.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_round_trip(int64_t ns)
{
	char text[RFC3339_SIZE];
	size_t len = rfc3339_format(ns, text);
	int64_t back;

	require(len < RFC3339_SIZE && strlen(text) == len);
	require(len >= strlen("1970-01-01T00:00:00Z") && text[len - 1] == 'Z');
	require(rfc3339_parse(text, len, &back) == 0);
	require(back == ns);
}

/* Written in UTC to the nanosecond, times sort as their texts do. */
static void check_order(int64_t ns)
{
	char text[RFC3339_SIZE], later[RFC3339_SIZE];

	if (ns > INT64_MAX - INT64_C(1000000000))
		return;
	(void)rfc3339_format(ns, text);
	(void)rfc3339_format(ns + INT64_C(1000000000), later);
	require(strncmp(text, later, strlen("1970-01-01T00:00:00")) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t ns = 0;
	int r = rfc3339_parse((const char *)data, size, &ns);

	if (r == 0)
		check_round_trip(ns);
	else
		require(r == -EINVAL || r == -ERANGE);
	if (size >= sizeof(ns)) {
		memcpy(&ns, data, sizeof(ns));
		check_round_trip(ns);
		check_order(ns);
	}
	return 0;
}
