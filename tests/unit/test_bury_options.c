/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/options.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bury/kubexit.h"
#include "bury/signal_names.h"

#define WORDS_MAX 16

static struct options o;
static char why[OPTIONS_WHY_MAX];

/* Both are words with spaces between them. What is parsed points to them. */
static int parse(const char *environment, const char *line)
{
	static char texts[2][1024];
	static char *words[2][WORDS_MAX];

	memset(words, 0, sizeof(words));
	for (int i = 0; i < 2; i++) {
		int count = 0;

		snprintf(texts[i], sizeof(texts[i]), "%s", i ? line : environment);
		for (char *s = strtok(texts[i], " "); s; s = strtok(NULL, " "))
			words[i][count++] = s;
	}
	why[0] = '\0';
	for (int argc = 0;; argc++) {
		if (!words[1][argc])
			return options_parse(argc, words[1], words[0], &o, why);
	}
}

static void kubexits_environment_is_enough(void **state)
{
	(void)state;
	assert_int_equal(parse("KUBEXIT_NAME=app KUBEXIT_GRAVEYARD=/g KUBEXIT_DEATH_DEPS=a,b "
			       "KUBEXIT_BIRTH_DEPS=c,d KUBEXIT_GRACE_PERIOD=1m30s "
			       "KUBEXIT_BIRTH_TIMEOUT=400ms KUBEXIT_IGNORE_CODE_ON_DEATH_DEPS=true "
			       "KUBEXIT_POD_NAME=p KUBEXIT_NAMESPACE=n HOME=/",
			       "bury my-app --its argument"),
			 0);
	assert_string_equal(o.name, "app");
	assert_string_equal(o.graveyard, "/g");
	assert_int_equal(o.until.count, 2);
	assert_false(o.until.all);
	assert_int_equal(o.until.terms[1].kind, TERM_DIED);
	assert_int_equal(o.after.count, 2);
	assert_true(o.after.all);
	assert_int_equal(o.after.terms[1].kind, TERM_READY);
	assert_true(o.grace == 90 * NSEC_PER_SEC);
	assert_true(o.after_timeout == 400 * NSEC_PER_MSEC);
	assert_true(o.ignore_code);
	assert_int_equal(o.readiness, READY_RUNNING);
	assert_string_equal(o.command[0], "my-app");
	assert_string_equal(o.command[1], "--its");
}

static void its_defaults_are_ours(void **state)
{
	(void)state;
	assert_int_equal(
		parse("KUBEXIT_NAME=app KUBEXIT_GRAVEYARD= KUBEXIT_DEATH_DEPS=", "bury true"), 0);
	assert_string_equal(o.graveyard, "/graveyard");
	assert_true(o.grace == 30 * NSEC_PER_SEC);
	assert_true(o.after_timeout == 30 * NSEC_PER_SEC);
	assert_false(o.ignore_code);
	assert_int_equal(o.signal, SIGTERM);
	assert_int_equal(o.until.count, 0);
	assert_int_equal(parse("", "bury --name app -- true"), 0);
	assert_int_equal(o.readiness, READY_UNSAID);
}

static void the_command_line_goes_before_it(void **state)
{
	(void)state;
	assert_int_equal(parse("KUBEXIT_NAME=app KUBEXIT_DEATH_DEPS=a,b KUBEXIT_GRACE_PERIOD=1s",
			       "bury --name other --until born:c --grace 2s --notify --signal int "
			       "--group --json --quiet true"),
			 0);
	assert_string_equal(o.name, "other");
	assert_int_equal(o.until.count, 1);
	assert_int_equal(o.until.terms[0].kind, TERM_BORN);
	assert_true(o.grace == 2 * NSEC_PER_SEC);
	assert_int_equal(o.readiness, READY_TOLD);
	assert_int_equal(o.signal, SIGINT);
	assert_true(o.group && o.json && o.quiet);
}

static void what_is_wrong_is_said(void **state)
{
	static const char *const cases[][3] = {
		{"", "bury true", "--name"},
		{"KUBEXIT_NAME=a", "bury", "COMMAND"},
		{"KUBEXIT_NAME=a/b", "bury true", "KUBEXIT_NAME"},
		{"KUBEXIT_NAME=a KUBEXIT_GRACE_PERIOD=30", "bury true", "as in 30s"},
		{"KUBEXIT_NAME=a KUBEXIT_DEATH_DEPS=a", "bury true", "itself"},
		{"", "bury --name a --after-timeout 3 -- true", "--after-timeout"},
		{"", "bury --name a --signal 65 -- true", "--signal"},
		{"", "bury --name a --nam b -- true", "--name"},
		{"", "bury --wat", "--wat"},
		{"", "bury --name", "needs"},
		{"", "bury touch", "FILE"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = parse(cases[i][0], cases[i][1]);

		/* An option may be abbreviated. */
		if (strstr(cases[i][1], "--nam b")) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, -EINVAL);
		if (!strstr(why, cases[i][2]))
			fail_msg("'%s': '%s'", cases[i][1], why);
	}
}

static void tools_are_first_words(void **state)
{
	(void)state;
	assert_int_equal(parse("KUBEXIT_NAME=a", "bury cat x y"), 0);
	assert_int_equal(o.action, ACTION_CAT);
	assert_string_equal(o.command[1], "y");
	assert_int_equal(parse("KUBEXIT_NAME=a", "bury touch x"), 0);
	assert_int_equal(o.action, ACTION_TOUCH);
	assert_int_equal(parse("KUBEXIT_NAME=a", "bury -- cat x"), 0);
	assert_int_equal(o.action, ACTION_RUN);
	assert_int_equal(parse("", "bury --install /x"), 0);
	assert_int_equal(o.action, ACTION_INSTALL);
}

static void served_by_a_graveyard_it_knows_where(void **state)
{
	(void)state;
	assert_int_equal(parse("", "/pod/graveyard/.bin/bury --until died:a -- true"), 0);
	assert_string_equal(o.graveyard, "/pod/graveyard");
	assert_int_equal(
		parse("", "/pod/graveyard/.bin/bury --graveyard /x --until died:a -- true"), 0);
	assert_string_equal(o.graveyard, "/x");
}

static void the_nearest_variable_is_named(void **state)
{
	static const char *const environment[] = {
		"KUBEXIT_NAME=a", "KUBEXIT_GRAVE_PERIOD=400s", "HOME=/",      "KUBEXIT_DEATHDEPS=b",
		"KUBEXIT_=",      "KUBEXIT_BIRTH_DEP=c",       "XKUBEXIT_A=", NULL,
	};
	static const char *const nearest_ones[] = {"KUBEXIT_GRACE_PERIOD", "KUBEXIT_DEATH_DEPS",
						   "KUBEXIT_NAME", "KUBEXIT_BIRTH_DEPS"};
	const char *nearest;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_non_null(kubexit_unknown((char **)environment, &at, &nearest));
		assert_string_equal(nearest, nearest_ones[i]);
	}
	assert_null(kubexit_unknown((char **)environment, &at, &nearest));
}

static void signals_have_names(void **state)
{
	char text[SIGNAL_NAME_MAX];

	(void)state;
	for (int i = 1; i <= SIGNAL_MAX; i++)
		assert_int_equal(signal_parse(signal_name(i, text)), i);
	assert_int_equal(signal_parse("SIGTERM"), SIGTERM);
	assert_int_equal(signal_parse("usr1"), SIGUSR1);
	assert_int_equal(signal_parse("15"), 15);
	assert_int_equal(signal_parse("0"), -EINVAL);
	assert_int_equal(signal_parse("65"), -EINVAL);
	assert_int_equal(signal_parse("99999999999999999999"), -EINVAL);
	assert_int_equal(signal_parse(""), -EINVAL);
	assert_int_equal(signal_parse("SIG"), -EINVAL);
	assert_int_equal(signal_parse("1x"), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kubexits_environment_is_enough),
		cmocka_unit_test(its_defaults_are_ours),
		cmocka_unit_test(the_command_line_goes_before_it),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(tools_are_first_words),
		cmocka_unit_test(served_by_a_graveyard_it_knows_where),
		cmocka_unit_test(the_nearest_variable_is_named),
		cmocka_unit_test(signals_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
