/* SPDX-License-Identifier: Apache-2.0 */
/* What linear.c does with one name, and linear_check.c judges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NAME_SIZE 32
#define TIME_SIZE 40
#define LIVES_MOST 63
#define OPS_MOST 64 /* a set of them is a word */
#define NO_CODE (-2)

enum op_kind {
	OP_BIRTH,
	OP_READY,
	OP_DEATH, /* with a code, or NO_CODE */
	OP_STONE, /* open and read the stone */
	OP_DEAD,  /* is there a .died/NAME? */
	OP_WAIT,  /* open .wait/died/NAME: settles which life this is about */
	OP_WOKEN, /* the read that came back */
	OP_KINDS
};

/* A stone as somebody read it. `born` says which life it is about. */
struct seen {
	bool ready, died;
	int code;
	char born[TIME_SIZE];
};

struct op {
	enum op_kind kind;
	int64_t from, to; /* CLOCK_MONOTONIC, before the call and after it */
	int code;         /* OP_DEATH: told */
	int error;        /* 0, or errno */
	struct seen seen; /* OP_STONE, OP_WAIT, OP_WOKEN: where error is 0 */
	unsigned life;    /* the same, found in the journal */
};

/* A life as the journal has it. */
struct lived {
	char born[TIME_SIZE];
	bool ready, died;
	int code_at_death, code;
};

struct history {
	char name[NAME_SIZE];
	unsigned count, lives;
	struct op ops[OPS_MOST];
	struct lived lived[LIVES_MOST + 1]; /* from 1 */
};

/* Takes a line of .log that is about this name. Fails where it cannot follow the lines before it. */
void history_take_line(struct history *h, const char *line);

/* Is there an order of the operations, each between its call and its return, that gives all results? */
bool history_is_linearizable(struct history *h);
void history_print(const struct history *h);
