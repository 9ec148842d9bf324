/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recent.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"

static struct recent_slot *slot_of(struct recent *recent, const char *name, size_t len)
{
	return &recent->slots[hash_bytes(HASH_INIT, name, len) % RECENT_SLOTS];
}

static bool is_of(const struct recent *recent, const struct recent_slot *slot, const char *name,
		  size_t len)
{
	return slot->age == recent->age + 1 && strlen(slot->grave.name) == len &&
	       memcmp(slot->grave.name, name, len) == 0;
}

int recent_look(struct recent *recent, struct store *store, const char *name, size_t len,
		const struct grave **ret_grave, const struct life **ret_life)
{
	struct recent_slot *slot = slot_of(recent, name, len);
	struct grave grave;
	int r;

	if (!is_of(recent, slot, name, len)) {
		r = store->ops->find(store, name, len, &grave);
		if (r < 0)
			return r;
		slot->age = 0;
		r = store->ops->life(store, grave.id, grave.life, &slot->life);
		if (r < 0)
			return r;
		slot->grave = grave;
		slot->age = recent->age + 1;
	}
	*ret_grave = &slot->grave;
	*ret_life = &slot->life;
	return 0;
}

void recent_remember(struct recent *recent, const struct grave *grave, const struct life *life)
{
	*slot_of(recent, grave->name, strlen(grave->name)) =
		(struct recent_slot){.age = recent->age + 1, .grave = *grave, .life = *life};
}

void recent_forget(struct recent *recent)
{
	recent->age++;
}
