/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake store knows of leases and boots, as a value; all zero: nothing. */
#pragma once

#include "core/store.h"

#define FAKE_LEASES 256

struct fake_leases {
	unsigned count;
	struct lease lease[FAKE_LEASES]; /* in the order of the key */
	char boot[BOOT_ID_SIZE];         /* "": never said */
};

void fake_leases_put(struct fake_leases *leases, const struct lease *lease);
void fake_leases_drop(struct fake_leases *leases, int64_t grave, uint64_t life, pid_t pid);
int fake_leases_next(const struct fake_leases *leases, const struct lease *after,
		     struct lease *ret_lease);
int fake_leases_boot(const struct fake_leases *leases, char ret_id[BOOT_ID_SIZE]);
bool fake_leases_same(const struct fake_leases *a, const struct fake_leases *b);
