/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of schema/ and the structs of core/store.h, each way.
 *
 * A table's columns are numbered by an enum. The same number tells where a value is in the result of a
 * SELECT of the table's ..._COLUMNS, and, plus one, which ?N of a statement it is bound to.
 */
#pragma once

#include "core/store.h"
#include "store/sqlite_util.h"

enum graves_column { GRAVES_ID, GRAVES_NAME, GRAVES_UID, GRAVES_GID, GRAVES_LIFE, GRAVES_ON_VIEW };

#define GRAVES_COLUMNS "graves.id, name, graves.uid, graves.gid, graves.life, on_view"

enum lives_column {
	LIVES_GRAVE,
	LIVES_NUMBER,
	LIVES_BORN,
	LIVES_READY,
	LIVES_DIED,
	LIVES_EXIT_CODE,
	LIVES_EPITAPH,
	LIVES_BORN_SEQ,
	LIVES_READY_SEQ,
	LIVES_DIED_SEQ,
	LIVES_CODE_SEQ,
	LIVES_EPITAPH_SEQ,
	LIVES_REMOVED_SEQ,
	LIVES_HISTORY_AT,
};

#define LIVES_COLUMNS                                                                        \
	"grave, life, born, ready, died, exit_code, epitaph, born_seq, ready_seq, died_seq," \
	" code_seq, epitaph_seq, removed_seq, history_at"

enum events_column {
	EVENTS_SEQ,
	EVENTS_TIME,
	EVENTS_RECORDED,
	EVENTS_GRAVE,
	EVENTS_LIFE,
	EVENTS_WHAT,
	EVENTS_CODE,
	EVENTS_UID,
	EVENTS_GID,
	EVENTS_PID,
	EVENTS_TEXT_AT,
	EVENTS_NAME, /* of graves; only where events are read with their names */
};

#define EVENTS_COLUMNS                                                                           \
	"seq, time, recorded, grave, events.life, what, exit_code, events.uid, events.gid, pid," \
	" text_at"

enum leases_column { LEASES_GRAVE, LEASES_LIFE, LEASES_PID, LEASES_START };

#define LEASES_COLUMNS "grave, life, pid, start"

/* Bind every column. What is bound by address (name, epitaph, boot id) has to last until the reset. */
int grave_bind(struct sqlite3_stmt *statement, const struct grave *grave);
int life_bind(struct sqlite3_stmt *statement, const struct life *life);
int event_bind(struct sqlite3_stmt *statement, const struct event *event);
int lease_bind(struct sqlite3_stmt *statement, const struct lease *lease);
int boot_bind(struct sqlite3_stmt *statement, const char *id);

/* Binds all but `start`. */
int lease_key_bind(struct sqlite3_stmt *statement, const struct lease *lease);

/* A number that SQLite, whose integers are signed, can hold: larger ones become the largest. */
int64_t row_number(uint64_t number);

/*
 * Read the row that `statement` stands on. -EIO: it holds what cannot be (a name that is too long);
 * -ENOMEM.
 */
int grave_read(struct sqlite3_stmt *statement, struct grave *ret_grave);
int life_read(struct sqlite3_stmt *statement, struct life *ret_life);
int event_read(struct sqlite3_stmt *statement, struct event *ret_event);
int boot_read(struct sqlite3_stmt *statement, char ret_id[BOOT_ID_SIZE]);
void lease_read(struct sqlite3_stmt *statement, struct lease *ret_lease);
