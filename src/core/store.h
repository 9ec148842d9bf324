/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port: what core asks of persistence. src/store/ answers it with SQLite; the unit tests with a
 * table in memory; a cluster-wide store may one day.
 *
 * What is kept: graves (a name, its owner, the number of its latest life), lives (the facts of each, with
 * the sequence number at which each became known), and a journal of events, append-only, numbered from 1
 * without gaps. A reader that remembers a sequence number can therefore ask for any life as it was then:
 * a fact is in it if the fact's own number is not greater. And besides, for the next mount: who holds
 * leases, and in which boot that was.
 *
 * Everything is done by one caller, one call at a time. Every call returns 0 or more on success and -errno
 * on failure: -ENOSPC the medium is full; -EIO it failed, or what it holds is damaged; -EBUSY another
 * process has it; -ENOMEM; -EROFS opened for reading; -EINVAL the caller broke what is said here.
 * -ENOENT only where a call says so. What a failed call would have returned is left untouched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/name.h"
#include "core/stone.h"
#include "core/wait.h"

/* What can happen. The words in the journal are those of event_word(). */
enum event_what {
	EVENT_BORN = 1,
	EVENT_READY,
	EVENT_EPITAPH,  /* written while alive, or added to a dead life that had none */
	EVENT_DIED,     /* with a code where it was known at once */
	EVENT_EXITCODE, /* added to a dead life that had none */
	EVENT_REMOVED,  /* taken off view; its lives stay in the journal */
	EVENT_OWNER,    /* handed over by chown; uid and gid are the new owner's */
	EVENT_FRESH,    /* everything taken off view at a start with --fresh; no name */
};

/* How it was told, for the log; not kept. The words are those of via_word(). */
enum via {
	VIA_UNKNOWN, /* of an event that was read from the store */
	VIA_WRITE,   /* a file was written, made, closed or removed, or its times or owner set */
	VIA_LEASE,   /* a lease was taken, or its last holder is gone */
	VIA_KERNEL,  /* likewise; and the kernel told the code */
	VIA_INTAKE,  /* by a file underneath the mount */
	VIA_LOST,    /* a lease was lost with its mount */
	VIA_REBOOT,  /* everybody was alive, and the machine began anew */
};

/* On whose behalf: the credentials of whoever opened the file that was written to. */
struct writer {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* in the daemon's pid namespace; 0 where it is not visible there */
	enum via via;
};

struct event {
	uint64_t seq;
	int64_t time;                  /* when the fact happened, as told; ns since the Epoch */
	int64_t recorded;              /* when the daemon heard of it */
	int64_t grave;                 /* 0 for EVENT_FRESH */
	char name[GRAVE_NAME_MAX + 1]; /* "" for EVENT_FRESH */
	uint64_t life;                 /* 0 for EVENT_FRESH and EVENT_OWNER */
	enum event_what what;
	bool has_code; /* EVENT_DIED and EVENT_EXITCODE */
	int code;
	struct writer by;
	uint64_t text_at; /* length of the lines of all events before it in the text of `.log` */
};

struct grave {
	int64_t id; /* from 1, ascending in the order in which names were first heard of; 0: not kept yet */
	char name[GRAVE_NAME_MAX + 1];
	uid_t uid; /* the owner */
	gid_t gid;
	uint64_t life; /* number of the latest life, from 1 */
	bool on_view;  /* false: removed, or from before a --fresh */
};

struct life {
	int64_t grave;
	uint64_t number; /* from 1 */
	struct stone stone;
	uint64_t seq[FACT_COUNT]; /* at which each fact of the stone became known; 0: is not */
	uint64_t removed;         /* at which it was taken off view; 0: is not */
	uint64_t history_at;      /* length of the text of all lives before it in `.history/NAME` */
};

/* A process that holds a lease on a life; one, however often it has it open. */
struct lease {
	int64_t grave;
	uint64_t life;
	pid_t pid;     /* 0 where it is not visible to the daemon */
	int64_t start; /* clock ticks after boot, as /proc/PID/stat has it: of that number, this one */
};

/* Holds a boot id, as /proc/sys/kernel/random/boot_id has it, and its end. */
#define BOOT_ID_SIZE 37

/* How a name stands, for whoever looks. */
struct portrait {
	const char *name;
	const struct life *life;           /* NULL: never born, but waited for */
	uint32_t waiting[WAIT_KIND_COUNT]; /* how many wait for it */
};

/* Which graves store_ops.list() shows. */
enum store_list {
	STORE_LIST_ON_VIEW,
	STORE_LIST_ALIVE, /* on view, and the latest life has not died */
	STORE_LIST_EVERY,
};

struct buf;

/* What keeps it, for whoever looks after that. */
struct store_info {
	const char *engine, *version; /* static */
	uint64_t bytes;               /* of the database */
	uint64_t log_bytes;           /* of a log in which is what is not there yet; 0: none */
};

struct store;

struct store_ops {
	/*
	 * A transaction. Writes are only allowed within one, and are seen by the same caller's reads at
	 * once, by nobody else before commit() succeeded. commit() makes all of it durable, or fails, and
	 * then the transaction is over and nothing of it has happened. rollback() cannot fail. A write
	 * that failed spoils its transaction: the calls after it, commit() too, may fail likewise.
	 */
	int (*begin)(struct store *store);
	int (*commit)(struct store *store);
	void (*rollback)(struct store *store);

	/* A grave by its name. -ENOENT. */
	int (*find)(struct store *store, const char *name, size_t len, struct grave *ret_grave);

	/* One life by its number. -ENOENT. */
	int (*life)(struct store *store, int64_t grave, uint64_t number, struct life *ret_life);

	/* The latest life that had begun at `seq` (born there or before). -ENOENT: none had. The stone
	 * has every fact known today; see life_as_of() in core/life.h. */
	int (*life_at)(struct store *store, int64_t grave, uint64_t seq, struct life *ret_life);

	/*
	 * The first life numbered `from` or more in which `fact` is known, and, if `fact` is FACT_CODE,
	 * the code is `code` (INT_MIN: any). -ENOENT: none.
	 */
	int (*first_life)(struct store *store, int64_t grave, uint64_t from, enum fact fact,
			  int code, struct life *ret_life);

	/* Keeps a new grave (id 0: an id is given, the greatest so far plus one, and returned in
	 * grave->id), or what changed of one that is kept (uid, gid, life, on_view). */
	int (*put_grave)(struct store *store, struct grave *grave);

	/* Keeps a life, new or changed. */
	int (*put_life)(struct store *store, const struct life *life);

	/* Appends an event. Its seq has to be last_event's + 1. `name` is not kept again. */
	int (*append)(struct store *store, const struct event *event);

	/* One event with its name. -ENOENT: no such number. */
	int (*event)(struct store *store, uint64_t seq, struct event *ret_event);

	/* The last event, without its name, and what is staged counts. seq 0 in an empty journal. */
	int (*last_event)(struct store *store, struct event *ret_event);

	/* The first grave of a list whose id is greater than `after`. Cost independent of how many
	 * come before. -ENOENT: no more. */
	int (*list)(struct store *store, enum store_list which, int64_t after,
		    struct grave *ret_grave);

	/* The same on STORE_LIST_ON_VIEW, but the one that `skip` others come before. Cost in proportion to
	 * `skip`, but little: of those passed over nothing but an index is read. -ENOENT: there are not so
	 * many. */
	int (*skip_on_view)(struct store *store, int64_t after, uint64_t skip,
			    struct grave *ret_grave);

	/* How many graves there are on a list. ON_VIEW and ALIVE may cost time in proportion to the
	 * result; EVERY costs nothing. */
	int (*count)(struct store *store, enum store_list which, uint64_t *ret_count);

	/* Takes every grave off view as of `seq`, setting `removed` in the current lives. */
	int (*clear_view)(struct store *store, uint64_t seq);

	/* Keeps a lease, new or changed. The key is all but `start`. */
	int (*put_lease)(struct store *store, const struct lease *lease);

	/* Forgets the lease of one holder of a life; pid -1: of all of them; grave 0: all leases there
	 * are. None need be there. */
	int (*drop_leases)(struct store *store, int64_t grave, uint64_t life, pid_t pid);

	/* The first lease after another, which need not be there any more, in the order of the key.
	 * `after` NULL: of all; may be ret_lease. -ENOENT: no more. */
	int (*next_lease)(struct store *store, const struct lease *after, struct lease *ret_lease);

	/* The boot that was kept last. -ENOENT: none was. */
	int (*boot)(struct store *store, char ret_id[BOOT_ID_SIZE]);

	/* Keeps a boot id in place of the one before. */
	int (*put_boot)(struct store *store, const char *id);

	/*
	 * Appends one JSON object, in one line: its members are what doc/status.schema.json says of a name. A store
	 * knows how to write JSON; what it holds does not matter here. Bytes that are not UTF-8 stay as they are.
	 */
	int (*describe)(struct store *store, const struct portrait *portrait, struct buf *text);

	/* Costs a system call or two. */
	int (*info)(struct store *store, struct store_info *ret_info);

	void (*free)(struct store *store);
};

/* Embedded, first, in whatever answers the port. */
struct store {
	const struct store_ops *ops;
};
