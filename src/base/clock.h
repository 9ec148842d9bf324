/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, in nanoseconds. Only the edges of the program read them: core is told the time. */
#pragma once

#include <stdint.h>

#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_SEC INT64_C(1000000000)

/* CLOCK_REALTIME since the Epoch: when something happened. */
int64_t clock_now(void);

/* CLOCK_REALTIME_COARSE: the time that a file which is written now has at the earliest, some ms before clock_now(). */
int64_t clock_file(void);

/* CLOCK_MONOTONIC since some start: what deadlines are measured by. */
int64_t clock_monotonic(void);
