/* SPDX-License-Identifier: Apache-2.0 */
/* What session state is made of, for fs/state.c and fs/state_recount.c alone. */
#pragma once

#include "base/list.h"
#include "fs/state.h"
#include "fs/table.h"

/* Most names are short: they lie in the node; long ones in a slot of their own. */
#define SHORT_TEXT 80
#define LONG_TEXT (WHO_MAX + 1)

struct node_slot {
	uint32_t generation;
	uint32_t long_text; /* slot; 0: the text is in `text` */
	struct node node;
	uint64_t used; /* when it was last: a number of state.uses */
	char text[SHORT_TEXT];
};

struct handle_slot {
	uint32_t generation;
	struct handle handle;
};

struct tail_slot {
	uint32_t generation;
	uint32_t len;
	char text[STONE_WRITE_MAX];
};

struct long_slot {
	uint32_t generation;
	char text[LONG_TEXT];
};

/* Of a snapshot: a part of it, or where its parts are. */
#define BLOCK_SIZE 4096
#define BLOCK_BYTES (BLOCK_SIZE - 2 * sizeof(uint32_t))
#define BLOCK_OTHERS (BLOCK_BYTES / sizeof(uint32_t))
#define SNAPSHOT_MAX (BLOCK_OTHERS * BLOCK_BYTES)

struct block_slot {
	uint32_t generation;
	uint32_t len; /* of the snapshot that it is the first of */
	union {
		char bytes[BLOCK_BYTES];
		uint32_t others[BLOCK_OTHERS]; /* if `len` is more than one holds */
	};
};

/* At the beginning of the mapping. */
struct head {
	uint32_t used[5]; /* of each table */
	/* What a handle is about to become: written here first, as copying is not one store. */
	uint32_t index; /* 0: nothing is being copied */
	struct handle handle;
};

struct state {
	struct table nodes, handles, tails, longs, blocks;
	struct head *head;
	uint32_t *buckets; /* of nodes: the first of each chain */
	uint32_t *chain;   /* of nodes: the next one */
	uint32_t bucket_mask;
	struct list *idle_links; /* of nodes: on the ring of those that are idle, or on none */
	struct list idle;        /* names that nothing is open on, the longest unused first */
	unsigned idle_len, idle_max;
	uint64_t uses;    /* of nodes */
	unsigned pending; /* handles with HANDLE_PENDING */
	unsigned leases;  /* handles that hold one */
};

/* The chain of the hash that a node belongs to. */
uint32_t *state_bucket(struct state *s, unsigned view, const char *text, size_t len);

/* A node was used. If nothing is open on it, it is the last to be dropped now; a view never is. */
void state_node_used(struct state *s, uint32_t index);

/* It becomes the last of those that are idle. */
void state_node_idle(struct state *s, uint32_t index);

/* The blocks of a snapshot (0: of none) are used. */
void state_snapshot_mark(const struct state *s, uint32_t snapshot, bool *marks);

/* Counts a handle in its node, or takes it out (`by` -1). */
void state_count_handle(struct state *s, const struct handle *handle, int by);
