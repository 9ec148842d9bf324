/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stone: the facts of one life, and how they are written.
 *
 *	Born: "2026-11-21T03:00:00.123456789Z"
 *	Ready: "2026-11-21T03:00:02.000000001Z"
 *	Died: "2026-11-21T03:10:00.5Z"
 *	ExitCode: 3
 *	Epitaph: "out of memory"
 *
 * This is YAML: unmodified kubexit reads it, and what kubexit writes is read here. Pure functions on
 * a value; nothing is allocated but by the buffer that stone_format() appends to.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Bytes one write may carry, and an epitaph may have; more is -EFBIG. */
#define STONE_WRITE_MAX 4096
#define STONE_EPITAPH_MAX 1024

/* The most bytes stone_format() appends: each byte of an epitaph may become a \xNN. */
#define STONE_TEXT_MAX (5 * 64 + 4 * STONE_EPITAPH_MAX)

#define STONE_CODE_MIN (-1) /* kubexit's for a signal */
#define STONE_CODE_MAX 255

/* The epitaph of those who held a lease that cannot be shown to be held still, when a graveyard is served again. */
#define STONE_LEASE_LOST "lease lost with its mount"

/* Facts in the order in which they are applied. A set of facts is an OR of (1u << fact). */
enum fact { FACT_BORN, FACT_READY, FACT_EPITAPH, FACT_DIED, FACT_CODE, FACT_COUNT };

#define FACT_BIT(fact) (1u << (fact))

struct stone {
	unsigned facts;            /* which of the fields below are known */
	int64_t born, ready, died; /* nanoseconds since the Epoch */
	int code;
	char epitaph[STONE_EPITAPH_MAX + 1]; /* valid UTF-8 */
};

static inline int stone_has(const struct stone *s, enum fact fact)
{
	return (s->facts & FACT_BIT(fact)) != 0;
}

/* The time of the last thing that it tells, of birth, readiness and death. */
static inline int64_t stone_last(const struct stone *s)
{
	return stone_has(s, FACT_DIED) ? s->died : stone_has(s, FACT_READY) ? s->ready : s->born;
}

/* Why a text is no stone, for the log. */
struct stone_error {
	unsigned line;      /* counted from 1 */
	const char *reason; /* a constant: "exit code is not between -1 and 255" */
	char text[64];      /* the beginning of the line */
};

/*
 * Reads what somebody wrote: whole lines of `FIELD: VALUE` in any order, any subset of them; the
 * last line may lack its newline. Also accepted: a bare integer (an exit code), empty lines,
 * comments, the document markers `---` and `...`, carriage returns before newlines. Values may be
 * bare, or in single or double quotes (with YAML's escapes); a bare value ends at " #". `null`, `~`
 * and nothing mean: not said. Fields not named above are ignored, with the indented lines and list
 * items below them. Field names are matched to the letter; one in quotes or brackets (JSON) is an
 * error, lest it pass for another field. Saying a field twice is an error.
 *
 * In an epitaph, bytes that are not UTF-8, NUL, and escapes for what is no character (surrogates)
 * become U+FFFD.
 *
 * ret_stone: just the facts that were said; unsaid fields are zero. ret_error: why, after -EINVAL
 * and -EFBIG; may be NULL. The length of the text is not limited here.
 * Errors: -EINVAL a malformed line; -EFBIG an epitaph longer than STONE_EPITAPH_MAX (decoded).
 */
int stone_parse(const char *text, size_t len, struct stone *ret_stone,
		struct stone_error *ret_error);

/*
 * Appends the known facts in the order Born, Ready, Died, ExitCode, Epitaph. The epitaph is written
 * in double quotes; `"`, `\` and everything that is not printable (C0, DEL, C1, U+2028, U+2029,
 * U+FEFF, U+FFFE, U+FFFF, the bidirectional controls) is escaped as YAML does, so that it is
 * harmless on a terminal and stone_parse() gives back the same stone.
 */
void stone_format(const struct stone *s, struct buf *text);
