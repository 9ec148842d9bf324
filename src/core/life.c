/* SPDX-License-Identifier: Apache-2.0 */
#include "core/life.h"

#include <inttypes.h>

#include "base/buf.h"
#include "core/store.h"

void life_as_of(struct life *life, uint64_t seq)
{
	for (enum fact fact = 0; fact < FACT_COUNT; fact++)
		if (life->seq[fact] > seq)
			life->stone.facts &= ~FACT_BIT(fact);
}

void life_history_text(const struct life *life, struct buf *text)
{
	buf_addf(text, "---\nLife: %" PRIu64 "\n", life->number);
	stone_format(&life->stone, text);
}

const char *portrait_state(const struct portrait *portrait)
{
	if (!portrait->life)
		return "waited";
	return stone_has(&portrait->life->stone, FACT_DIED)    ? "dead"
	       : stone_has(&portrait->life->stone, FACT_READY) ? "ready"
							       : "alive";
}
