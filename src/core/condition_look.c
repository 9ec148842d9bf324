/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the parser, which is also used where there is no journal. */
#include "core/condition.h"

int condition_look(struct graveyard *g, const struct condition *c, uint64_t opened)
{
	for (struct condition_part part = {0}; condition_next_part(c, &part);) {
		int r = wait_happened(g, part.kind, &part.name, opened);

		/* One that has not decides for all, one that has for any. */
		if (r < 0 || r != c->all)
			return r;
	}
	return c->all;
}
