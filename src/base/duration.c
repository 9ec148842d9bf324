/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct reader {
	const char *at, *end;
	int64_t total;
	bool overflow; /* sticks: what follows may still be malformed, which is told first */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_digits(struct reader *in)
{
	while (in->at < in->end && is_digit(*in->at))
		in->at++;
}

/* Nanoseconds in the unit that is next, 0 if none is. */
static int64_t take_unit(struct reader *in)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", NSEC_PER_MSEC},
		{"s", NSEC_PER_SEC},
		{"m", 60 * NSEC_PER_SEC},
		{"h", 3600 * NSEC_PER_SEC},
	};
	const char *start = in->at;
	size_t len;

	while (in->at < in->end && !is_digit(*in->at) && *in->at != '.')
		in->at++;
	len = (size_t)(in->at - start);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, start, len) == 0)
			return units[i].ns;
	}
	return 0;
}

static void add_whole(struct reader *in, const char *at, const char *end, int64_t unit)
{
	int64_t n = 0;

	for (; at < end; at++) {
		in->overflow |= __builtin_mul_overflow(n, 10, &n);
		in->overflow |= __builtin_add_overflow(n, *at - '0', &n);
	}
	in->overflow |= __builtin_mul_overflow(n, unit, &n);
	in->overflow |= __builtin_add_overflow(in->total, n, &in->total);
}

/* From the last digit to the first: that way nothing is lost, nor too large, however many. */
static void add_fraction(struct reader *in, const char *at, const char *end, int64_t unit)
{
	int64_t n = 0;

	while (end > at)
		n = (n + (*--end - '0') * unit) / 10;
	in->overflow |= __builtin_add_overflow(in->total, n, &in->total);
}

static bool take_part(struct reader *in)
{
	const char *whole = in->at, *whole_end, *fraction, *fraction_end;
	int64_t unit;

	skip_digits(in);
	whole_end = fraction = in->at;
	if (in->at < in->end && *in->at == '.') {
		fraction = ++in->at;
		skip_digits(in);
	}
	fraction_end = in->at;
	unit = take_unit(in);
	if (unit == 0 || (whole_end == whole && fraction_end == fraction))
		return false;
	add_whole(in, whole, whole_end, unit);
	add_fraction(in, fraction, fraction_end, unit);
	return true;
}

int duration_parse(const char *text, size_t len, int64_t *ret_ns)
{
	struct reader in = {.at = text, .end = text};

	if (len == 0)
		return -EINVAL;
	in.end += len;
	if (len == 1 && *text == '0')
		in.at = in.end;
	while (in.at < in.end) {
		if (!take_part(&in))
			return -EINVAL;
	}
	if (in.overflow)
		return -ERANGE;
	*ret_ns = in.total;
	return 0;
}
