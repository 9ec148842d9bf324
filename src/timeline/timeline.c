/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/journal.h"
#include "core/store.h"

/* A power of two, with so many free that few are looked at. */
#define SLOTS 4096
_Static_assert(TIMELINE_ROWS_MAX * 2 < SLOTS && TIMELINE_ROWS_MAX < UINT16_MAX, "slots");

int timeline_init(struct timeline *timeline)
{
	*timeline = (struct timeline){.slots = calloc(SLOTS, sizeof(uint16_t))};
	return timeline->slots ? 0 : -ENOMEM;
}

void timeline_release(struct timeline *timeline)
{
	free(timeline->rows);
	free(timeline->lives);
	free(timeline->moments);
	free(timeline->fresh);
	free(timeline->slots);
	*timeline = (struct timeline){0};
}

/* Makes room for one more. */
static int grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room > 0 ? *room * 2 : 16;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*(void **)array, more, size);
	if (!grown)
		return -ENOMEM;
	*(void **)array = grown;
	*room = more;
	return 0;
}

static int refuse(char why[TIMELINE_WHY_SIZE], const struct event *event, const char *what)
{
	(void)snprintf(why, TIMELINE_WHY_SIZE, "life %" PRIu64 " of %s %s", event->life,
		       event->name, what);
	return -EINVAL;
}

static int too_many(char why[TIMELINE_WHY_SIZE], unsigned max, const char *what)
{
	(void)snprintf(why, TIMELINE_WHY_SIZE, "is of more than %u %s: choose some, as with grep",
		       max, what);
	return -EINVAL;
}

/* The slot in which the name is, or would be. */
static uint16_t *find_slot(const struct timeline *t, const char *name)
{
	size_t at = hash_bytes(HASH_INIT, name, strlen(name)) % SLOTS;

	while (t->slots[at] > 0 && strcmp(t->rows[t->slots[at] - 1].name, name) != 0)
		at = (at + 1) % SLOTS;
	return &t->slots[at];
}

static int add_row(struct timeline *t, const char *name, uint16_t *slot,
		   char why[TIMELINE_WHY_SIZE])
{
	struct timeline_row *row;
	int r;

	if (t->row_count == TIMELINE_ROWS_MAX)
		return too_many(why, TIMELINE_ROWS_MAX, "names");
	r = grow(&t->rows, t->row_count, &t->row_room, sizeof(*t->rows));
	if (r < 0)
		return r;
	row = &t->rows[t->row_count++];
	row->first = row->last = TIMELINE_NONE;
	memcpy(row->name, name, strlen(name) + 1);
	*slot = (uint16_t)t->row_count;
	return 0;
}

static int add_life(struct timeline *t, struct timeline_row *row, uint64_t number,
		    char why[TIMELINE_WHY_SIZE])
{
	int r;

	if (t->life_count == TIMELINE_LIVES_MAX)
		return too_many(why, TIMELINE_LIVES_MAX, "lives");
	r = grow(&t->lives, t->life_count, &t->life_room, sizeof(*t->lives));
	if (r < 0)
		return r;
	t->lives[t->life_count] = (struct timeline_life){.number = number, .next = TIMELINE_NONE};
	if (row->last == TIMELINE_NONE)
		row->first = t->life_count;
	else
		t->lives[row->last].next = t->life_count;
	row->last = t->life_count++;
	return 0;
}

/* A fact that can be told once. */
static bool tell(bool *is_so, int64_t *time, const struct event *event)
{
	if (*is_so)
		return false;
	*is_so = true;
	*time = event->time;
	return true;
}

static int tell_code(struct timeline_life *life, const struct event *event,
		     char why[TIMELINE_WHY_SIZE])
{
	if (life->has_code)
		return refuse(why, event, "has an exit code already");
	life->has_code = event->has_code;
	life->code = event->code;
	return 0;
}

static int tell_life(struct timeline_life *life, const struct event *event,
		     char why[TIMELINE_WHY_SIZE])
{
	switch (event->what) {
	case EVENT_BORN:
		if (!tell(&life->is_born, &life->born, event))
			return refuse(why, event, "is born already");
		break;
	case EVENT_READY:
		if (life->has_died)
			return refuse(why, event, "is dead, and cannot become ready");
		if (!tell(&life->is_ready, &life->ready, event))
			return refuse(why, event, "is ready already");
		break;
	case EVENT_DIED:
		if (!tell(&life->has_died, &life->died, event))
			return refuse(why, event, "is dead already");
		return tell_code(life, event, why);
	case EVENT_EXITCODE:
		return tell_code(life, event, why);
	case EVENT_REMOVED:
		if (!tell(&life->is_removed, &life->removed, event))
			return refuse(why, event, "is removed already");
		break;
	case EVENT_EPITAPH:
	case EVENT_OWNER:
	case EVENT_FRESH:
		break;
	}
	return 0;
}

/* The life that the event is about: the latest of its row, or one that begins here. */
static int find_life(struct timeline *t, const struct event *event, struct timeline_life **ret_life,
		     char why[TIMELINE_WHY_SIZE])
{
	uint16_t *slot = find_slot(t, event->name);
	struct timeline_row *row;
	uint64_t last = 0;
	int r = 0;

	if (*slot == 0)
		r = add_row(t, event->name, slot, why);
	if (r < 0)
		return r;
	row = &t->rows[*slot - 1];
	if (row->last != TIMELINE_NONE)
		last = t->lives[row->last].number;
	if (event->life < last)
		return refuse(why, event, "is told of after a later one");
	if (event->life > last)
		r = add_life(t, row, event->life, why);
	if (r == 0)
		*ret_life = &t->lives[row->last];
	return r;
}

static int add_fresh(struct timeline *t, const struct event *event, char why[TIMELINE_WHY_SIZE])
{
	int r;

	if (t->fresh_count == TIMELINE_FRESH_MAX)
		return too_many(why, TIMELINE_FRESH_MAX, "fresh starts");
	r = grow(&t->fresh, t->fresh_count, &t->fresh_room, sizeof(*t->fresh));
	if (r < 0)
		return r;
	t->fresh[t->fresh_count++] = event->time;
	for (size_t i = 0; i < t->row_count; i++) {
		struct timeline_life *life = &t->lives[t->rows[i].last];

		(void)tell(&life->is_removed, &life->removed, event);
	}
	return 0;
}

/* Whoever was killed as he told of an event has another tell of it again. */
static bool is_again(const struct event *event, const struct event *last)
{
	return event->seq == last->seq && event->time == last->time && event->life == last->life &&
	       event->what == last->what && strcmp(event->name, last->name) == 0;
}

int timeline_add(struct timeline *t, const struct event *event, char why[TIMELINE_WHY_SIZE])
{
	struct timeline_life *life;
	int r;

	if (is_again(event, &t->last))
		return 0;
	if (event->seq <= t->last.seq) {
		(void)snprintf(why, TIMELINE_WHY_SIZE,
			       "SEQ %" PRIu64 " is not greater than %" PRIu64
			       " of the line before: is it two logs?",
			       event->seq, t->last.seq);
		return -EINVAL;
	}
	r = grow(&t->moments, t->moment_count, &t->moment_room, sizeof(*t->moments));
	if (r == 0 && event->what == EVENT_FRESH)
		r = add_fresh(t, event, why);
	else if (r == 0 && event->life > 0) {
		r = find_life(t, event, &life, why);
		if (r == 0)
			r = tell_life(life, event, why);
	}
	if (r < 0)
		return r;
	t->last = *event;
	/* An epitaph, or a code that comes late, is nothing that is drawn at its time. */
	if (event->what != EVENT_EPITAPH && event->what != EVENT_EXITCODE &&
	    event->what != EVENT_OWNER) {
		t->moments[t->moment_count] =
			(struct timeline_moment){event->time, t->moment_count};
		t->moment_count++;
	}
	return 0;
}
