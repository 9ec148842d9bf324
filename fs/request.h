/* SPDX-License-Identifier: Apache-2.0 */
/* What a request is, from its bytes as the kernel wrote them: of fuse_in_header and what follows it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fs;

/*
 * May it change something, or is it about no file? Then it is executed in the order of arrival. (An interrupt comes after
 * the read that it is about, which may be postponed.)
 */
bool request_in_order(const struct fs *fs, const void *request);

/* May it tell something of a name? */
bool request_tells(const struct fs *fs, const void *request);

/* Is its answer one that goes with a change? All others may be given twice, or made anew. */
bool request_answer_is_kept(const void *request);

/* Is it about a name that nothing is staged for? Then what it sees is not to be undone. */
bool request_is_elsewhere(const struct fs *fs, const void *request);

/* The handle that it may change; 0: none. */
uint64_t request_handle(const void *request);
