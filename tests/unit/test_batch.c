/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/session.h"
#include "fs/shared.h"

static long page_faults(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

/* A request that the kernel copies into a page that is not there yet can be lost to a SIGKILL. */
static void room_for_requests_is_touched_before_use(void **state)
{
	long page = sysconf(_SC_PAGESIZE), before = page_faults();
	struct batch *batch = NULL;

	(void)state;
	assert_int_equal(batch_new(NULL, &batch), 0);
	assert_in_range(page_faults() - before, SHARED_SLOTS * SESSION_REQUEST_MAX / page, 100000);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_for_requests_is_touched_before_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
