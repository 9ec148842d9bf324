/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doing without. GRAVEYARDFS_WITHOUT in the environment names what the program shall not use though
 * the kernel has it, separated by commas: how a test, or whoever looks for a fault, has an older
 * kernel.
 */
#pragma once

#include <stdbool.h>

/*
 * Shall we do without it? The environment is looked at once: what is put there later changes
 * nothing.
 */
bool without(const char *feature);
