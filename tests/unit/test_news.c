/* SPDX-License-Identifier: Apache-2.0 */
#include "news.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_store.h"
#include "yard.h"

#define TEXT_MAX 4096

/* As "a ~ .died+": NAME is modified, .died/NAME created. */
static void add_words(const struct news *news, char text[TEXT_MAX])
{
	static const char *const words[] = {"+",       "~",      ".born+", ".ready+",
					    ".ready-", ".died+", ".died~", ".died-"};
	size_t len = strlen(text);

	len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s%s", len ? ", " : "", news->name);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (news->of & 1u << i)
			len += (size_t)snprintf(text + len, TEXT_MAX - len, " %s", words[i]);
}

/* Requires the news of what happened after `after`, in one slice. */
static void assert_news(struct yard *y, uint64_t after, const char *expected)
{
	struct news news[NEWS_SLICE];
	size_t count = graveyard_seq(y->graveyard) - after;
	char text[TEXT_MAX] = "";

	news_read(y->store, after, count, news);
	for (size_t i = 0; i < count; i++)
		if (news[i].of)
			add_words(&news[i], text);
	assert_string_equal(text, expected);
}

static uint64_t seq_of(struct yard *y)
{
	return graveyard_seq(y->graveyard);
}

static void each_event_is_told_in_the_directories_where_it_shows(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_news(y, 0, "a + .born+");
	yard_tell(y, "a", DEED_STONE, "ewhy");
	assert_news(y, 1, "a ~");
	yard_tell(y, "a", DEED_READY, NULL);
	assert_news(y, 2, "a ~ .ready+");
	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_news(y, 3, "a ~ .ready- .died+");
	yard_tell(y, "a", DEED_DEATH, "c3");
	assert_news(y, 4, "a ~ .died~");
}

static void one_that_was_never_ready_is_not_taken_off_the_ready(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_news(y, 1, "a ~ .died+");
}

static void a_rebirth_changes_what_is_there(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_DEATH, NULL);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_news(y, 2, "a ~ .born+ .died-");
}

static void a_birth_after_a_removal_is_one_of_a_new_name(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_DEATH, NULL);
	assert_int_equal(yard_remove(y, "a"), 0);
	yard_commit(y);
	yard_tell(y, "a", DEED_BIRTH, NULL);
	assert_news(y, 2, "a + .born+");
}

static void whoever_removes_or_hands_over_is_told_of_by_the_kernel(void **state)
{
	struct yard *y = *state;
	uint64_t before;

	yard_tell(y, "a", DEED_BIRTH, NULL);
	yard_tell(y, "b", DEED_BIRTH, NULL);
	before = seq_of(y);
	assert_int_equal(yard_chown(y, "a", SOMEBODY + 1, 0), 0);
	yard_commit(y);
	assert_int_equal(yard_remove(y, "b"), 0);
	yard_commit(y);
	assert_int_equal(graveyard_fresh(y->graveyard, NOW * SECOND), 0);
	yard_commit(y);
	assert_int_equal(seq_of(y), before + 3);
	assert_news(y, before, "");
}

static void what_comes_again_is_told_once_and_last(void **state)
{
	struct yard *y = *state;

	yard_tell(y, "a", DEED_DEATH, NULL);
	for (int i = 0; i < 3; i++) {
		yard_tell(y, "a", DEED_BIRTH, NULL);
		yard_tell(y, "b", DEED_BIRTH, NULL);
		yard_tell(y, "a", DEED_DEATH, NULL);
	}
	assert_news(y, 0, "a +, b + .born+, a .born+ .died-, a ~ .died+");
}

static void what_cannot_be_read_is_left_out(void **state)
{
	struct yard *y = *state;
	struct news news[3];

	yard_tell(y, "a", DEED_BIRTH, NULL);
	news_read(y->store, 0, 3, news);
	assert_int_equal(news[0].of, NEWS_CREATE | NEWS_BORN_CREATE);
	assert_int_equal(news[1].of, 0);
	assert_int_equal(news[2].of, 0);
}

static void a_full_socket_is_gone_on_with_where_it_was(void **state)
{
	struct yard *y = *state;
	uint64_t seq = 0, told = 0;
	struct news news;
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int)), 0);
	for (int i = 0; i < 100; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "n%d", i);
		yard_tell(y, name, DEED_BIRTH, NULL);
	}
	while ((r = news_hand_over(y->graveyard, fds[0], &seq)) == 0 && seq < 100)
		;
	assert_int_equal(r, -EAGAIN);
	assert_in_range(seq, 1, 99);
	while (told < 100) {
		char name[8];

		(void)snprintf(name, sizeof(name), "n%d", (int)told++);
		assert_true(recv(fds[1], &news, sizeof(news), MSG_DONTWAIT) > 0);
		assert_string_equal(news.name, name);
		assert_int_equal(news.of, NEWS_CREATE | NEWS_BORN_CREATE);
		if (told == seq && told < 100)
			(void)news_hand_over(y->graveyard, fds[0], &seq);
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, yard_setup, yard_teardown)
		TEST(each_event_is_told_in_the_directories_where_it_shows),
		TEST(one_that_was_never_ready_is_not_taken_off_the_ready),
		TEST(a_rebirth_changes_what_is_there),
		TEST(a_birth_after_a_removal_is_one_of_a_new_name),
		TEST(whoever_removes_or_hands_over_is_told_of_by_the_kernel),
		TEST(what_comes_again_is_told_once_and_last),
		TEST(what_cannot_be_read_is_left_out),
		TEST(a_full_socket_is_gone_on_with_where_it_was),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
