/* SPDX-License-Identifier: Apache-2.0 */
#include "core/drain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scarce.h"

#define MSEC INT64_C(1000000)

/*
 * What happens, one step after the other, the time in ms first:
 *
 *	100=ab     a look: somebody listens, connections a and b are there
 *	100+50=ab  the same, which took 50 ms
 *	100!ab     a look: nobody listens
 *	100-a      a has ended
 *	100*       another process goes on with the wait
 *
 * Each look is judged: W waits, D done, R refused.
 */
struct story {
	const char *name;
	int64_t quiet; /* ms */
	const char *steps, *verdicts;
};

static const struct story stories[] = {
	{"nobody has ever been there", 500, "100= 350= 599= 600=", "WWWD"},
	{"without a quiet period, at once", 0, "100=", "D"},
	{"nobody listens", 500, "100!", "R"},
	{"nobody listens, but somebody is connected from here", 500, "100!a", "R"},
	{"who was there at first is taken for a client, however shortly", 500,
	 "100=a 150= 400= 649= 650=", "WWWWD"},
	{"a client is counted until it has gone", 500,
	 "100=a 350=a 2000=a 2250= 2500= 2749= 2750=", "WWWWWWD"},
	{"the kernel tells when it has gone", 500, "100=a 9000-a 9020= 9270= 9519= 9520=", "WWWWD"},
	{"a client that comes in the quiet period", 500,
	 "100= 350=a 600=a 850=a 1100=a 1350= 1600= 1849= 1850=", "WWWWWWWWD"},
	{"a probe in the quiet period", 1000, "100= 350=a 600= 850= 1099= 1100=", "WWWWWD"},
	{"a probe of which the kernel tells", 1000,
	 "100= 350=a 400-a 420= 670= 920= 1100=", "WWWWWD"},
	{"nothing is drained while a probe is there", 500, "100= 350= 600=a 850=", "WWWD"},
	{"probe after probe", 1000, "100= 350=a 600=b 850=c 1100=d 1350=", "WWWWWD"},
	{"a probe beside a client", 500, "100=a 350=ab 600=a 850= 1100= 1350=", "WWWWWD"},
	{"one client goes, another stays", 500, "100=ab 350=b 600=b 850= 1350=", "WWWWD"},
	{"it may have lasted a second", 1000,
	 "100= 350=a 600=a 850=a 1099=a 1100= 1350= 2099= 2100=", "WWWWWWWWD"},
	{"it cannot have lasted a second", 1000, "100= 350=a 600=a 850=a 1099= 1100=", "WWWWWD"},
	{"what was not looked at for a second was busy", 500,
	 "100= 1100= 1350= 1599= 1600=", "WWWWD"},
	{"just not a second", 999, "100= 1099=", "WD"},
	{"a look that took long", 500, "100= 350+800= 1400= 1650= 1899= 1900=", "WWWWWD"},
	{"who has gone as a look was taken is told later", 500,
	 "100=a 1000+100= 1599= 1600=", "WWWD"},
	{"the same connection twice in a list", 500, "100=aab 350=aa 600= 1100=", "WWWD"},
	{"one that nobody knows has ended", 500, "100= 200-x 600=", "WD"},
	{"it ended twice", 500, "100=a 200-a 210-a 220= 719= 720=", "WWWD"},
	{"one that has ended is still in a list", 500,
	 "100=a 200-a 220=a 700=a 720=a 740=", "WWWDD"},
	{"the server stops to listen, and waits for its clients", 500, "100=a 350!a 600!a 850!",
	 "WWWR"},
	{"the server has gone", 500, "100= 350!", "WR"},
	{"the server is back before anybody looks", 500, "100= 350= 600=", "WWD"},
	{"another process goes on", 500, "100= 350= 400* 450= 600=", "WWWD"},
	{"another process, long after", 500, "100= 350= 1300* 1350= 1600= 1850=", "WWWWD"},
	{"a client has gone between two processes", 500,
	 "100=a 350=a 400* 450= 850= 950=", "WWWWD"},
	{"a client is there for another process", 500,
	 "100=a 350=a 400* 450=a 600= 1099= 1100=", "WWWWWD"},
	{"a probe between two processes", 1000, "100= 350=a 400* 450= 700= 1100=", "WWWWD"},
	{"one that came before another process, and may be no probe", 1000,
	 "100= 350=a 600=a 850=a 950* 1110= 1360= 2109= 2110=", "WWWWWWWD"},
	{"never", INT64_MAX / MSEC, "100= 350= 600= 850=", "WWWW"},
};

static size_t take_ids(const char *at, uint64_t ids[16])
{
	size_t n = 0;

	while (*at >= 'a' && *at <= 'z')
		ids[n++] = (uint64_t)*at++;
	return n;
}

static char judge(const struct drain_port *port, struct drain_wait *wait)
{
	static const char letters[] = {
		[DRAIN_WAITS] = 'W', [DRAIN_DONE] = 'D', [DRAIN_REFUSED] = 'R'};

	return letters[drain_judge(port, wait)];
}

static void tell(const struct story *story)
{
	struct drain_port port = {0};
	struct drain_wait wait = {.quiet = story->quiet * MSEC};
	char got[32] = "";
	size_t n = 0;

	for (const char *at = story->steps; *at; at += strcspn(at, " "), at += *at == ' ') {
		char *op;
		int64_t from = strtoll(at, &op, 10) * MSEC, to = from;
		uint64_t ids[16];

		if (*op == '+')
			to += strtoll(op + 1, &op, 10) * MSEC;
		switch (*op) {
		case '*':
			drain_release(&port);
			break;
		case '-':
			(void)drain_ended(&port, to, (uint64_t)op[1]);
			break;
		default:
			assert_int_equal(
				drain_look(&port, from, to, *op == '=', ids, take_ids(op + 1, ids)),
				0);
			got[n++] = judge(&port, &wait);
		}
	}
	drain_release(&port);
	if (strcmp(got, story->verdicts) != 0)
		fail_msg("%s: %s, expected %s", story->name, got, story->verdicts);
}

static void a_port_is_drained_when_nobody_has_been_there_for_so_long(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		tell(&stories[i]);
}

/* Others looked all the time, and their looks are close to each other. */
static void a_wait_that_has_not_heard_of_a_port_for_a_second_begins_again(void **state)
{
	struct drain_port port = {0};
	struct drain_wait wait = {.quiet = 1500 * MSEC}, attentive = wait, late = wait;

	(void)state;
	for (int64_t at = 1000; at <= 3000; at += 250) {
		assert_int_equal(drain_look(&port, at * MSEC, at * MSEC, true, NULL, 0), 0);
		/* Within one series of looks whoever was there at its beginning has missed nothing. */
		if (at == 1000)
			assert_int_equal(drain_judge(&port, &wait), DRAIN_WAITS);
		assert_int_equal(drain_judge(&port, &attentive),
				 at < 2500 ? DRAIN_WAITS : DRAIN_DONE);
		if (at == 2000)
			assert_int_equal(drain_judge(&port, &late), DRAIN_WAITS);
	}
	assert_int_equal(drain_judge(&port, &wait), DRAIN_DONE);
	assert_int_equal(drain_judge(&port, &late), DRAIN_WAITS);
	drain_release(&port);
}

static void a_client_between_two_looks_of_a_wait_is_told_by_those_of_others(void **state)
{
	struct drain_port port = {0};
	struct drain_wait wait = {.quiet = 500 * MSEC};

	(void)state;
	for (int64_t at = 1000; at <= 4000; at += 250) {
		uint64_t ids[] = {7};

		assert_int_equal(drain_look(&port, at * MSEC, at * MSEC, true, ids,
					    at >= 1500 && at <= 3500),
				 0);
		if (at == 1000 || at == 4000)
			assert_int_equal(drain_judge(&port, &wait), DRAIN_WAITS);
	}
	assert_true(wait.busy == 3750 * MSEC);
	drain_release(&port);
}

static void without_memory_nothing_has_changed(void **state)
{
	struct drain_port port = {0};
	uint64_t ids[] = {2, 1};

	(void)state;
	assert_int_equal(drain_look(&port, 1, 1, true, ids, 2), 0);
	scarce_memory(1);
	assert_int_equal(drain_look(&port, 2, 2, false, ids, 2), -ENOMEM);
	scarce_memory(0);
	assert_int_equal(port.open, 2);
	assert_true(port.listening && port.from == 1);
	drain_release(&port);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_drained_when_nobody_has_been_there_for_so_long),
		cmocka_unit_test(a_wait_that_has_not_heard_of_a_port_for_a_second_begins_again),
		cmocka_unit_test(a_client_between_two_looks_of_a_wait_is_told_by_those_of_others),
		cmocka_unit_test(without_memory_nothing_has_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
