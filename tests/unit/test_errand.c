/* SPDX-License-Identifier: Apache-2.0 */
/* The test is the keeper; the worker is a child of its own each time, or nobody but a message. */
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGE_MAX 4096

static char top[] = "/tmp/test_errand.XXXXXX";
static int directory;
static int keepers, workers; /* the ends of the pair */

/* What a worker does; its exit status is the errno. */
typedef int deed(const void *arg);

static bool is_over(pid_t pid, int *ret_status)
{
	return waitpid(pid, ret_status, WNOHANG) == pid;
}

/* The -errno that the worker was answered. */
static int run(deed *worker, const void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(-worker(arg));
	while (!is_over(pid, &status)) {
		assert_false(errand_do(keepers, directory));
		(void)usleep(100);
	}
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

struct wanted {
	unsigned place;
	const char *name, *text;
};

static int want(const void *arg)
{
	const struct wanted *wanted = arg;
	char text[64] = "";
	int fd = -1, r = errand_open(workers, (enum place)wanted->place, wanted->name, &fd);

	if (r < 0)
		return r;
	if (read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	return strcmp(text, wanted->text) == 0 ? 0 : -EBADMSG;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("g", 0777) < 0 || mkdir("g/.died", 0777) < 0)
		return -1;
	directory = open("g", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	keepers = fds[0];
	workers = fds[1];
	write_file("../outside", "secret", 0600);
	write_file("a", "a stone", 0600);
	write_file(".died/d", "a death", 0600);
	write_file(".hidden", "hidden", 0600);
	return symlinkat("../outside", directory, "link") < 0 || mkfifo("g/fifo", 0600) < 0 ||
			       mkdir("g/sub", 0777) < 0 || symlink("..", "g/.ready") < 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command); /* NOLINT(cert-env33-c) */
}

static void a_stone_is_opened(void **state)
{
	const struct wanted root = {PLACE_ROOT, "a", "a stone"};
	const struct wanted died = {PLACE_DIED, "d", "a death"};

	(void)state;
	assert_int_equal(run(want, &root), 0);
	assert_int_equal(run(want, &died), 0);
}

static void what_is_no_stone_is_not_opened(void **state)
{
	static const struct {
		struct wanted wanted;
		int r;
	} cases[] = {
		{{PLACE_ROOT, "", NULL}, -EINVAL},
		{{PLACE_ROOT, ".", NULL}, -EINVAL},
		{{PLACE_ROOT, "..", NULL}, -EINVAL},
		{{PLACE_ROOT, ".hidden", NULL}, -EINVAL},
		{{PLACE_DIED, ".hidden", NULL}, -EINVAL},
		{{PLACE_ROOT, "../outside", NULL}, -EINVAL},
		{{PLACE_ROOT, "sub/../a", NULL}, -EINVAL},
		{{PLACE_ROOT, "/etc/passwd", NULL}, -EINVAL},
		{{PLACE_ROOT, "fifo", NULL}, -EINVAL},
		{{PLACE_ROOT, "sub", NULL}, -EINVAL},
		{{PLACE_ROOT, "link", NULL}, -EINVAL},
		{{PLACE_READY, "outside", NULL}, -ELOOP}, /* the place is a link */
		{{PLACE_BORN, "a", NULL}, -ENOENT},
		{{PLACE_COUNT, "a", NULL}, -EINVAL},
		{{UINT32_MAX, "a", NULL}, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = run(want, &cases[i].wanted);

		if (r != cases[i].r)
			fail_msg("%u, '%s': %d", cases[i].wanted.place, cases[i].wanted.name, r);
	}
}

/* A message as a worker sends it. */
static size_t capture(const struct wanted *wanted, char message[MESSAGE_MAX])
{
	pid_t pid = fork();
	ssize_t n;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(-want(wanted));
	n = recv(keepers, message, MESSAGE_MAX, 0);
	assert_true(n > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return (size_t)n;
}

/* Hands it to the keeper. The answer; what was opened, if anything, is in ret_fd. */
static int32_t hand_in(const char *message, size_t len, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	int32_t answer;
	struct iovec iov = {&answer, sizeof(answer)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	*ret_fd = -1;
	assert_int_equal(send(workers, message, len, 0), len);
	if (errand_do(keepers, directory))
		return 0;
	assert_int_equal(recvmsg(workers, &msg, MSG_DONTWAIT), sizeof(answer));
	if (CMSG_FIRSTHDR(&msg))
		memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*ret_fd));
	return answer;
}

static void a_message_of_another_length_is_refused(void **state)
{
	const struct wanted wanted = {PLACE_ROOT, "a", NULL};
	char message[MESSAGE_MAX] = {0};
	size_t len = capture(&wanted, message);

	(void)state;
	for (size_t n = 0; n < len + 64; n++) {
		int fd, r = hand_in(message, n, &fd);

		assert_int_equal(r, n == len ? 0 : -EINVAL);
		assert_int_equal(fd >= 0, n == len);
		if (fd >= 0)
			(void)close(fd);
	}
}

static void a_name_without_an_end_is_refused(void **state)
{
	const struct wanted wanted = {PLACE_ROOT, "captured", NULL};
	char message[MESSAGE_MAX];
	size_t len = capture(&wanted, message);
	char *name = memmem(message, len, "captured", 8);
	int fd;

	(void)state;
	assert_non_null(name);
	memset(name, 'a', (size_t)(message + len - name));
	assert_int_equal(hand_in(message, len, &fd), -EINVAL);
	assert_int_equal(fd, -1);
}

/* Whatever is changed in it, nothing comes back but one of the two stones. */
static void whatever_it_says_nothing_else_is_opened(void **state)
{
	const struct wanted wanted = {PLACE_DIED, "d", NULL};
	char message[MESSAGE_MAX];
	size_t len = capture(&wanted, message);
	struct stat a, d, st;

	(void)state;
	assert_int_equal(fstatat(directory, "a", &a, 0), 0);
	assert_int_equal(fstatat(directory, ".died/d", &d, 0), 0);
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		char changed[MESSAGE_MAX];
		int fd;

		memcpy(changed, message, len);
		for (long n = random() % 3; n >= 0; n--)
			changed[random() % 24] = (char)(random() % 4 ? random() % 4 : random());
		(void)hand_in(changed, len, &fd);
		if (fd < 0)
			continue;
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(st.st_ino == a.st_ino || st.st_ino == d.st_ino);
		(void)close(fd);
	}
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static int give(const void *arg)
{
	const struct owner *owner = arg;

	return errand_chown(workers, owner->uid, owner->gid);
}

static void expect_owner(const char *name, uid_t uid)
{
	struct stat st;

	assert_int_equal(fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_uid, uid);
}

static void only_the_unfinished_stone_is_given_away(void **state)
{
	static const struct owner owner = {1000, 1001};

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run(give, &owner), -ENOENT);
	write_file(UNFINISHED_STONE, "a stone", 0644);
	assert_int_equal(run(give, &owner), 0);
	expect_owner(UNFINISHED_STONE, 1000);
	/* Not a second time: it is not the daemon's any more. */
	assert_int_equal(run(give, &owner), -EPERM);
	assert_int_equal(unlinkat(directory, UNFINISHED_STONE, 0), 0);

	assert_int_equal(linkat(AT_FDCWD, "outside", directory, UNFINISHED_STONE, 0), 0);
	assert_int_equal(run(give, &owner), -EPERM);
	expect_owner("../outside", 0);
	assert_int_equal(unlinkat(directory, UNFINISHED_STONE, 0), 0);

	assert_int_equal(symlinkat("../outside", directory, UNFINISHED_STONE), 0);
	assert_int_equal(run(give, &owner), -EINVAL);
	expect_owner("../outside", 0);
	assert_int_equal(unlinkat(directory, UNFINISHED_STONE, 0), 0);
}

static void what_is_not_about_files_is_left_to_the_keeper(void **state)
{
	(void)state;
	assert_false(errand_do(keepers, directory));
	assert_int_equal(errand_unmount(workers), 0);
	assert_int_equal(errand_do(keepers, directory), ERRAND_LEFT_UNMOUNT);
	assert_false(errand_do(keepers, directory));
	assert_int_equal(errand_ready(workers), 0);
	assert_int_equal(errand_do(keepers, directory), ERRAND_LEFT_READY);
	assert_false(errand_do(keepers, directory));
}

static void the_keeper_waits_for_no_worker(void **state)
{
	char answer[64];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(send(workers, "?", 1, MSG_DONTWAIT), 1);
		assert_false(errand_do(keepers, directory));
	}
	while (send(workers, "?", 1, MSG_DONTWAIT) == 1)
		;
	errand_forget(keepers, workers);
	assert_int_equal(recv(keepers, answer, sizeof(answer), MSG_DONTWAIT), -1);
	assert_int_equal(recv(workers, answer, sizeof(answer), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stone_is_opened),
		cmocka_unit_test(what_is_no_stone_is_not_opened),
		cmocka_unit_test(a_message_of_another_length_is_refused),
		cmocka_unit_test(a_name_without_an_end_is_refused),
		cmocka_unit_test(whatever_it_says_nothing_else_is_opened),
		cmocka_unit_test(only_the_unfinished_stone_is_given_away),
		cmocka_unit_test(what_is_not_about_files_is_left_to_the_keeper),
		cmocka_unit_test(the_keeper_waits_for_no_worker),
	};

	if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == ENOSYS) {
		(void)fputs("skipped: this kernel (or this valgrind) has no openat2\n", stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
