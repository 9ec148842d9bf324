/* SPDX-License-Identifier: Apache-2.0 */
/* The part of store_contract[] that is about leases and boots. */
#pragma once

#include "core/store.h"

void leases_are_kept_one_a_holder_in_order(struct store *store);
void leases_are_dropped_by_holder_by_life_and_all(struct store *store);
void the_last_boot_is_kept(struct store *store);
void a_rollback_undoes_leases_and_boots(struct store *store);
