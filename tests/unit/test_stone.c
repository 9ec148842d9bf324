/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stone.h"

#include "base/buf.h"
#include "base/rfc3339.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int parse(const char *text, struct stone *ret_stone)
{
	return stone_parse(text, strlen(text), ret_stone, NULL);
}

static void assert_same(const struct stone *a, const struct stone *b)
{
	assert_int_equal(a->facts, b->facts);
	assert_true(a->born == b->born);
	assert_true(a->ready == b->ready);
	assert_true(a->died == b->died);
	assert_int_equal(a->code, b->code);
	assert_string_equal(a->epitaph, b->epitaph);
}

/* Checks what is read from `text` by what is written then. */
static void assert_reads_as(const char *text, const char *expected)
{
	struct buf b = BUF_INIT;
	struct stone s;
	int r = parse(text, &s);

	if (r < 0)
		fail_msg("'%s' is refused: %d", text, r);
	stone_format(&s, &b);
	assert_int_equal(buf_error(&b), 0);
	assert_string_equal(b.data ? b.data : "", expected);
	buf_release(&b);
}

struct reading {
	const char *text, *expected;
};

#define ALL_READ(cases)                                                        \
	do {                                                                   \
		(void)state;                                                   \
		for (size_t i = 0; i < COUNT(cases); i++)                      \
			assert_reads_as((cases)[i].text, (cases)[i].expected); \
	} while (0)

#define BORN "Born: \"2020-05-14T19:09:12.123Z\"\n"
#define DIED "Died: \"2020-05-14T19:10:12Z\"\n"

static void what_kubexit_writes_is_read(void **state)
{
	static const struct reading cases[] = {
		{BORN, BORN},
		{BORN DIED "ExitCode: -1\n", BORN DIED "ExitCode: -1\n"},
		{BORN DIED "ExitCode: 0\n", BORN DIED "ExitCode: 0\n"},
		{"Born: \"2020-05-14T21:09:12.123+02:00\"\n", BORN},
		{"Born: 2020-05-14T19:09:12.123Z\nExitCode: null\n", BORN},
	};

	ALL_READ(cases);
}

static void any_subset_in_any_order_is_written_in_one(void **state)
{
	static const struct reading cases[] = {
		{"", ""},
		{"\n\n", ""},
		{"ExitCode: 3\n" DIED BORN, BORN DIED "ExitCode: 3\n"},
		{"Epitaph: x\nReady: 2020-05-14T19:09:12Z\n",
		 "Ready: \"2020-05-14T19:09:12Z\"\nEpitaph: \"x\"\n"},
		{"ExitCode: 3", "ExitCode: 3\n"},
		{"ExitCode:\t3\t\n", "ExitCode: 3\n"},
		{"ExitCode : 3\n", "ExitCode: 3\n"},
	};

	ALL_READ(cases);
}

static void a_bare_integer_is_an_exit_code(void **state)
{
	static const struct reading cases[] = {
		{"3\n", "ExitCode: 3\n"},
		{"3", "ExitCode: 3\n"},
		{"-1\n", "ExitCode: -1\n"},
		{"+7\n", "ExitCode: 7\n"},
		{"143 \r\n", "ExitCode: 143\n"},
		{"\n# said: by hand\n0 # note: fine\n", "ExitCode: 0\n"},
	};

	ALL_READ(cases);
}

static void exit_codes_are_decimal_and_within_bounds(void **state)
{
	static const struct {
		const char *text;
		int error, code;
	} cases[] = {
		{"-1", 0, -1},
		{"-0", 0, 0},
		{"0", 0, 0},
		{"255", 0, 255},
		{"+3", 0, 3},
		{"03", 0, 3},
		{"010", 0, 10},
		{"0000000000000000000000255", 0, 255},
		{"256", -EINVAL, 0},
		{"-2", -EINVAL, 0},
		{"2559", -EINVAL, 0},
		{"99999999999999999999", -EINVAL, 0},
		{"-99999999999999999999", -EINVAL, 0},
		{"4294967296", -EINVAL, 0},
		{"18446744073709551616", -EINVAL, 0},
		{"1e2", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"0o7", -EINVAL, 0},
		{"1_0", -EINVAL, 0},
		{"1 2", -EINVAL, 0},
		{"+", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"+-1", -EINVAL, 0},
		{"three", -EINVAL, 0},
		{"true", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		struct buf b = BUF_INIT;
		struct stone s = {.code = cases[i / 2].code};

		buf_addf(&b, i % 2 == 0 ? "%s\n" : "ExitCode: \"%s\"", cases[i / 2].text);
		if (parse(b.data, &s) != cases[i / 2].error || s.code != cases[i / 2].code)
			fail_msg("'%s': code %d", b.data, s.code);
		buf_release(&b);
	}
}

static void carriage_returns_comments_and_markers_are_passed_over(void **state)
{
	static const struct reading cases[] = {
		{"ExitCode: 3\r\nEpitaph: a b\r\n", "ExitCode: 3\nEpitaph: \"a b\"\n"},
		{"\r\n\r\nExitCode: 3\r", "ExitCode: 3\n"},
		{"---\nExitCode: 3\n...\n", "ExitCode: 3\n"},
		{"--- # a stone\nExitCode: 3\n", "ExitCode: 3\n"},
		{"# Born: yesterday\n  # and so on\n\t\nExitCode: 3 # three\n", "ExitCode: 3\n"},
		{"ExitCode: \"3\"\t# three\r\n", "ExitCode: 3\n"},
	};

	ALL_READ(cases);
}

static void null_and_nothing_are_not_said(void **state)
{
	static const struct reading cases[] = {
		{"Born: null\nDied: ~\nReady:\nExitCode: \n", ""},
		{"Born: # later\nEpitaph: null # none\n", ""},
		{"Born:\n" BORN, BORN},
		{"Epitaph: ''\n", "Epitaph: \"\"\n"},
		{"Epitaph: \"null\"\n", "Epitaph: \"null\"\n"},
		{"Epitaph: '~'\n", "Epitaph: \"~\"\n"},
		{"Epitaph: Null\n", "Epitaph: \"Null\"\n"},
	};

	ALL_READ(cases);
}

static void other_fields_are_ignored_with_what_is_below_them(void **state)
{
	static const struct reading cases[] = {
		{"Pod: a\nExitCode: 3\n", "ExitCode: 3\n"},
		{"Pod: \"unclosed\nExitCode: 3\n", "ExitCode: 3\n"},
		{"Labels:\n  app: web\n  ExitCode: 1\n\n\n# note\n\ttab: 2\nExitCode: 3\n",
		 "ExitCode: 3\n"},
		{"Args:\n- ExitCode: 1\n- b\n-\n  c\nExitCode: 3\n", "ExitCode: 3\n"},
		{"Log: |\n  one\n\n  two: 2\nExitCode: 3\n", "ExitCode: 3\n"},
		{"Args:\n- a\n-1\n", "ExitCode: -1\n"},
		{"exitcode: 256\nEXITCODE: x\nExit Code: y\nExitCodes: z\n", ""},
		{"Pod: a\nPod: b\n", ""},
	};

	ALL_READ(cases);
}

static void epitaphs_are_bare_or_quoted(void **state)
{
	static const struct reading cases[] = {
		{"Epitaph: out of memory  \n", "Epitaph: \"out of memory\"\n"},
		{"Epitaph: killed: no#9 # by whom?\n", "Epitaph: \"killed: no#9\"\n"},
		{"Epitaph: #9\n", ""},
		{"Epitaph: a\\n\"b\" 'c'\n", "Epitaph: \"a\\\\n\\\"b\\\" 'c'\"\n"},
		{"Epitaph: 'it''s \\n # \"over\" '  # x\n",
		 "Epitaph: \"it's \\\\n # \\\"over\\\" \"\n"},
		{"Epitaph: ''''\n", "Epitaph: \"'\"\n"},
		{"Epitaph: \"a # b: c\\\\\"\n", "Epitaph: \"a # b: c\\\\\"\n"},
		{"Epitaph: \"\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\/\\\\\\\t\"\n",
		 "Epitaph: \"\\a\\b\\t\\n\\v\\f\\r\\e \\\"/\\\\\\t\"\n"},
		{"Epitaph: \"\\N\\_\\L\\P\"\n", "Epitaph: \"\\N\xc2\xa0\\L\\P\"\n"},
		{"Epitaph: \"\\x41\\xe4\\u20AC\\U0001f480\"\n",
		 "Epitaph: \"A\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\x80\"\n"},
	};

	ALL_READ(cases);
}

static void what_is_no_utf8_becomes_a_replacement_character(void **state)
{
#define FFFD "\xef\xbf\xbd"
	static const struct reading cases[] = {
		{"Epitaph: a\xff z\n", "Epitaph: \"a" FFFD " z\"\n"},
		{"Epitaph: \"\xc3\"\n", "Epitaph: \"" FFFD "\"\n"},
		{"Epitaph: '\x80'\n", "Epitaph: \"" FFFD "\"\n"},
		{"Epitaph: \xc0\xaf\n", "Epitaph: \"" FFFD FFFD "\"\n"},
		{"Epitaph: \xe0\x80\xaf\n", "Epitaph: \"" FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \xed\xa0\x80\n", "Epitaph: \"" FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \xf4\x90\x80\x80\n", "Epitaph: \"" FFFD FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \xf0\x9f\x92", "Epitaph: \"" FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \xf8\x88\x80\x80\x80\n", "Epitaph: \"" FFFD FFFD FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \"\\0\\x00\\u0000\\ud800\\U00110000\\UFFFFFFFF\"\n",
		 "Epitaph: \"" FFFD FFFD FFFD FFFD FFFD FFFD "\"\n"},
		{"Epitaph: \xf4\x8f\xbf\xbf\xed\x9f\xbf\n",
		 "Epitaph: \"\xf4\x8f\xbf\xbf\xed\x9f\xbf\"\n"},
	};
	static const char nul[] = "Epitaph: a\0b\n";
	struct stone s;

	ALL_READ(cases);
	assert_int_equal(stone_parse(nul, sizeof(nul) - 1, &s, NULL), 0);
	assert_string_equal(s.epitaph, "a" FFFD "b");
#undef FFFD
}

static void what_could_harm_a_terminal_is_escaped(void **state)
{
	static const struct reading cases[] = {
		{"Epitaph: \x01\x1b[2J\x7f\n", "Epitaph: \"\\x01\\e[2J\\x7F\"\n"},
		{"Epitaph: a\rb\n", "Epitaph: \"a\\rb\"\n"},
		{"Epitaph: \xc2\x80\xc2\x85\xc2\x9b\xc2\x9f\n",
		 "Epitaph: \"\\x80\\N\\x9B\\x9F\"\n"},
		{"Epitaph: \"\\u2028\\u2029\\uFEFF\\uFFFE\\uFFFF\\uFFFD\"\n",
		 "Epitaph: \"\\L\\P\\uFEFF\\uFFFE\\uFFFF\xef\xbf\xbd\"\n"},
		{"Epitaph: \"\\u061c\\u200e\\u200f\\u202a\\u202E\\u2066\\u2069\"\n",
		 "Epitaph: \"\\u061C\\u200E\\u200F\\u202A\\u202E\\u2066\\u2069\"\n"},
		{"Epitaph: \"\\u061b\\u200d\\u2010\\u2027\\u202f\\u206a\"\n",
		 "Epitaph: "
		 "\"\xd8\x9b\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\"\n"},
	};

	ALL_READ(cases);
}

static void an_epitaph_has_at_most_1024_bytes(void **state)
{
	static const struct {
		const char *before, *unit, *after;
		size_t fit; /* units that are still accepted */
	} cases[] = {
		{"Epitaph: ", "x", "\n", 1024},         {"Epitaph: '", "''", "'\n", 1024},
		{"Epitaph: \"", "\\x01", "\"\n", 1024}, {"Epitaph: \"", "\xc3\xa4", "\"\n", 512},
		{"Epitaph: \"", "\\xe4", "\"\n", 512},  {"Epitaph: \"", "\\U0001f480", "\"\n", 256},
		{"Epitaph: ", "\xff", "\n", 341},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = BUF_INIT;
		struct stone_error error;
		struct stone s;

		for (size_t extra = 0; extra <= 1; extra++) {
			buf_truncate(&b, 0);
			buf_adds(&b, cases[i].before);
			for (size_t n = 0; n < cases[i].fit + extra; n++)
				buf_adds(&b, cases[i].unit);
			buf_adds(&b, cases[i].after);
			assert_int_equal(stone_parse(b.data, b.len, &s, &error),
					 extra == 0 ? 0 : -EFBIG);
		}
		assert_in_range(strlen(s.epitaph), 1023, 1024);
		assert_string_equal(error.reason, "value is longer than 1024 bytes");
		assert_int_equal(strlen(error.text), sizeof(error.text) - 1 - (i == 3));
		buf_release(&b);
	}
}

static void only_an_epitaph_is_too_big(void **state)
{
	struct buf b = BUF_INIT;
	struct stone s;

	(void)state;
	buf_addf(&b, "Born: 2020-05-14T19:09:12.%02000dZ\n", 0);
	assert_int_equal(parse(b.data, &s), -EINVAL);
	buf_truncate(&b, 0);
	buf_addf(&b, "ExitCode: '%02000d'\n", 3);
	assert_int_equal(parse(b.data, &s), -EINVAL);
	buf_release(&b);
}

static void a_malformed_line_is_named_with_its_reason(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason, *beginning;
	} cases[] = {
		{"hello\n", 1, "neither FIELD: VALUE nor an exit code", "hello"},
		{BORN "ExitCode: 256\n", 2, "exit code is not between -1 and 255", "ExitCode: 256"},
		{"\n\nExitCode: x\r\n", 3, "not an exit code", "ExitCode: x"},
		{"ExitCode:3", 1, "neither FIELD: VALUE nor an exit code", "ExitCode:3"},
		{"3 4", 1, "not an exit code", "3 4"},
		{"ExitCode: ''", 1, "not an exit code", "ExitCode: ''"},
		{BORN BORN, 2, "said twice", "Born: \"2020-05-14T19:09:12.123Z\""},
		{"3\n4\n", 2, "said twice", "4"},
		{"ExitCode: 3\n3\n", 2, "said twice", "3"},
		{"Epitaph: a\nEpitaph: a\n", 2, "said twice", "Epitaph: a"},
		{"Born: yesterday\n", 1, "not a time of RFC 3339", "Born: yesterday"},
		{"Born: ''\n", 1, "not a time of RFC 3339", "Born: ''"},
		{"Ready: 2020-05-14T19:09:12\n", 1, "not a time of RFC 3339",
		 "Ready: 2020-05-14T19:09:12"},
		{"Died: 0001-01-01T00:00:00Z", 1, "time is not between the years 1678 and 2261",
		 "Died: 0001-01-01T00:00:00Z"},
		{"Epitaph: \"a\n", 1, "closing quote is missing", "Epitaph: \"a"},
		{"Epitaph: 'a''\n", 1, "closing quote is missing", "Epitaph: 'a''"},
		{"Epitaph: \"a\\\"\n", 1, "closing quote is missing", "Epitaph: \"a\\\""},
		{"Epitaph: \"a\\", 1, "unknown escape in double quotes", "Epitaph: \"a\\"},
		{"Epitaph: \"\\q\"", 1, "unknown escape in double quotes", "Epitaph: \"\\q\""},
		{"Epitaph: \"\\x1\"", 1, "unknown escape in double quotes", "Epitaph: \"\\x1\""},
		{"Epitaph: \"\\u12", 1, "unknown escape in double quotes", "Epitaph: \"\\u12"},
		{"Epitaph: \"a\" b\n", 1, "something follows the closing quote",
		 "Epitaph: \"a\" b"},
		{"Epitaph: 'a'# b\n", 1, "something follows the closing quote", "Epitaph: 'a'# b"},
		{"  Born: x\n", 1, "indented line or list item that continues no field",
		 "  Born: x"},
		{"Epitaph: a\n  b\n", 2, "indented line or list item that continues no field",
		 "  b"},
		{"Pod: a\n3\n 4", 3, "indented line or list item that continues no field", " 4"},
		{"- a\n", 1, "indented line or list item that continues no field", "- a"},
		{"\"ExitCode\": 3\n", 1, "field name is not a plain word", "\"ExitCode\": 3"},
		{"{\"ExitCode\": 3}\n", 1, "field name is not a plain word", "{\"ExitCode\": 3}"},
		{": 3\n", 1, "field name is not a plain word", ": 3"},
		{"!\x01\x1b[31m", 1, "neither FIELD: VALUE nor an exit code", "!\x01\x1b[31m"},
	};
	struct stone s = {.facts = 42};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stone_error error = {0};

		if (stone_parse(cases[i].text, strlen(cases[i].text), &s, &error) != -EINVAL)
			fail_msg("'%s' is accepted", cases[i].text);
		assert_int_equal(error.line, cases[i].line);
		assert_string_equal(error.reason, cases[i].reason);
		assert_string_equal(error.text, cases[i].beginning);
	}
	assert_int_equal(s.facts, 42);
}

/* xorshift64: the same stones in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Hostile bytes, `len` of them, as a writer may send them within double quotes. */
static void add_hostile(struct buf *b, uint64_t *seed, size_t len)
{
	static const char *const pieces[] = {
		"\x01",
		"\x1b]0;x\x07",
		"\x7f",
		"\r",
		"\t",
		"\\\"",
		"\\\\",
		"'",
		" # ",
		": ",
		"\xc2\x85",
		"\xe2\x80\xae",
		"\xe2\x81\xa6",
		"\xef\xbb\xbf",
		"\xe2\x80\xa8",
		"\xff",
		"\xc3",
		"\xed\xa0\x80",
		"\xf0\x9f\x92",
		"\xf0\x9f\x92\x80",
		"\\n",
		"\\0",
		"\\ud83d",
		"\\e",
		"a",
		"\xd8\x9c",
		"\xef\xbf\xbf",
		"\\U0010ffff",
		" ",
		"null",
	};

	while (b->len < len) {
		uint64_t random = next_random(seed);
		char byte = (char)(random >> 32);

		if (random % 3 == 0 && byte != '\n' && byte != '"' && byte != '\\')
			buf_add(b, &byte, 1);
		else
			buf_adds(b, pieces[random % COUNT(pieces)]);
	}
}

static void random_stone(uint64_t *seed, struct stone *ret_stone)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "Epitaph: \"");
	add_hostile(&b, seed, 10 + next_random(seed) % 300);
	buf_adds(&b, "\"\n");
	assert_int_equal(stone_parse(b.data, b.len, ret_stone, NULL), 0);
	buf_release(&b);
	ret_stone->born = (int64_t)next_random(seed);
	ret_stone->ready = (int64_t)next_random(seed);
	ret_stone->died = (int64_t)next_random(seed);
	ret_stone->code = (int)(next_random(seed) % 257) - 1;
	ret_stone->facts = (unsigned)next_random(seed) & (FACT_BIT(FACT_COUNT) - 1);
}

/* What is not said is zero after parsing. */
static void clear_unsaid(struct stone *s)
{
	s->born = stone_has(s, FACT_BORN) ? s->born : 0;
	s->ready = stone_has(s, FACT_READY) ? s->ready : 0;
	s->died = stone_has(s, FACT_DIED) ? s->died : 0;
	s->code = stone_has(s, FACT_CODE) ? s->code : 0;
	if (!stone_has(s, FACT_EPITAPH))
		memset(s->epitaph, 0, sizeof(s->epitaph));
}

static void what_is_written_is_read_back(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf b = BUF_INIT;
		struct stone s, back;

		random_stone(&seed, &s);
		clear_unsaid(&s);
		stone_format(&s, &b);
		assert_int_equal(stone_parse(b.data, b.len, &back, NULL), 0);
		assert_same(&s, &back);
		assert_true(b.len <= STONE_TEXT_MAX);
		for (size_t at = 0; at < b.len; at++)
			assert_true(b.data[at] == '\n' || (unsigned char)b.data[at] >= ' ');
		buf_release(&b);
	}
}

static void the_longest_stone_is_within_its_bound(void **state)
{
	struct stone s = {
		.facts = FACT_BIT(FACT_COUNT) - 1,
		.born = INT64_MIN,
		.ready = INT64_MIN,
		.died = INT64_MIN,
		.code = 255,
	};
	struct buf b = BUF_INIT;
	struct stone back;

	(void)state;
	memset(s.epitaph, 1, STONE_EPITAPH_MAX);
	stone_format(&s, &b);
	assert_in_range(b.len, 4 * STONE_EPITAPH_MAX, STONE_TEXT_MAX);
	assert_int_equal(stone_parse(b.data, b.len, &back, NULL), 0);
	assert_same(&s, &back);
	buf_release(&b);
}

static void no_beginning_of_a_stone_is_read_past_its_end(void **state)
{
	static const char text[] =
		BORN DIED "ExitCode: 3\nEpitaph: \"\\u20ac \xe2\x82\xac\" # end\n";
	struct stone s;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		/* A copy of its own, for the sanitizer and valgrind to see its end. */
		char *copy = test_malloc(len + 1);
		int r;

		memcpy(copy + 1, text, len);
		r = stone_parse(copy + 1, len, &s, NULL);
		assert_true(r == 0 || r == -EINVAL);
		test_free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_kubexit_writes_is_read),
		cmocka_unit_test(any_subset_in_any_order_is_written_in_one),
		cmocka_unit_test(a_bare_integer_is_an_exit_code),
		cmocka_unit_test(exit_codes_are_decimal_and_within_bounds),
		cmocka_unit_test(carriage_returns_comments_and_markers_are_passed_over),
		cmocka_unit_test(null_and_nothing_are_not_said),
		cmocka_unit_test(other_fields_are_ignored_with_what_is_below_them),
		cmocka_unit_test(epitaphs_are_bare_or_quoted),
		cmocka_unit_test(what_is_no_utf8_becomes_a_replacement_character),
		cmocka_unit_test(what_could_harm_a_terminal_is_escaped),
		cmocka_unit_test(an_epitaph_has_at_most_1024_bytes),
		cmocka_unit_test(only_an_epitaph_is_too_big),
		cmocka_unit_test(a_malformed_line_is_named_with_its_reason),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_longest_stone_is_within_its_bound),
		cmocka_unit_test(no_beginning_of_a_stone_is_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
