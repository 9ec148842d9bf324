/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos: clients of all kinds, whom nothing may fail while the worker is killed over and over.
 * chaos.c has the plan and the end, chaos_clients.c those who write, wait, poll, read and list,
 * chaos_leases.c those who hold leases.
 *
 * What each writer does to its Nth name, and with which codes, follows from the seed, so that who
 * waits knows what is to come, and at the end each name's part of the journal is known to the
 * letter.
 */
#pragma once

#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WRITERS 16
#define WAITERS 64
#define HOLDERS 16
#define POLLERS 4
#define NAMES 20000 /* of each writer and of each holder, at most */
#define STORY 128

/* What is done to a name, in one life or two. */
enum kind {
	KIND_DIED,   /* a code into .died */
	KIND_STEPS,  /* born, ready, dead; then what is refused */
	KIND_STONE,  /* a code into the stone */
	KIND_TOUCH,  /* as touch does, no code */
	KIND_FILL,   /* as touch does, then a code */
	KIND_PIECES, /* a line in two writes */
	KIND_TWICE,  /* two lives */
	KINDS,
};

struct name {
	atomic_bool born, ready_to_die, dies_again; /* set before it is told */
	atomic_bool done;
	bool removed;
	unsigned users;    /* of chaos.lock: those who wait for it; it is not removed meanwhile */
	unsigned listed;   /* the number of the listing in which it was seen last */
	char story[STORY]; /* its lines of the journal: "1 born -,1 died 3" */
};

/* How a holder ends. */
enum way {
	WAY_EXIT,    /* with a code */
	WAY_KILLED,  /* by SIGKILL */
	WAY_WRITTEN, /* with a code, after it has written another */
	WAY_CLOSED,  /* not before the lease has */
	WAY_LEFT,    /* before the lease has: a child has it from it */
	WAY_EARLY,   /* by SIGKILL, perhaps before it has a lease */
	WAYS,
};

struct lease {
	enum way way;
	bool begun;
	char story[STORY];
};

/*
 * Shared by two processes: whoever forks must have nothing of the graveyard open that a child, which has it too,
 * would flush as it ends. So those who hold leases live in one of their own.
 */
struct chaos {
	const char *g;
	uint64_t seed;
	unsigned pause; /* microseconds, on average, between two names */
	atomic_bool ending;
	atomic_bool idle; /* nobody begins anything new */
	pthread_mutex_t lock;

	struct {
		struct name *names;
		atomic_uint next; /* the name that is being told of */
		unsigned wanted;  /* of the lock: somebody waits for the names up to here */
	} writers[WRITERS];
	struct {
		struct lease *leases;
		unsigned count;
	} holders[HOLDERS];

	/* What .events has said, and whether it was in order. */
	char *events;
	size_t events_size;
	_Atomic size_t events_len;

	atomic_ulong operations, waits, polls, listings, leases, codes_told;
};

extern struct chaos *chaos;

/* A number of one's own from a series. */
uint64_t chaos_random(uint64_t *state);

enum kind chaos_kind(unsigned writer, unsigned number);

/* Its code, in its first life or the second. */
int chaos_code(unsigned writer, unsigned number, unsigned life);

/* Are such names taken away, if nobody waits for them? */
bool chaos_may_be_removed(unsigned writer, unsigned number);

/* Before anything new is begun. */
void chaos_gate(void);

/* `text`, formatted, into the whole path. */
__attribute__((format(printf, 2, 3))) void chaos_path(char path[256], const char *format, ...);

/* open(2), write(2), … which must not fail. */
int chaos_open(const char *path, int flags);
void chaos_say(int fd, const char *text);
void chaos_close(int fd);
size_t chaos_read(int fd, char *text, size_t size);

/* Threads; `arg` is a number. */
void *chaos_write(void *arg);
void *chaos_wait(void *arg);
void *chaos_poll(void *arg);
void *chaos_read_events(void *arg);
void *chaos_list(void *arg);

/* The process of those who hold leases. */
__attribute__((noreturn)) void chaos_hold(void);
