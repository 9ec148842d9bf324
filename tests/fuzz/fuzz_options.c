/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the command line is (its words end with NULs), it is refused with a reason, or within bounds. */
#include "options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_names(const char *names)
{
	for (const char *s = names; s;) {
		size_t len = strcspn(s, ",");

		require(name_valid(s, len));
		s = s[len] ? s + len + 1 : NULL;
	}
}

static void check_options(const struct options *o, const char *text, size_t size)
{
	int is_told = o->action == ACTION_HELP || o->action == ACTION_VERSION;
	int is_stdin = o->action == ACTION_TIMELINE && !o->mountpoint;

	require(o->action <= ACTION_VERSION);
	require(is_told || is_stdin || (o->mountpoint >= text && o->mountpoint <= text + size));
	require(o->db && o->db[0]);
	check_names(o->names);
	require(o->linger >= 0);
	require(o->max_waits >= 1 && o->max_names >= 1 && o->max_names <= INT64_MAX);
	require(o->log_level >= RECORD_ERROR && o->log_level <= RECORD_DEBUG);
	require(!o->read_only || (!o->fresh && !o->until));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char program[] = "graveyardfs";
	char *argv[WORDS_MAX + 1] = {program}, *text = malloc(size + 1), why[32];
	struct options o = {.max_waits = 42};
	int argc = 1, r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc < WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	r = options_parse(argc, argv, &o, why, sizeof(why));
	if (r < 0) {
		require(r == -EINVAL && o.max_waits == 42);
		require(memchr(why, '\0', sizeof(why)) != NULL && why[0]);
	} else {
		check_options(&o, text, size);
	}
	free(text);
	return 0;
}
