/* SPDX-License-Identifier: Apache-2.0 */
/* What may be the name of a tombstone. Every Kubernetes container name (RFC 1123 label) is one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GRAVE_NAME_MAX 253

/* 1 to 253 of A-Z a-z 0-9 . _ - and neither a dot nor a dash in front. */
bool name_valid(const char *name, size_t len);

/* Is the name one of `list`, names with commas between them? */
bool name_listed(const char *list, const char *name, size_t len);
