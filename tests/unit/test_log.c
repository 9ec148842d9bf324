/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error is a pipe during a test; what failed is told once it is itself again. */
struct capture {
	int saved, reader;
	char text[8192];
};

static void capture_begin(struct capture *c)
{
	int ends[2];

	/* Written to blocking, as a real one: a logger that does not ask first would hang here. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	c->saved = dup(STDERR_FILENO);
	assert_true(c->saved >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(ends[1]);
	c->reader = ends[0];
	record_setup(RECORD_INFO, false, NULL);
}

/* What was logged since the last call. */
static const char *capture_read(struct capture *c)
{
	ssize_t n = read(c->reader, c->text, sizeof(c->text) - 1);

	c->text[n > 0 ? n : 0] = '\0';
	return c->text;
}

static void capture_end(struct capture *c)
{
	(void)capture_read(c);
	(void)dup2(c->saved, STDERR_FILENO);
	(void)close(c->saved);
	(void)close(c->reader);
	record_setup(RECORD_INFO, false, NULL);
}

static void a_message_is_one_line_with_its_level(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_error("unable to open '%s'", "x");
	log_warning("%d of %d", 1, 2);
	log_info("hello");
	capture_end(&c);
	assert_string_equal(c.text, "level=error msg=\"unable to open 'x'\"\n"
				    "level=warning msg=\"1 of 2\"\n"
				    "level=info msg=hello\n");
}

static void messages_above_the_level_are_not_written(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_debug("at first");
	record_setup(RECORD_ERROR, false, NULL);
	log_warning("no");
	log_error("yes");
	record_event(RECORD_EVENT, "always", "a", "b");
	record_setup(RECORD_DEBUG, false, NULL);
	log_debug("now");
	capture_end(&c);
	assert_string_equal(c.text, "level=error msg=yes\n"
				    "level=info event=always a=b\n"
				    "level=debug msg=now\n");
}

static void a_record_with_more_to_tell_may_have_a_message(void **state)
{
	struct capture c;
	struct record r;

	(void)state;
	capture_begin(&c);
	record_setup(RECORD_INFO, true, NULL);
	record_begin(&r, RECORD_WARNING, "found");
	log_text(&r, "%d \"%s\"", 3, "x\n");
	record_end(&r);
	log_info("%s", "</script>");
	capture_end(&c);
	assert_string_equal(
		c.text,
		"{\"level\":\"warning\",\"event\":\"found\",\"msg\":\"3 \\\"x\\u000a\\\"\"}\n"
		"{\"level\":\"info\",\"msg\":\"\\u003c/script\\u003e\"}\n");
}

static void control_characters_are_made_harmless(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_info("%s", "a\nb\x1b[31m\x7f\r\tc \xc2\x9b"
		       "2J \xc3\xa4 \xc2\xa0 \xc2");
	capture_end(&c);
	assert_string_equal(c.text,
			    "level=info msg=\"a\\u000ab\\u001b[31m\\u007f\\u000d\\u0009c \\u009b"
			    "2J \xc3\xa4 \xc2\xa0 \\ufffd\"\n");
}

static void a_line_has_at_most_1024_bytes(void **state)
{
	static const char *const fillers[] = {"x", "\x01"};
	struct capture c;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[3000];
		size_t len;

		memset(text, fillers[i][0], sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		capture_begin(&c);
		log_info("%s", text);
		capture_end(&c);
		len = strlen(c.text);
		assert_in_range(len, 1000, 1024);
		assert_ptr_equal(strchr(c.text, '\n'), c.text + len - 1);
	}
}

static void errno_is_kept_and_can_be_told(void **state)
{
	struct capture c;
	int after;

	(void)state;
	capture_begin(&c);
	errno = ENOENT;
	log_error("%m");
	after = errno;
	capture_end(&c);
	assert_int_equal(after, ENOENT);
	assert_string_equal(c.text, "level=error msg=\"No such file or directory\"\n");
}

/* Fills the pipe to the last byte, so that even a short line would block. */
static void fill(void)
{
	char block[4096];

	memset(block, '-', sizeof(block));
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
	for (size_t size = sizeof(block); size > 0; size /= 2) {
		while (write(STDERR_FILENO, block, size) > 0)
			;
	}
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
}

static void drain(const struct capture *c)
{
	char block[4096];

	while (read(c->reader, block, sizeof(block)) > 0)
		;
}

static void a_full_pipe_drops_messages_and_tells_how_many(void **state)
{
	struct capture c;
	int after;

	(void)state;
	capture_begin(&c);
	fill();
	errno = ENOENT;
	for (int i = 0; i < 3; i++)
		log_error("lost");
	log_debug("not counted");
	after = errno;
	drain(&c);
	log_info("first");
	log_info("second");
	capture_end(&c);
	assert_int_equal(after, ENOENT);
	assert_string_equal(c.text, "level=warning msg=\"messages lost, as nobody read them\" "
				    "count=3\n"
				    "level=info msg=first\n"
				    "level=info msg=second\n");
}

static void a_pipe_without_a_reader_raises_no_signal(void **state)
{
	struct capture c;
	int ends[2];

	(void)state;
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	capture_begin(&c);
	assert_int_equal(pipe(ends), 0);
	(void)close(c.reader);
	log_error("nobody hears this");
	/* Heard again, and told. */
	c.reader = ends[0];
	(void)dup2(ends[1], STDERR_FILENO);
	(void)close(ends[1]);
	record_setup(RECORD_INFO, false, NULL);
	log_error("back");
	capture_end(&c);
	assert_non_null(strstr(c.text, "messages lost, as nobody read them\" count=1\n"));
	assert_non_null(strstr(c.text, "level=error msg=back\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line_with_its_level),
		cmocka_unit_test(messages_above_the_level_are_not_written),
		cmocka_unit_test(a_record_with_more_to_tell_may_have_a_message),
		cmocka_unit_test(control_characters_are_made_harmless),
		cmocka_unit_test(a_line_has_at_most_1024_bytes),
		cmocka_unit_test(errno_is_kept_and_can_be_told),
		cmocka_unit_test(a_full_pipe_drops_messages_and_tells_how_many),
		cmocka_unit_test(a_pipe_without_a_reader_raises_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
