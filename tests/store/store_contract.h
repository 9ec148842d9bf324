/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core/store.h promises, as tests for whatever answers it.
 *
 *	const struct contract *it;
 *
 *	for (it = store_contract; it->name; it++)
 *		run it->test on a store that is empty (in a cmocka test of that name)
 */
#pragma once

#include "core/store.h"

struct contract {
	const char *name;
	void (*test)(struct store *store);
};

extern const struct contract store_contract[]; /* ended by one without a name */
