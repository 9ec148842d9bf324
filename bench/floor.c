/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: the least a libfuse file system can do that parks a read and wakes it on a write. It has
 * .died/NAME to write and .wait/died/NAME to read (and .born/NAME, to no effect), costs its users the
 * same requests as graveyardfs (nothing is cached), and stores nothing: it knows a name for as long
 * as the kernel does. What graveyardfs takes beyond it is the price of the tombstone.
 *
 *	floor MOUNTPOINT [DATABASE]
 *
 * With a database a write also commits one row of one number to it: the least that SQLite can do.
 *
 * The root holds one file, `present`, and lists as empty: the peer for `test -f`.
 *
 * One thread in a blocking loop, libfuse's own. A file's node id is the address of its name's record,
 * which is aligned, plus one of enum file.
 */
#include "base/list.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT "3\n"
#define HASH_SIZE 4096

/* Below every address; 0 is no node. */
enum { ROOT = FUSE_ROOT_ID, BORN, DIED, WAIT, WAIT_DIED, PRESENT, FIXED_NODES };

enum file { WAIT_FILE, DIED_FILE, BORN_FILE, FILE_MASK };

/* A name the kernel knows. `refs` counts its lookups, and one for each parked read. */
struct name {
	struct name *next;
	struct list parked;
	uint64_t refs;
	bool dead;
	char text[];
};

/* A read that waits for its answer. Owned by the name's ring until it is answered. */
struct parked {
	struct list link;
	struct name *name;
	fuse_req_t req;
};

static struct name *names[HASH_SIZE];

/* With a database: what puts a row in. */
static sqlite3_stmt *insert;

static int open_database(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_exec(db,
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			 "CREATE TABLE deaths (n INTEGER PRIMARY KEY) STRICT",
			 NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "INSERT INTO deaths VALUES (NULL)", -1, &insert, NULL) ==
		    SQLITE_OK)
		return 0;
	fprintf(stderr, "floor: error: unable to open '%s': %s\n", path, sqlite3_errmsg(db));
	return -1;
}

static struct name **name_slot(const char *text)
{
	struct name **slot;
	uint32_t hash = 2166136261U;

	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619U;
	for (slot = &names[hash % HASH_SIZE]; *slot; slot = &(*slot)->next)
		if (!strcmp((*slot)->text, text))
			break;
	return slot;
}

static struct name *name_get(const char *text)
{
	struct name **slot = name_slot(text);

	if (!*slot) {
		size_t size = strlen(text) + 1;

		*slot = calloc(1, sizeof(**slot) + size);
		if (!*slot)
			return NULL;
		memcpy((*slot)->text, text, size);
		list_init(&(*slot)->parked);
	}
	(*slot)->refs++;
	return *slot;
}

static void name_put(struct name *name, uint64_t refs)
{
	struct name **slot;

	name->refs -= refs;
	if (name->refs)
		return;
	slot = name_slot(name->text);
	*slot = name->next;
	free(name);
}

static struct name *name_of(fuse_ino_t ino)
{
	return (struct name *)(uintptr_t)(ino & ~(fuse_ino_t)FILE_MASK);
}

static void fill_attr(fuse_ino_t ino, struct stat *st)
{
	bool dir = ino <= WAIT_DIED;

	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_mode = dir ? S_IFDIR | 0777 : S_IFREG | 0644;
	st->st_nlink = dir ? 2 : 1;
	st->st_size = dir ? 0 : (off_t)strlen(TEXT);
}

static void fill_entry(fuse_ino_t ino, struct fuse_entry_param *e)
{
	memset(e, 0, sizeof(*e));
	e->ino = ino;
	fill_attr(ino, &e->attr);
}

static fuse_ino_t fixed_node(fuse_ino_t parent, const char *text)
{
	if (parent == ROOT && !strcmp(text, ".born"))
		return BORN;
	if (parent == ROOT && !strcmp(text, ".died"))
		return DIED;
	if (parent == ROOT && !strcmp(text, ".wait"))
		return WAIT;
	if (parent == ROOT && !strcmp(text, "present"))
		return PRESENT;
	return parent == WAIT && !strcmp(text, "died") ? WAIT_DIED : 0;
}

static void reply_entry(fuse_req_t req, fuse_ino_t ino)
{
	struct fuse_entry_param e;

	fill_entry(ino, &e);
	fuse_reply_entry(req, &e);
}

static void reply_text(fuse_req_t req)
{
	fuse_reply_buf(req, TEXT, strlen(TEXT));
}

static void floor_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want &= ~(FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_SPLICE_READ |
			FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_READDIRPLUS);
	conn->max_background = 65535;
}

static void floor_lookup(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	fuse_ino_t ino = fixed_node(parent, text);
	struct name *name;

	if (ino) {
		reply_entry(req, ino);
		return;
	}
	if (parent == WAIT_DIED) {
		name = name_get(text);
	} else {
		struct name *known = parent == DIED ? *name_slot(text) : NULL;

		if (!known || !known->dead) {
			fuse_reply_err(req, ENOENT);
			return;
		}
		name = name_get(text);
	}
	if (name)
		reply_entry(req, (uintptr_t)name + (parent == DIED ? DIED_FILE : WAIT_FILE));
	else
		fuse_reply_err(req, ENOMEM);
}

static void floor_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	if (ino >= FIXED_NODES)
		name_put(name_of(ino), nlookup);
	fuse_reply_none(req);
}

static void floor_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	fill_attr(ino, &st);
	fuse_reply_attr(req, &st, 0);
}

static void floor_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void floor_create(fuse_req_t req, fuse_ino_t parent, const char *text, mode_t mode,
			 struct fuse_file_info *fi)
{
	struct fuse_entry_param e;
	struct name *name;

	(void)mode;
	if (parent != DIED && parent != BORN) {
		fuse_reply_err(req, EPERM);
		return;
	}
	name = name_get(text);
	if (!name) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	fill_entry((uintptr_t)name + (parent == DIED ? DIED_FILE : BORN_FILE), &e);
	fi->direct_io = 1;
	fuse_reply_create(req, &e, fi);
}

/* Takes the read off its name; the caller answers it. */
static void unpark(struct parked *parked)
{
	list_remove(&parked->link);
	name_put(parked->name, 1);
	free(parked);
}

static void interrupted(fuse_req_t req, void *data)
{
	unpark(data);
	fuse_reply_err(req, EINTR);
}

static void park(fuse_req_t req, struct name *name)
{
	struct parked *parked = malloc(sizeof(*parked));

	if (!parked) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	parked->name = name;
	parked->req = req;
	name->refs++;
	list_append(&name->parked, &parked->link);
	/* last: may call back at once */
	fuse_req_interrupt_func(req, interrupted, parked);
}

static void floor_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)fi;
	if (off || size < strlen(TEXT))
		fuse_reply_buf(req, NULL, 0);
	else if (ino == PRESENT || name_of(ino)->dead)
		reply_text(req);
	else
		park(req, name_of(ino));
}

static void floor_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	struct name *name = name_of(ino);

	(void)buf;
	(void)off;
	(void)fi;
	if (ino < FIXED_NODES || (ino & FILE_MASK) != DIED_FILE) {
		fuse_reply_err(req, EPERM);
		return;
	}
	if (insert) {
		(void)sqlite3_step(insert);
		if (sqlite3_reset(insert) != SQLITE_OK) {
			fuse_reply_err(req, EIO);
			return;
		}
	}
	name->dead = true;
	while (!list_empty(&name->parked)) {
		struct parked *parked = list_entry(name->parked.next, struct parked, link);
		/* the analyzer does not see that the ring has let go of the one freed before */
		fuse_req_t reader = parked->req; /* NOLINT(clang-analyzer-unix.Malloc) */

		unpark(parked);
		reply_text(reader);
	}
	fuse_reply_write(req, size);
}

static void floor_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, 0);
}

static void floor_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, 0);
}

static void floor_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			  struct fuse_file_info *fi)
{
	(void)ino;
	(void)size;
	(void)off;
	(void)fi;
	fuse_reply_buf(req, NULL, 0);
}

static const struct fuse_lowlevel_ops operations = {
	.init = floor_init,
	.lookup = floor_lookup,
	.forget = floor_forget,
	.getattr = floor_getattr,
	.open = floor_open,
	.create = floor_create,
	.read = floor_read,
	.write = floor_write,
	.flush = floor_flush,
	.release = floor_release,
	.readdir = floor_readdir,
};

static int serve(struct fuse_session *session, const char *mountpoint)
{
	int r = 1;

	if (fuse_set_signal_handlers(session))
		return 1;
	if (!fuse_session_mount(session, mountpoint)) {
		fprintf(stderr, "level=info event=serving mountpoint=%s\n", mountpoint);
		r = fuse_session_loop(session) < 0;
		fuse_session_unmount(session);
	}
	fuse_remove_signal_handlers(session);
	return r;
}

int main(int argc, char **argv)
{
	char *argument[] = {(char *)"floor", (char *)"-ofsname=floor,subtype=floor", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argument);
	struct fuse_session *session;
	int r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: floor MOUNTPOINT [DATABASE]\n");
		return 100;
	}
	if (argc == 3 && open_database(argv[2]))
		return 111;
	session = fuse_session_new(&args, &operations, sizeof(operations), NULL);
	if (!session)
		return 111;
	r = serve(session, argv[1]);
	fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	return r ? 111 : 0;
}
