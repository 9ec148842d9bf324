/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/ticks.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/rfc3339.h"

#define USEC INT64_C(1000)
#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BETWEEN 2

/* What a label shows; its length, without the fraction, is in label_lens[]. */
enum style { IN_SECOND, IN_MINUTE, OF_CLOCK, TO_SECOND, OF_DAY, OF_MONTH, OF_YEAR };

static const unsigned label_lens[] = {
	[IN_SECOND] = 1, [IN_MINUTE] = 4, [OF_CLOCK] = 5, [TO_SECOND] = 8,
	[OF_DAY] = 6,    [OF_MONTH] = 3,  [OF_YEAR] = 4,
};

/* `every` is in ns, months for OF_MONTH, years for OF_YEAR. */
struct step {
	enum style style;
	int64_t every;
};

/* Ascending; those below a second, 1, 2 and 5 of each power of ten, come before. Weeks begin on Mondays. */
static const struct step steps[] = {
	{TO_SECOND, SEC},
	{TO_SECOND, 2 * SEC},
	{TO_SECOND, 5 * SEC},
	{TO_SECOND, 10 * SEC},
	{TO_SECOND, 15 * SEC},
	{TO_SECOND, 30 * SEC},
	{OF_CLOCK, MINUTE},
	{OF_CLOCK, 2 * MINUTE},
	{OF_CLOCK, 5 * MINUTE},
	{OF_CLOCK, 10 * MINUTE},
	{OF_CLOCK, 15 * MINUTE},
	{OF_CLOCK, 30 * MINUTE},
	{OF_CLOCK, HOUR},
	{OF_CLOCK, 2 * HOUR},
	{OF_CLOCK, 3 * HOUR},
	{OF_CLOCK, 6 * HOUR},
	{OF_CLOCK, 12 * HOUR},
	{OF_DAY, DAY},
	{OF_DAY, 2 * DAY},
	{OF_DAY, 7 * DAY},
	{OF_MONTH, 1},
	{OF_MONTH, 3},
	{OF_MONTH, 6},
	{OF_YEAR, 1},
	{OF_YEAR, 2},
	{OF_YEAR, 5},
	{OF_YEAR, 10},
	{OF_YEAR, 20},
	{OF_YEAR, 50},
	{OF_YEAR, 100},
	{OF_YEAR, 200},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))
/* The Epoch was a Thursday. */
#define MONDAY (-3 * DAY)

/* Digits of the fraction of a second that are not always 0. */
static unsigned fraction_digits(int64_t every)
{
	unsigned digits = 9;

	while (digits > 0 && every % 10 == 0) {
		every /= 10;
		digits--;
	}
	return digits;
}

static unsigned label_len(const struct step *step)
{
	unsigned len = label_lens[step->style];

	return step->style <= IN_MINUTE ? len + fraction_digits(step->every) : len;
}

/* The least that is from one mark to the next. */
static int64_t least_distance(const struct step *step)
{
	if (step->style == OF_YEAR)
		return step->every * 365 * DAY;
	return step->style == OF_MONTH ? step->every * 28 * DAY : step->every;
}

/* Are the labels apart where `width` characters stand for `span`? */
static bool fits(const struct step *step, uint64_t span, unsigned width)
{
	unsigned __int128 distance = (unsigned __int128)least_distance(step) * width;

	return distance >= (unsigned __int128)span * (label_len(step) + BETWEEN) &&
	       span / (uint64_t)least_distance(step) < TICKS_MAX;
}

static struct step choose_step(uint64_t span, unsigned width)
{
	static const int64_t parts[] = {1, 2, 5};

	for (int64_t power = 1; power < SEC; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			struct step step = {power < MSEC ? IN_SECOND : IN_MINUTE, parts[i] * power};

			if (fits(&step, span, width))
				return step;
		}
	}
	for (size_t i = 0; i < STEPS; i++)
		if (fits(&steps[i], span, width))
			return steps[i];
	return steps[STEPS - 1];
}

/* The digits of a time as RFC 3339 writes them, always with nine in the fraction. */
static void write_time(int64_t time, char ret_text[RFC3339_SIZE])
{
	size_t len = rfc3339_format(time, ret_text);

	if (len == 20)
		ret_text[19] = '.';
	for (size_t i = len == 20 ? 20 : len - 1; i < 29; i++)
		ret_text[i] = '0';
	ret_text[29] = 'Z';
	ret_text[30] = '\0';
}

static int number_at(const char *digits, int count)
{
	int number = 0;

	while (count-- > 0)
		number = number * 10 + (*digits++ - '0');
	return number;
}

static const char *month_name(const char *text)
{
	static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	return names[number_at(text + 5, 2) - 1];
}

/* "2026-11-21T03:00:00.123456789Z" is cut where the style says. */
static void write_context(const struct step *step, const char *text, char *to)
{
	static const int lens[] = {
		[IN_SECOND] = 19, [IN_MINUTE] = 16, [OF_CLOCK] = 10, [TO_SECOND] = 10,
		[OF_DAY] = 4,     [OF_MONTH] = 4,   [OF_YEAR] = 0};

	(void)snprintf(to, TICK_TEXT_SIZE, "%.*s", lens[step->style], text);
	if (step->style <= IN_MINUTE)
		to[10] = ' ';
}

static void write_label(const struct step *step, const char *text, char *to)
{
	int digits = (int)fraction_digits(step->every);

	switch (step->style) {
	case IN_SECOND:
		(void)snprintf(to, TICK_TEXT_SIZE, "%.*s", digits + 1, text + 19);
		break;
	case IN_MINUTE:
		(void)snprintf(to, TICK_TEXT_SIZE, "%.*s", digits + 4, text + 16);
		break;
	case OF_CLOCK:
		(void)snprintf(to, TICK_TEXT_SIZE, "%.5s", text + 11);
		break;
	case TO_SECOND:
		(void)snprintf(to, TICK_TEXT_SIZE, "%.8s", text + 11);
		break;
	case OF_DAY:
		(void)snprintf(to, TICK_TEXT_SIZE, "%s %d", month_name(text),
			       number_at(text + 8, 2));
		break;
	case OF_MONTH:
		(void)snprintf(to, TICK_TEXT_SIZE, "%s", month_name(text));
		break;
	case OF_YEAR:
		(void)snprintf(to, TICK_TEXT_SIZE, "%.4s", text);
		break;
	}
}

static void put(struct ticks *ticks, const struct step *step, int64_t time)
{
	struct tick *tick = &ticks->ticks[ticks->count++];
	char text[RFC3339_SIZE];

	tick->time = time;
	write_time(time, text);
	write_label(step, text, tick->label);
	write_context(step, text, tick->context);
}

/* Each so many months, counted from January of the year 0. */
static void put_months(struct ticks *ticks, const struct step *step, int64_t from, int64_t to)
{
	int64_t every = step->style == OF_YEAR ? step->every * 12 : step->every, month, time;
	char text[RFC3339_SIZE];

	write_time(from, text);
	month = number_at(text, 4) * 12 + number_at(text + 5, 2) - 1;
	for (month -= month % every; ticks->count < TICKS_MAX; month += every) {
		int len = snprintf(text, sizeof(text), "%04d-%02d-01T00:00:00Z",
				   (int)(month / 12) % 10000, (int)(month % 12) + 1);

		if (rfc3339_parse(text, (size_t)len, &time) < 0 || time < from) {
			if (month / 12 > 2262)
				return;
			continue;
		}
		if (time > to)
			return;
		put(ticks, step, time);
	}
}

static void put_steps(struct ticks *ticks, const struct step *step, int64_t from, int64_t to)
{
	int64_t origin = step->every > DAY ? MONDAY : 0, rest, time;

	/* A week that began before there are times at all has no mark. */
	if (__builtin_sub_overflow(from, origin, &rest))
		rest = from;
	rest %= step->every;
	if (rest < 0)
		rest += step->every;
	if (__builtin_add_overflow(from, rest > 0 ? step->every - rest : 0, &time))
		return;
	while (time <= to && ticks->count < TICKS_MAX) {
		put(ticks, step, time);
		if (__builtin_add_overflow(time, step->every, &time))
			return;
	}
}

void ticks_choose(int64_t from, int64_t to, unsigned width, struct ticks *ret_ticks)
{
	struct step step = choose_step((uint64_t)to - (uint64_t)from, width);
	char text[RFC3339_SIZE];

	ret_ticks->count = 0;
	if (step.style >= OF_MONTH)
		put_months(ret_ticks, &step, from, to);
	else
		put_steps(ret_ticks, &step, from, to);
	write_time(from, text);
	write_context(&step, text, ret_ticks->context);
}
