/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX 24

/* A command line of words with one space between them; `''` is an empty one. */
struct line {
	char text[256];
	char *argv[WORDS_MAX + 1];
	int argc;
};

static void split(const char *words, struct line *ret_line)
{
	char *save = NULL;

	*ret_line = (struct line){.argc = 0};
	(void)snprintf(ret_line->text, sizeof(ret_line->text), "graveyardfs %s", words);
	for (char *word = strtok_r(ret_line->text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(ret_line->argc < WORDS_MAX);
		ret_line->argv[ret_line->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
}

static int parse(struct line *line, const char *words, struct options *ret_options, char why[128])
{
	split(words, line);
	why[0] = '\0';
	return options_parse(line->argc, line->argv, ret_options, why, 128);
}

static struct options parsed(struct line *line, const char *words)
{
	struct options o;
	char why[128];

	if (parse(line, words, &o, why) < 0)
		fail_msg("'%s': %s", words, why);
	return o;
}

static void assert_refused(const char *words, const char *expected)
{
	struct options o = {.linger = 42};
	struct line line;
	char why[128];

	if (parse(&line, words, &o, why) != -EINVAL)
		fail_msg("'%s' is accepted", words);
	assert_string_equal(why, expected);
	assert_true(o.linger == 42); /* left alone */
}

static void a_mountpoint_is_all_it_takes(void **state)
{
	struct line line;
	struct options o = parsed(&line, "/graveyard");

	(void)state;
	assert_int_equal(o.action, ACTION_SERVE);
	assert_string_equal(o.mountpoint, "/graveyard");
	assert_string_equal(o.db, "/var/lib/graveyard/graveyard.db");
	assert_null(o.names);
	assert_null(o.until);
	assert_false(o.power || o.fresh || o.read_only);
	assert_true(o.linger == NSEC_PER_SEC);
	assert_int_equal(o.max_waits, 65536);
	assert_int_equal(o.max_names, 1000000);
	assert_int_equal(o.log_level, RECORD_INFO);
}

static void each_option_is_taken(void **state)
{
	struct line line;
	struct options o =
		parsed(&line, "--db /d --durability power --names a,b.c --fresh "
			      "--until died:a+born:b.c --linger 1m30s --max-waits 7 --max-names 8 "
			      "--log-level debug --log-format json -- /g");

	(void)state;
	assert_string_equal(o.mountpoint, "/g");
	assert_string_equal(o.db, "/d");
	assert_string_equal(o.names, "a,b.c");
	assert_string_equal(o.until, "died:a+born:b.c");
	assert_true(o.power && o.fresh && !o.read_only);
	assert_true(o.linger == 90 * NSEC_PER_SEC);
	assert_int_equal(o.max_waits, 7);
	assert_int_equal(o.max_names, 8);
	assert_int_equal(o.log_level, RECORD_DEBUG);
	assert_true(o.log_json);
	assert_null(o.read_only_at);
	o = parsed(&line, "--read-only-at /r g");
	assert_string_equal(o.read_only_at, "/r");
	assert_false(o.read_only);
	o = parsed(&line, "--read-only --db=x --linger=0 --log-format logfmt g");
	assert_false(o.log_json);
	assert_true(o.read_only);
	assert_string_equal(o.db, "x");
	assert_true(o.linger == 0);
}

static void the_last_of_several_counts(void **state)
{
	struct line line;
	struct options o = parsed(&line, "--db a --db b --durability power --durability process g");

	(void)state;
	assert_string_equal(o.db, "b");
	assert_false(o.power);
}

static void a_mountpoint_may_look_like_an_option(void **state)
{
	struct line line;

	(void)state;
	assert_string_equal(parsed(&line, "-- --fresh").mountpoint, "--fresh");
	assert_string_equal(parsed(&line, "-").mountpoint, "-");
}

static void other_actions_take_their_directory(void **state)
{
	struct line line;
	struct options o = parsed(&line, "--check /g");

	(void)state;
	assert_int_equal(o.action, ACTION_CHECK);
	assert_string_equal(o.mountpoint, "/g");
	o = parsed(&line, "--log-level error --unmount=/g");
	assert_int_equal(o.action, ACTION_UNMOUNT);
	assert_string_equal(o.mountpoint, "/g");
	o = parsed(&line, "--janitor /g");
	assert_int_equal(o.action, ACTION_JANITOR);
	assert_string_equal(o.mountpoint, "/g");
	assert_int_equal(o.other_count, 0);
	o = parsed(&line, "--log-level error --janitor /g /h -- --i");
	assert_string_equal(o.mountpoint, "/g");
	assert_int_equal(o.other_count, 3);
	assert_string_equal(o.others[0], "/h");
	assert_string_equal(o.others[2], "--i");
	o = parsed(&line, "--timeline a.log");
	assert_int_equal(o.action, ACTION_TIMELINE);
	assert_string_equal(o.mountpoint, "a.log");
	assert_string_equal(parsed(&line, "--timeline -- --x").mountpoint, "--x");
	assert_int_equal(parsed(&line, "--timeline").action, ACTION_TIMELINE);
	assert_null(parsed(&line, "--timeline").mountpoint);
	assert_null(parsed(&line, "--timeline -").mountpoint);
	assert_int_equal(parsed(&line, "--help").action, ACTION_HELP);
	assert_int_equal(parsed(&line, "--version").action, ACTION_VERSION);
	assert_int_equal(parsed(&line, "--version /g x").action, ACTION_VERSION);
}

static void what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *words, *why;
	} cases[] = {
		{"", "MOUNTPOINT is missing"},
		{"--fresh", "MOUNTPOINT is missing"},
		{"--", "MOUNTPOINT is missing"},
		{"/g /h", "/h is one argument too many"},
		{"/g --fresh", "--fresh is one argument too many"},
		{"--check /g /h", "/h is one argument too many"},
		{"--check /g --unmount /h", "--unmount comes with another that says what to do"},
		{"--unmount /g --unmount /g", "--unmount comes with another that says what to do"},
		{"--janitor", "--janitor needs an argument"},
		{"--janitor /g --janitor /h", "--janitor comes with another that says what to do"},
		{"--timeline a b", "b is one argument too many"},
		{"--timeline --check /g", "--check comes with another that says what to do"},
		{"--db", "--db needs an argument"},
		{"--fresh --linger", "--linger needs an argument"},
		{"--db '' /g", "--db is empty"},
		{"--durability disk /g", "--durability is neither process nor power"},
		{"--durability powe /g", "--durability is neither process nor power"},
		{"--log-level loud /g", "--log-level is none of error, warning, info, debug"},
		{"--log-level event /g", "--log-level is none of error, warning, info, debug"},
		{"--log-format xml /g", "--log-format is neither logfmt nor json"},
		{"--linger 30 /g", "--linger is not a duration, as in 30s, 1m30s or 400ms"},
		{"--linger -1s /g", "--linger is not a duration, as in 30s, 1m30s or 400ms"},
		{"--linger 300y /g", "--linger is not a duration, as in 30s, 1m30s or 400ms"},
		{"--until '' /g",
		 "--until has a part that begins with none of born:, ready:, died:, succeeded:"},
		{"--until died:a+b /g",
		 "--until has a part that begins with none of born:, ready:, died:, succeeded:"},
		{"--until died: /g", "--until has a part with what is no name"},
		{"--until died:a,born:b+born:c /g", "--until mixes + (all) and , (any)"},
		{"--until died:a,died:c --names a,b /g",
		 "--until waits for a name that is not in --names"},
		{"--names a,b --until ready:ab /g",
		 "--until waits for a name that is not in --names"},
		{"--read-only-at '' /g", "--read-only-at is empty"},
		{"--read-only --until died:a /g",
		 "--until waits for what does not happen with --read-only"},
		{"--read-only --fresh /g", "--fresh changes what --read-only leaves alone"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].words, cases[i].why);
}

static void what_is_no_option_is_named(void **state)
{
	static const char *const words[] = {"--frsh", "--fresh=1", "-f",
					    "-foo",   "--Fresh",   "--fresher"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char line[64], why[128];

		(void)snprintf(line, sizeof(line), "--read-only %s /g", words[i]);
		(void)snprintf(why, sizeof(why), "%s is not an option, or is ambiguous", words[i]);
		assert_refused(line, why);
	}
}

static void what_could_be_either_of_two_is_neither(void **state)
{
	static const char *const words[] = {"--d", "--l", "--ma", "--max", "--max-", "--read"};
	struct line line;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char text[64], why[128];

		(void)snprintf(text, sizeof(text), "%s 7s /g", words[i]);
		(void)snprintf(why, sizeof(why), "%s is not an option, or is ambiguous", words[i]);
		assert_refused(text, why);
	}
	assert_true(parsed(&line, "--li 7s /g").linger == 7 * NSEC_PER_SEC);
	assert_int_equal(parsed(&line, "--max-n 7 /g").max_names, 7);
}

static void lists_that_are_none_are_refused(void **state)
{
	static const char *const lists[] = {"''", ",",  "a,",  ",a",  "a,,b",
					    ".a", "-a", "a/b", "a+b", "a,b;c"};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "--names %s /g", lists[i]);
		assert_refused(line, "--names is not a list of names, as in a,b,c");
	}
}

static void counts_are_whole_numbers_in_their_range(void **state)
{
	static const char *const wrong[] = {
		"''",
		"0",
		"-1",
		"+1",
		"1k",
		"0x10",
		"1.5",
		"18446744073709551616",
		"99999999999999999999",
		"18446744073709551617",
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char words[64];

		(void)snprintf(words, sizeof(words), "--max-waits %s /g", wrong[i]);
		assert_refused(words, "--max-waits is not a number in the range of this option");
		(void)snprintf(words, sizeof(words), "--max-names %s /g", wrong[i]);
		assert_refused(words, "--max-names is not a number in the range of this option");
	}
	assert_int_equal(parsed(&line, "--max-waits 4000000 /g").max_waits, 4000000);
	assert_refused("--max-waits 4000001 /g",
		       "--max-waits is not a number in the range of this option");
	assert_int_equal(parsed(&line, "--max-names 9223372036854775807 /g").max_names, INT64_MAX);
	assert_refused("--max-names 9223372036854775808 /g",
		       "--max-names is not a number in the range of this option");
}

static void a_reason_that_is_too_long_is_cut(void **state)
{
	struct options o;
	struct line line;
	char why[8] = "";

	(void)state;
	split("--durability disk /g", &line);
	assert_int_equal(options_parse(line.argc, line.argv, &o, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "--durab");
}

static void a_program_without_a_name_is_a_command_line_without_a_mountpoint(void **state)
{
	char *argv[] = {NULL};
	struct options o;
	char why[64];

	(void)state;
	assert_int_equal(options_parse(0, argv, &o, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "MOUNTPOINT is missing");
}

static void the_usage_names_each_option_in_lines_that_fit(void **state)
{
	static const char *const names[] = {"db",        "durability", "names",     "fresh",
					    "until",     "linger",     "read-only", "read-only-at",
					    "max-waits", "max-names",  "log-level", "check",
					    "unmount",   "janitor",    "version",   "help"};
	size_t size = 0;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_non_null(to);
	options_usage(to);
	assert_int_equal(fclose(to), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		char option[32];

		(void)snprintf(option, sizeof(option), "\n  --%s ", names[i]);
		if (!strstr(text, option))
			fail_msg("--%s is not told of", names[i]);
	}
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 100);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mountpoint_is_all_it_takes),
		cmocka_unit_test(each_option_is_taken),
		cmocka_unit_test(the_last_of_several_counts),
		cmocka_unit_test(a_mountpoint_may_look_like_an_option),
		cmocka_unit_test(other_actions_take_their_directory),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(what_is_no_option_is_named),
		cmocka_unit_test(what_could_be_either_of_two_is_neither),
		cmocka_unit_test(lists_that_are_none_are_refused),
		cmocka_unit_test(counts_are_whole_numbers_in_their_range),
		cmocka_unit_test(a_reason_that_is_too_long_is_cut),
		cmocka_unit_test(a_program_without_a_name_is_a_command_line_without_a_mountpoint),
		cmocka_unit_test(the_usage_names_each_option_in_lines_that_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
