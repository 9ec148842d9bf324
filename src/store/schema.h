/* SPDX-License-Identifier: Apache-2.0 */
/* The files of schema/, built in: schema/embed.sh writes the C file that defines these. */
#pragma once

#include <stddef.h>

/* One file. A released one is never edited: what it did to a database is done. */
struct migration {
	int number;       /* from 1, without gaps; the database's user_version once it is done */
	const char *name; /* "0001_graveyard" */
	const char *sql;  /* no BEGIN or COMMIT: the caller has a transaction open */
};

extern const struct migration schema_migrations[]; /* ascending */
extern const size_t schema_migration_count;
