/* SPDX-License-Identifier: Apache-2.0 */
/* The last record: a death that cannot be written now is tried again, within limits. */
#pragma once

#include <stdint.h>

struct carver;

/*
 * Carves a death. While that fails with what may pass (a full disk, a graveyard that nobody serves now) it says so
 * and tries again, for `patience` ns at most, or until a TERM is read from `signals`.
 */
void funeral(struct carver *carver, int signals, int64_t patience, int code, const char *epitaph);
