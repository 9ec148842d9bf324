/* SPDX-License-Identifier: Apache-2.0 */
#include "core/port.h"

#include <errno.h>

#include "base/duration.h"

#define DIGITS_MAX 5

/* How many of the first bytes are digits, if they are a port; 0: they are none. */
static size_t take_port(const char *text, size_t len, uint16_t *ret_port)
{
	uint32_t port = 0;
	size_t n = 0;

	while (n < len && n <= DIGITS_MAX && text[n] >= '0' && text[n] <= '9')
		port = 10 * port + (uint32_t)(text[n++] - '0');
	if (n == 0 || n > DIGITS_MAX || text[0] == '0' || port > UINT16_MAX)
		return 0;
	*ret_port = (uint16_t)port;
	return n;
}

static size_t len_until(const char *text, size_t len, char c)
{
	size_t n = 0;

	while (n < len && text[n] != c)
		n++;
	return n;
}

int port_parse(const char *text, size_t len, bool quiet, struct port_wait *ret_wait)
{
	struct port_wait wait = {.quiet = -1, .timeout = -1};
	size_t at = wait.digits = take_port(text, len, &wait.port);

	if (at == 0)
		return -EINVAL;
	if (quiet && at < len && text[at] == ':') {
		size_t n = len_until(text + at + 1, len - at - 1, '@');

		if (duration_parse(text + at + 1, n, &wait.quiet) < 0)
			return -EINVAL;
		at += 1 + n;
	}
	if (at < len &&
	    (text[at] != '@' || duration_parse(text + at + 1, len - at - 1, &wait.timeout) < 0))
		return -EINVAL;
	*ret_wait = wait;
	return 0;
}
