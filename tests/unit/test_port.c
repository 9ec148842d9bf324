/* SPDX-License-Identifier: Apache-2.0 */
#include "core/port.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_port_and_what_may_follow_it(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
		size_t digits;
		int64_t quiet, timeout;
	} cases[] = {
		{"1", 1, 1, -1, -1},
		{"1234", 1234, 4, -1, -1},
		{"65535", 65535, 5, -1, -1},
		{"80@30s", 80, 2, -1, 30 * NSEC_PER_SEC},
		{"80@0", 80, 2, -1, 0},
		{"80:3s", 80, 2, 3 * NSEC_PER_SEC, -1},
		{"80:0s", 80, 2, 0, -1},
		{"80:1m30s@400ms", 80, 2, 90 * NSEC_PER_SEC, 400 * NSEC_PER_MSEC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_wait wait;

		assert_int_equal(port_parse(cases[i].text, strlen(cases[i].text), true, &wait), 0);
		assert_int_equal(wait.port, cases[i].port);
		assert_int_equal(wait.digits, cases[i].digits);
		assert_true(wait.quiet == cases[i].quiet);
		assert_true(wait.timeout == cases[i].timeout);
	}
}

static void what_is_no_port_is_refused(void **state)
{
	static const char *const texts[] = {
		"",         "0",           "00",          "01",     "080",
		"65536",    "99999",       "100000",      "655350", "1234567",
		"-1",       "+1",          " 1",          "1 ",     "0x50",
		"1e3",      "80,81",       "80+81",       "http",   "80@",
		"80:",      "80:3",        "80:3s@",      "80@3",   "80@1s@2s",
		"80:1s:2s", "80@1s:2s",    "80@next",     "80:-1s", "80@-1s",
		"80:3s@1x", "80:@3s",      ":3s",         "@3s",    "80\n",
		"80:293y",  "80:2562048h", "80@2562048h", "80@3s ", "1.5",
		"80;",      "\xd9\xa1",
	};
	struct port_wait wait = {.port = 42};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (port_parse(texts[i], strlen(texts[i]), true, &wait) != -EINVAL)
			fail_msg("'%s' is accepted", texts[i]);
	}
	assert_int_equal(wait.port, 42);
}

static void only_what_is_to_be_drained_has_a_quiet_period(void **state)
{
	struct port_wait wait;

	(void)state;
	assert_int_equal(port_parse("80:3s", 5, false, &wait), -EINVAL);
	assert_int_equal(port_parse("80:3s@1s", 8, false, &wait), -EINVAL);
	assert_int_equal(port_parse("80@3s", 5, false, &wait), 0);
}

static void nothing_beyond_the_length_is_read(void **state)
{
	struct port_wait wait;

	(void)state;
	assert_int_equal(port_parse("8080", 2, true, &wait), 0);
	assert_int_equal(wait.port, 80);
	assert_int_equal(port_parse("80:3s9", 5, true, &wait), 0);
	assert_true(wait.quiet == 3 * NSEC_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_and_what_may_follow_it),
		cmocka_unit_test(what_is_no_port_is_refused),
		cmocka_unit_test(only_what_is_to_be_drained_has_a_quiet_period),
		cmocka_unit_test(nothing_beyond_the_length_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
