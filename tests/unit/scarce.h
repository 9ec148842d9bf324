/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes malloc's place where a test links with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray.
 */
#pragma once

#include <stdbool.h>

/* From now on the n-th allocation (from 1) fails, once. 0: none does. */
void scarce_memory(unsigned n);

/* Is the failure asked for still to come? */
bool scarce_memory_to_come(void);
