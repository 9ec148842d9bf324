/* SPDX-License-Identifier: Apache-2.0 */
/* With real processes. Meson runs it twice: as it is, and with GRAVEYARDFS_WITHOUT=pidfd-info. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/without.h"

/* How long something that is to happen is waited for. */
#define PATIENCE_MS 20000

/*
 * A child does as it was told once it hears of it. What it tells first is the number of one of its
 * threads.
 */
struct child {
	pid_t pid, tid;
	int ears, mouth;
};

typedef void behave(int ears, int mouth);

static void hear(int ears)
{
	char c;

	if (read(ears, &c, 1) != 1)
		_exit(99);
}

static void tell(int mouth, pid_t pid)
{
	if (write(mouth, &pid, sizeof(pid)) != sizeof(pid))
		_exit(99);
}

static struct child start(behave *behaviour)
{
	struct child child;
	int there[2], back[2];

	assert_int_equal(pipe2(there, O_CLOEXEC), 0);
	assert_int_equal(pipe2(back, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		static const struct rlimit no_core = {0, 0};

		(void)close(there[1]);
		(void)setrlimit(RLIMIT_CORE, &no_core);
		behaviour(there[0], back[1]);
		_exit(98);
	}
	(void)close(there[0]);
	(void)close(back[1]);
	child.mouth = there[1];
	child.ears = back[0];
	assert_int_equal(read(child.ears, &child.tid, sizeof(child.tid)), sizeof(child.tid));
	return child;
}

static void go_on(const struct child *child)
{
	assert_int_equal(write(child->mouth, "", 1), 1);
}

/* Until it is a zombie. */
static void await_exit(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void reap(const struct child *child)
{
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	(void)close(child->ears);
	(void)close(child->mouth);
}

static void exit_0(int ears, int mouth)
{
	tell(mouth, gettid());
	hear(ears);
	_exit(0);
}

static void exit_7(int ears, int mouth)
{
	tell(mouth, gettid());
	hear(ears);
	_exit(7);
}

static void be_killed(int ears, int mouth)
{
	tell(mouth, gettid());
	hear(ears);
	(void)raise(SIGKILL);
}

static void be_wrong(int ears, int mouth)
{
	tell(mouth, gettid());
	hear(ears);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
}

struct thread {
	int ears, mouth;
	pthread_t awaited; /* before it tells anything, if `awaits` */
	bool awaits;
};

static void *exit_7_from_here(void *arg)
{
	const struct thread *thread = arg;

	if (thread->awaits && pthread_join(thread->awaited, NULL) != 0)
		_exit(97);
	exit_7(thread->ears, thread->mouth);
	return NULL;
}

static void run_thread(struct thread *thread)
{
	pthread_t id;

	if (pthread_create(&id, NULL, exit_7_from_here, thread) != 0)
		_exit(97);
}

static void second_thread_exits(int ears, int mouth)
{
	struct thread thread = {.ears = ears, .mouth = mouth};

	run_thread(&thread);
	for (;;)
		(void)pause();
}

static void first_thread_goes_before(int ears, int mouth)
{
	static struct thread thread;

	thread = (struct thread){ears, mouth, pthread_self(), true};
	run_thread(&thread);
	pthread_exit(NULL);
}

static void have_a_strange_name(int ears, int mouth)
{
	(void)prctl(PR_SET_NAME, "a) S (1 2\n)");
	exit_0(ears, mouth);
}

/* A child that has a child: whose exit it tells of, and whom it reaps when it hears so. */
static void have_a_child(int ears, int mouth)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0) {
		hear(ears);
		_exit(7);
	}
	tell(mouth, pid);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		_exit(96);
	tell(mouth, pid);
	hear(ears);
	if (waitpid(pid, NULL, 0) != pid)
		_exit(96);
	hear(ears);
	_exit(0);
}

/* Does the kernel tell how a process ended? Asked of one that just did. */
static bool kernel_tells_codes(void)
{
	struct child child = start(exit_0);
	struct process process;
	int code, r;

	assert_int_equal(process_open(child.pid, &process), 0);
	go_on(&child);
	reap(&child);
	r = process_code(process.fd, &code);
	(void)close(process.fd);
	return r == 0;
}

static void need_codes(void)
{
	if (without("pidfd-info"))
		return;
	if (!kernel_tells_codes()) {
		print_message(
			"skipped: this kernel does not tell how a process ended (6.15 does)\n");
		skip();
	}
}

static int expected(int r)
{
	return without("pidfd-info") ? -ENODATA : r;
}

/* Opens it by a thread's number, and follows it to its end and beyond. */
static void check_end(behave *behaviour, int want)
{
	struct child child = start(behaviour);
	struct process process = {0};
	int code = -1;

	assert_int_equal(process_open(child.tid, &process), 0);
	assert_int_equal(process.pid, child.pid);
	assert_true(process.start > 0);
	assert_int_equal(fcntl(process.fd, F_GETFD), FD_CLOEXEC);
	assert_false(process_over(process.fd));
	assert_int_equal(process_code(process.fd, &code), expected(-EAGAIN));

	go_on(&child);
	await_exit(child.pid);
	assert_true(process_over(process.fd));
	assert_int_equal(process_code(process.fd, &code), expected(-EAGAIN));
	assert_int_equal(code, -1);

	reap(&child);
	assert_true(process_over(process.fd));
	assert_int_equal(process_code(process.fd, &code), expected(0));
	assert_int_equal(code, expected(0) == 0 ? want : -1);
	(void)close(process.fd);
}

static void an_exit_status_is_told_once_it_is_reaped(void **state)
{
	(void)state;
	need_codes();
	check_end(exit_0, 0);
	check_end(exit_7, 7);
}

static void a_signal_is_told_as_shells_do(void **state)
{
	(void)state;
	need_codes();
	check_end(be_killed, 128 + SIGKILL);
	check_end(be_wrong, 128 + SIGSEGV);
}

static void a_threads_number_leads_to_its_process(void **state)
{
	(void)state;
	need_codes();
	check_end(second_thread_exits, 7);
}

static void a_process_is_over_with_its_last_thread(void **state)
{
	(void)state;
	need_codes();
	check_end(first_thread_goes_before, 7);
}

static void names_with_spaces_and_parentheses_change_nothing(void **state)
{
	struct child plain = start(exit_0), strange = start(have_a_strange_name);
	struct process a, b;

	(void)state;
	assert_int_equal(process_open(plain.pid, &a), 0);
	assert_int_equal(process_open(strange.pid, &b), 0);
	/* The first was started before the second, and not a minute before. */
	assert_in_range(b.start - a.start, 0, 60 * sysconf(_SC_CLK_TCK));
	(void)close(a.fd);
	(void)close(b.fd);
	go_on(&plain);
	reap(&plain);
	go_on(&strange);
	reap(&strange);
}

static void a_process_is_opened_again_until_it_is_reaped(void **state)
{
	struct child child = start(exit_0);
	struct process process;
	int fd;

	(void)state;
	assert_int_equal(process_open(child.pid, &process), 0);
	(void)close(process.fd);

	assert_int_equal(process_reopen(process.pid, process.start, &fd), 0);
	assert_false(process_over(fd));
	(void)close(fd);

	go_on(&child);
	await_exit(child.pid);
	assert_int_equal(process_reopen(process.pid, process.start, &fd), 0);
	assert_true(process_over(fd));
	(void)close(fd);
	assert_int_equal(process_open(child.pid, &process), 0);
	(void)close(process.fd);

	reap(&child);
	fd = -1;
	assert_int_equal(process_reopen(process.pid, process.start, &fd), -ESRCH);
	assert_int_equal(process_open(child.pid, &process), -ESRCH);
	assert_int_equal(fd, -1);
}

static void another_process_of_that_number_is_not_opened(void **state)
{
	struct child child = start(second_thread_exits);
	struct process process;
	int fd = -1;

	(void)state;
	assert_int_equal(process_open(child.pid, &process), 0);
	(void)close(process.fd);
	assert_int_equal(process_reopen(process.pid, process.start + 1, &fd), -ESRCH);
	assert_int_equal(process_reopen(process.pid, process.start - 1, &fd), -ESRCH);
	assert_int_equal(process_reopen(process.pid, 0, &fd), -ESRCH);
	/* The number is a thread's now. */
	assert_int_equal(process_reopen(child.tid, process.start, &fd), -ESRCH);
	assert_int_equal(fd, -1);
	go_on(&child);
	reap(&child);
}

static void nobody_is_nobody(void **state)
{
	struct process process = {.fd = -42};
	int fd = -42;

	(void)state;
	assert_int_equal(process_open(0, &process), -ESRCH);
	assert_int_equal(process_open(-1, &process), -ESRCH);
	assert_int_equal(process_open(INT32_MAX, &process), -ESRCH);
	assert_int_equal(process_reopen(0, 1, &fd), -ESRCH);
	assert_int_equal(process_reopen(-1, 1, &fd), -ESRCH);
	assert_int_equal(process_reopen(INT32_MAX, 1, &fd), -ESRCH);
	assert_int_equal(process.fd, -42);
	assert_int_equal(fd, -42);
}

/* What is told of a process that is somebody else's child, as a lease's holder is. */
static void reaping_wakes_whoever_asked_for_nothing_else(void **state)
{
	struct child child;
	struct process process;
	struct pollfd fd;
	pid_t pid;
	int code;

	(void)state;
	need_codes();
	if (without("pidfd-info"))
		return;
	child = start(have_a_child);
	assert_int_equal(process_open(child.tid, &process), 0);
	fd = (struct pollfd){.fd = process.fd};

	go_on(&child);
	assert_int_equal(read(child.ears, &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(pid, process.pid);
	assert_true(process_over(process.fd));
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(process_code(process.fd, &code), -EAGAIN);

	go_on(&child);
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_int_equal(fd.revents, POLLHUP);
	assert_int_equal(process_code(process.fd, &code), 0);
	assert_int_equal(code, 7);

	(void)close(process.fd);
	go_on(&child);
	reap(&child);
}

static void what_is_no_pidfd_tells_nothing(void **state)
{
	int ends[2], code = -1;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(process_code(ends[0], &code), -ENODATA);
	assert_false(process_over(ends[0]));
	assert_int_equal(code, -1);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void a_boot_has_one_id(void **state)
{
	char id[37] = "", again[37] = "";

	(void)state;
	assert_int_equal(process_boot_id(id), 0);
	assert_int_equal(process_boot_id(again), 0);
	assert_int_equal(strlen(id), 36);
	assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
	assert_string_equal(id, again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_status_is_told_once_it_is_reaped),
		cmocka_unit_test(a_signal_is_told_as_shells_do),
		cmocka_unit_test(a_threads_number_leads_to_its_process),
		cmocka_unit_test(a_process_is_over_with_its_last_thread),
		cmocka_unit_test(names_with_spaces_and_parentheses_change_nothing),
		cmocka_unit_test(a_process_is_opened_again_until_it_is_reaped),
		cmocka_unit_test(another_process_of_that_number_is_not_opened),
		cmocka_unit_test(nobody_is_nobody),
		cmocka_unit_test(reaping_wakes_whoever_asked_for_nothing_else),
		cmocka_unit_test(what_is_no_pidfd_tells_nothing),
		cmocka_unit_test(a_boot_has_one_id),
	};
	int fd = pidfd_open(getpid(), 0);

	if (fd < 0) {
		(void)fputs("skipped: this kernel (or this valgrind) has no pidfd_open\n", stderr);
		return 77;
	}
	(void)close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
