/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

/* Which columns hold a fact and its number; the values of EPITAPH and CODE are read apart. */
static const struct {
	enum lives_column value, seq;
} fact_columns[FACT_COUNT] = {
	[FACT_BORN] = {LIVES_BORN, LIVES_BORN_SEQ},
	[FACT_READY] = {LIVES_READY, LIVES_READY_SEQ},
	[FACT_EPITAPH] = {LIVES_EPITAPH, LIVES_EPITAPH_SEQ},
	[FACT_DIED] = {LIVES_DIED, LIVES_DIED_SEQ},
	[FACT_CODE] = {LIVES_EXIT_CODE, LIVES_CODE_SEQ},
};

int64_t row_number(uint64_t number)
{
	return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* SQLite's results are flags to nobody: OK is 0, so that several may be OR-ed and looked at once. */
static int bind(struct sqlite3_stmt *statement, int column, int64_t value)
{
	return sqlite3_bind_int64(statement, column + 1, value);
}

static int bind_if(struct sqlite3_stmt *statement, int column, bool known, int64_t value)
{
	return known ? bind(statement, column, value) : sqlite3_bind_null(statement, column + 1);
}

static int bind_text(struct sqlite3_stmt *statement, int column, const char *text)
{
	return sqlite3_bind_text(statement, column + 1, text, -1, SQLITE_STATIC);
}

static int bound(struct sqlite3_stmt *statement, int codes)
{
	return codes ? sqlite_errno(sqlite3_errcode(sqlite3_db_handle(statement))) : 0;
}

int grave_bind(struct sqlite3_stmt *statement, const struct grave *grave)
{
	int codes = 0;

	codes |= bind_if(statement, GRAVES_ID, grave->id != 0, grave->id);
	codes |= bind_text(statement, GRAVES_NAME, grave->name);
	codes |= bind(statement, GRAVES_UID, grave->uid);
	codes |= bind(statement, GRAVES_GID, grave->gid);
	codes |= bind(statement, GRAVES_LIFE, row_number(grave->life));
	codes |= bind(statement, GRAVES_ON_VIEW, grave->on_view);
	return bound(statement, codes);
}

static int bind_facts(struct sqlite3_stmt *statement, const struct stone *stone)
{
	int codes = 0;

	codes |= bind_if(statement, LIVES_BORN, stone_has(stone, FACT_BORN), stone->born);
	codes |= bind_if(statement, LIVES_READY, stone_has(stone, FACT_READY), stone->ready);
	codes |= bind_if(statement, LIVES_DIED, stone_has(stone, FACT_DIED), stone->died);
	codes |= bind_if(statement, LIVES_EXIT_CODE, stone_has(stone, FACT_CODE), stone->code);
	codes |= bind_text(statement, LIVES_EPITAPH,
			   stone_has(stone, FACT_EPITAPH) ? stone->epitaph : NULL);
	return codes;
}

int life_bind(struct sqlite3_stmt *statement, const struct life *life)
{
	int codes = bind_facts(statement, &life->stone);

	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		codes |= bind_if(statement, fact_columns[fact].seq, life->seq[fact] != 0,
				 row_number(life->seq[fact]));
	codes |= bind(statement, LIVES_GRAVE, life->grave);
	codes |= bind(statement, LIVES_NUMBER, row_number(life->number));
	codes |= bind_if(statement, LIVES_REMOVED_SEQ, life->removed != 0,
			 row_number(life->removed));
	codes |= bind(statement, LIVES_HISTORY_AT, row_number(life->history_at));
	return bound(statement, codes);
}

int event_bind(struct sqlite3_stmt *statement, const struct event *event)
{
	int codes = 0;

	codes |= bind(statement, EVENTS_SEQ, row_number(event->seq));
	codes |= bind(statement, EVENTS_TIME, event->time);
	codes |= bind(statement, EVENTS_RECORDED, event->recorded);
	codes |= bind_if(statement, EVENTS_GRAVE, event->grave != 0, event->grave);
	codes |= bind_if(statement, EVENTS_LIFE, event->life != 0, row_number(event->life));
	codes |= bind(statement, EVENTS_WHAT, event->what);
	codes |= bind_if(statement, EVENTS_CODE, event->has_code, event->code);
	codes |= bind(statement, EVENTS_UID, event->by.uid);
	codes |= bind(statement, EVENTS_GID, event->by.gid);
	codes |= bind_if(statement, EVENTS_PID, event->by.pid != 0, event->by.pid);
	codes |= bind(statement, EVENTS_TEXT_AT, row_number(event->text_at));
	return bound(statement, codes);
}

static int bind_key(struct sqlite3_stmt *statement, const struct lease *lease)
{
	int codes = 0;

	codes |= bind(statement, LEASES_GRAVE, lease->grave);
	codes |= bind(statement, LEASES_LIFE, row_number(lease->life));
	codes |= bind(statement, LEASES_PID, lease->pid);
	return codes;
}

int lease_key_bind(struct sqlite3_stmt *statement, const struct lease *lease)
{
	return bound(statement, bind_key(statement, lease));
}

int lease_bind(struct sqlite3_stmt *statement, const struct lease *lease)
{
	int codes = bind_key(statement, lease);

	codes |= bind(statement, LEASES_START, lease->start);
	return bound(statement, codes);
}

int boot_bind(struct sqlite3_stmt *statement, const char *id)
{
	return bound(statement, bind_text(statement, 0, id));
}

static bool known(struct sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) != SQLITE_NULL;
}

/* NULL reads as 0, which is what the structs have for "not known". */
static int64_t integer(struct sqlite3_stmt *statement, int column)
{
	return sqlite3_column_int64(statement, column);
}

static uint64_t number(struct sqlite3_stmt *statement, int column)
{
	return (uint64_t)integer(statement, column);
}

/* NULL reads as "". */
static int text(struct sqlite3_stmt *statement, int column, char *ret_text, size_t size)
{
	const unsigned char *value = sqlite3_column_text(statement, column);
	size_t len = (size_t)sqlite3_column_bytes(statement, column);

	if (!value && known(statement, column))
		return -ENOMEM;
	if (len >= size)
		return -EIO;
	if (value)
		memcpy(ret_text, value, len);
	ret_text[len] = '\0';
	return 0;
}

int grave_read(struct sqlite3_stmt *statement, struct grave *ret_grave)
{
	char name[sizeof(ret_grave->name)] = "";
	int r = text(statement, GRAVES_NAME, name, sizeof(name));

	if (r < 0)
		return r;
	ret_grave->id = integer(statement, GRAVES_ID);
	memcpy(ret_grave->name, name, sizeof(name));
	ret_grave->uid = (uid_t)integer(statement, GRAVES_UID);
	ret_grave->gid = (gid_t)integer(statement, GRAVES_GID);
	ret_grave->life = number(statement, GRAVES_LIFE);
	ret_grave->on_view = integer(statement, GRAVES_ON_VIEW) != 0;
	return 0;
}

static int read_stone(struct sqlite3_stmt *statement, struct stone *ret_stone)
{
	int r = text(statement, LIVES_EPITAPH, ret_stone->epitaph, sizeof(ret_stone->epitaph));

	if (r < 0)
		return r;
	ret_stone->facts = 0;
	for (enum fact fact = 0; fact < FACT_COUNT; fact++) {
		if (known(statement, fact_columns[fact].value))
			ret_stone->facts |= FACT_BIT(fact);
	}
	ret_stone->born = integer(statement, LIVES_BORN);
	ret_stone->ready = integer(statement, LIVES_READY);
	ret_stone->died = integer(statement, LIVES_DIED);
	ret_stone->code = (int)integer(statement, LIVES_EXIT_CODE);
	return 0;
}

int life_read(struct sqlite3_stmt *statement, struct life *ret_life)
{
	struct stone stone;
	int r = read_stone(statement, &stone);

	if (r < 0)
		return r;
	ret_life->stone = stone;
	ret_life->grave = integer(statement, LIVES_GRAVE);
	ret_life->number = number(statement, LIVES_NUMBER);
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		ret_life->seq[fact] = number(statement, fact_columns[fact].seq);
	ret_life->removed = number(statement, LIVES_REMOVED_SEQ);
	ret_life->history_at = number(statement, LIVES_HISTORY_AT);
	return 0;
}

static bool is_event(int64_t what)
{
	return what >= EVENT_BORN && what <= EVENT_FRESH;
}

int event_read(struct sqlite3_stmt *statement, struct event *ret_event)
{
	char name[sizeof(ret_event->name)] = "";
	int r = 0;

	if (sqlite3_column_count(statement) > EVENTS_NAME)
		r = text(statement, EVENTS_NAME, name, sizeof(name));
	if (r == 0 && !is_event(integer(statement, EVENTS_WHAT)))
		r = -EIO;
	if (r < 0)
		return r;
	*ret_event = (struct event){
		.seq = number(statement, EVENTS_SEQ),
		.time = integer(statement, EVENTS_TIME),
		.recorded = integer(statement, EVENTS_RECORDED),
		.grave = integer(statement, EVENTS_GRAVE),
		.life = number(statement, EVENTS_LIFE),
		.what = (enum event_what)integer(statement, EVENTS_WHAT),
		.has_code = known(statement, EVENTS_CODE),
		.code = (int)integer(statement, EVENTS_CODE),
		.by = {.uid = (uid_t)integer(statement, EVENTS_UID),
		       .gid = (gid_t)integer(statement, EVENTS_GID),
		       .pid = (pid_t)integer(statement, EVENTS_PID)},
		.text_at = number(statement, EVENTS_TEXT_AT),
	};
	memcpy(ret_event->name, name, sizeof(name));
	return 0;
}

void lease_read(struct sqlite3_stmt *statement, struct lease *ret_lease)
{
	*ret_lease = (struct lease){
		.grave = integer(statement, LEASES_GRAVE),
		.life = number(statement, LEASES_LIFE),
		.pid = (pid_t)integer(statement, LEASES_PID),
		.start = integer(statement, LEASES_START),
	};
}

int boot_read(struct sqlite3_stmt *statement, char ret_id[BOOT_ID_SIZE])
{
	return text(statement, 0, ret_id, BOOT_ID_SIZE);
}
