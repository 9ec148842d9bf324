/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library is not asked (timegm, gmtime_r): where its time_t has 32 bits it ends in 2038.
 *
 * Days are counted in years that begin on 1 March: the leap day is then a year's last, and the
 * months before it follow a rule (153 days in five of them). 400 years, an era, have always the
 * same number of days.
 */
#include "base/rfc3339.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>

#define DAYS_PER_ERA 146097
#define DAYS_BEFORE_1970 719468 /* since 0000-03-01 */
#define SECONDS_PER_DAY 86400

struct reader {
	const char *at, *end;
};

struct time {
	int year, month, day, hour, minute, second, nanosecond, offset;
};

static int64_t days_from_date(int year, int month, int day)
{
	/* An era later than it is, lest January of the year 0 be negative. */
	int y = year + 400 - (month <= 2);
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)365 * y + y / 4 - y / 100 + y / 400 + day_of_year - DAYS_PER_ERA -
	       DAYS_BEFORE_1970;
}

static void date_from_days(int64_t days, struct time *t)
{
	int d = (int)(days + DAYS_BEFORE_1970);
	int era = d / DAYS_PER_ERA, day_of_era = d % DAYS_PER_ERA;
	int year =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	int month = (5 * day_of_year + 2) / 153; /* March is 0 */

	t->day = day_of_year - (153 * month + 2) / 5 + 1;
	t->month = month < 10 ? month + 3 : month - 9;
	t->year = era * 400 + year + (t->month <= 2);
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take(struct reader *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool take_digit(struct reader *in, int *ret_digit)
{
	if (in->at == in->end || *in->at < '0' || *in->at > '9')
		return false;
	*ret_digit = *in->at++ - '0';
	return true;
}

static bool take_number(struct reader *in, int digits, int *ret_value)
{
	int value = 0, digit;

	while (digits-- > 0) {
		if (!take_digit(in, &digit))
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

static bool take_date(struct reader *in, struct time *t)
{
	return take_number(in, 4, &t->year) && take(in, '-') && take_number(in, 2, &t->month) &&
	       take(in, '-') && take_number(in, 2, &t->day) && t->month >= 1 && t->month <= 12 &&
	       t->day >= 1 && t->day <= days_in_month(t->year, t->month);
}

static bool take_clock(struct reader *in, struct time *t)
{
	return take_number(in, 2, &t->hour) && take(in, ':') && take_number(in, 2, &t->minute) &&
	       take(in, ':') && take_number(in, 2, &t->second) && t->hour <= 23 &&
	       t->minute <= 59 && t->second <= 60;
}

static bool take_fraction(struct reader *in, struct time *t)
{
	int digit, scale = NSEC_PER_SEC / 10;

	if (!take(in, '.'))
		return true;
	if (!take_digit(in, &digit))
		return false;
	do {
		t->nanosecond += digit * scale;
		scale /= 10;
	} while (take_digit(in, &digit));
	return true;
}

static bool take_offset(struct reader *in, struct time *t)
{
	int sign = -1, hours, minutes;

	if (take(in, 'Z') || take(in, 'z'))
		return true;
	if (take(in, '+'))
		sign = 1;
	else if (!take(in, '-'))
		return false;
	if (!take_number(in, 2, &hours) || !take(in, ':') || !take_number(in, 2, &minutes))
		return false;
	t->offset = sign * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

static int to_nanoseconds(const struct time *t, int64_t *ret_ns)
{
	int64_t ns, rest = t->nanosecond, seconds;

	seconds = days_from_date(t->year, t->month, t->day) * SECONDS_PER_DAY +
		  ((int64_t)t->hour * 60 + t->minute) * 60 + t->second - t->offset;
	/* Towards zero, so that the first second 64 bits hold does not overflow on the way. */
	if (seconds < 0) {
		seconds++;
		rest -= NSEC_PER_SEC;
	}
	if (__builtin_mul_overflow(seconds, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, rest, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

int rfc3339_parse(const char *text, size_t len, int64_t *ret_ns)
{
	struct reader in = {text, text};
	struct time t = {0};

	if (len == 0)
		return -EINVAL;
	in.end += len;
	if (!take_date(&in, &t) || !(take(&in, 'T') || take(&in, 't') || take(&in, ' ')) ||
	    !take_clock(&in, &t) || !take_fraction(&in, &t) || !take_offset(&in, &t) ||
	    in.at != in.end)
		return -EINVAL;
	return to_nanoseconds(&t, ret_ns);
}

static char *put_number(char *at, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + digits;
}

static char *put_fraction(char *at, int nanosecond)
{
	int digits = 9;

	if (nanosecond == 0)
		return at;
	while (nanosecond % 10 == 0) {
		nanosecond /= 10;
		digits--;
	}
	*at++ = '.';
	return put_number(at, nanosecond, digits);
}

/* Writes `before` and then the number. */
static char *put_part(char *at, char before, int value)
{
	*at++ = before;
	return put_number(at, value, 2);
}

size_t rfc3339_format(int64_t ns, char ret_text[RFC3339_SIZE])
{
	int64_t rest = ns % NSEC_PER_SEC, seconds = ns / NSEC_PER_SEC - (rest < 0), days;
	struct time t = {.nanosecond = (int)(rest < 0 ? rest + NSEC_PER_SEC : rest)};
	char *at = ret_text;
	int second;

	days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
	second = (int)(seconds - days * SECONDS_PER_DAY);
	date_from_days(days, &t);
	at = put_number(at, t.year, 4);
	at = put_part(at, '-', t.month);
	at = put_part(at, '-', t.day);
	at = put_part(at, 'T', second / 3600);
	at = put_part(at, ':', second / 60 % 60);
	at = put_part(at, ':', second % 60);
	at = put_fraction(at, t.nanosecond);
	*at++ = 'Z';
	*at = '\0';
	return (size_t)(at - ret_text);
}
