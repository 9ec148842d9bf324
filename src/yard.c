/* SPDX-License-Identifier: Apache-2.0 */
#include "yard.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "core/graveyard.h"
#include "core/leases.h"
#include "core/store.h"
#include "core/vigil.h"
#include "happening.h"
#include "options.h"
#include "store/sqlite_store.h"

static int open_store(const struct options *o, struct store **ret_store)
{
	char why[512];
	int r = o->read_only
			? sqlite_store_open_copy(o->db, ret_store, why, sizeof(why))
			: sqlite_store_open_locked(o->db, o->power ? STORE_POWER : STORE_PROCESS,
						   ret_store, why, sizeof(why));

	if (r < 0)
		log_error("%s", why);
	return r;
}

static int open_graveyard(const struct options *o, struct yard *yard)
{
	struct graveyard_config config = {.names = o->names, .max_names = o->max_names};
	/* --until keeps one, too. */
	int r = vigils_new(o->max_waits + (o->until != NULL), &yard->vigils);

	if (r == 0)
		r = graveyard_new(yard->store, yard->vigils, &config, &yard->graveyard);
	if (r < 0)
		log_error("unable to read '%s': %s", o->db, strerror(-r));
	return r;
}

int yard_open(const struct options *options, struct yard *ret_yard)
{
	struct yard yard = {0};
	int r = open_store(options, &yard.store);

	if (r == 0)
		r = open_graveyard(options, &yard);
	if (r < 0)
		yard_close(&yard);
	else
		*ret_yard = yard;
	return r;
}

void yard_close(struct yard *yard)
{
	graveyard_free(yard->graveyard);
	vigils_free(yard->vigils);
	if (yard->store)
		yard->store->ops->free(yard->store);
	*yard = (struct yard){0};
}

static int begin(const struct options *o, struct graveyard *g, uint64_t *ret_alive)
{
	struct store *store = graveyard_store(g);
	char boot[BOOT_ID_SIZE];
	int r = process_boot_id(boot);

	if (r == 0)
		r = graveyard_boot(g, boot, clock_now());
	if (r == 0 && o->fresh)
		r = graveyard_fresh(g, clock_now());
	if (r == 0)
		r = graveyard_commit(g);
	if (r == 0)
		r = store->ops->count(store, STORE_LIST_ALIVE, ret_alive);
	/* The first process that serves takes it as told. */
	graveyard_tell(g, happening_log, NULL);
	if (r < 0)
		log_error("unable to write to '%s': %s", o->db, strerror(-r));
	return r;
}

int yard_prepare(const struct options *options, int *ret_lock, uint64_t *ret_seq,
		 uint64_t *ret_alive)
{
	_cleanup_(cleanup_close) int lock = -1;
	struct yard yard;
	char why[512];
	int r;

	*ret_lock = -1;
	*ret_seq = *ret_alive = 0;
	if (options->read_only)
		return 0;
	r = sqlite_store_lock(options->db, &lock, why, sizeof(why));
	if (r < 0) {
		log_error("%s", why);
		return r;
	}
	r = yard_open(options, &yard);
	if (r < 0)
		return r;
	r = begin(options, yard.graveyard, ret_alive);
	*ret_seq = graveyard_seq(yard.graveyard);
	yard_close(&yard);
	if (r == 0)
		*ret_lock = take_fd(lock);
	return r;
}
