/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_leases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int compare(const struct lease *a, const struct lease *b)
{
	if (a->grave != b->grave)
		return a->grave < b->grave ? -1 : 1;
	if (a->life != b->life)
		return a->life < b->life ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

void fake_leases_put(struct fake_leases *leases, const struct lease *lease)
{
	struct lease *place = leases->lease, *end = place + leases->count;

	while (place < end && compare(place, lease) < 0)
		place++;
	if (place == end || compare(place, lease) != 0) {
		assert_true(leases->count++ < FAKE_LEASES);
		memmove(place + 1, place, (size_t)(end - place) * sizeof(*place));
	}
	*place = *lease;
}

void fake_leases_drop(struct fake_leases *leases, int64_t grave, uint64_t life, pid_t pid)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < leases->count; i++) {
		const struct lease *it = &leases->lease[i];

		if (grave &&
		    (it->grave != grave || it->life != life || (pid != -1 && it->pid != pid)))
			leases->lease[kept++] = *it;
	}
	leases->count = kept;
}

int fake_leases_next(const struct fake_leases *leases, const struct lease *after,
		     struct lease *ret_lease)
{
	for (unsigned i = 0; i < leases->count; i++) {
		if (after && compare(&leases->lease[i], after) <= 0)
			continue;
		*ret_lease = leases->lease[i];
		return 0;
	}
	return -ENOENT;
}

int fake_leases_boot(const struct fake_leases *leases, char ret_id[BOOT_ID_SIZE])
{
	if (!leases->boot[0])
		return -ENOENT;
	strcpy(ret_id, leases->boot);
	return 0;
}

bool fake_leases_same(const struct fake_leases *a, const struct fake_leases *b)
{
	bool same = a->count == b->count && strcmp(a->boot, b->boot) == 0;

	for (unsigned i = 0; same && i < a->count; i++)
		same = compare(&a->lease[i], &b->lease[i]) == 0 &&
		       a->lease[i].start == b->lease[i].start;
	return same;
}
