/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/window.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

/* Far off: at least so long, and so many times as long as all the rest takes. */
#define FAR ((uint64_t)NSEC_PER_SEC * 3600 * 24)
#define FAR_TIMES 50

/* Those who are far off are at most so many of all. */
#define FEW 4

static uint64_t between(const struct timeline_moment *a, const struct timeline_moment *b)
{
	return (uint64_t)b->time - (uint64_t)a->time;
}

static bool is_far(uint64_t distance, uint64_t rest)
{
	return distance >= FAR && distance / FAR_TIMES >= rest;
}

static int compare(const void *a, const void *b)
{
	const struct timeline_moment *l = a, *r = b;

	if (l->time != r->time)
		return l->time < r->time ? -1 : 1;
	return l->order < r->order ? -1 : l->order > r->order;
}

/* How many of the first are long before all others. */
static size_t count_early(const struct timeline_moment *m, size_t count)
{
	for (size_t few = count / FEW; few > 0; few--)
		if (is_far(between(&m[few - 1], &m[few]), between(&m[few], &m[count - 1])))
			return few;
	return 0;
}

static size_t last_told(const struct timeline_moment *m, size_t count)
{
	size_t last = 0;

	for (size_t i = 0; i < count; i++)
		last = m[i].order > last ? m[i].order : last;
	return last;
}

/*
 * How many of the last are long after all others. That alone is no reason, since who runs for long dies late: but what
 * is told before something that happened earlier lay in the future.
 */
static size_t count_late(const struct timeline_moment *m, size_t count)
{
	for (size_t few = count / FEW; few > 0; few--) {
		size_t rest = count - few;

		if (is_far(between(&m[rest - 1], &m[rest]), between(&m[0], &m[rest - 1])) &&
		    last_told(m, rest) > last_told(m + rest, few))
			return few;
	}
	return 0;
}

/* What happened at one moment has a second around it, or beside it at the ends of time. */
static struct window widen(int64_t time)
{
	struct window w = {time, time};

	if (time < INT64_MIN + NSEC_PER_SEC)
		w.to += NSEC_PER_SEC;
	else if (time > INT64_MAX - NSEC_PER_SEC)
		w.from -= NSEC_PER_SEC;
	else
		w = (struct window){time - NSEC_PER_SEC / 2, time + NSEC_PER_SEC / 2};
	return w;
}

struct window window_choose(struct timeline_moment *moments, size_t count)
{
	size_t early, late;
	struct window w;

	qsort(moments, count, sizeof(*moments), compare);
	early = count_early(moments, count);
	moments += early;
	count -= early;
	late = count_late(moments, count);
	w = (struct window){moments[0].time, moments[count - late - 1].time};
	return w.from < w.to ? w : widen(w.from);
}
