/* SPDX-License-Identifier: Apache-2.0 */
/* Each in a child of its own: nobody gets out of the sandbox again. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"
#include "base/sock_diag.h"

#define PAGE 4096

/* What a child does; it ends with 0 unless this ends it otherwise. */
typedef void deed(void);

/* How it ended, as wait(2) has it. */
static int run(deed *before, deed *inside)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		static const struct rlimit no_core = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGSYS, SIG_DFL);
		if (before)
			before();
		if (sandbox_enter() < 0)
			_exit(99);
		inside();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Are there filters for us? Not with AddressSanitizer, nor under valgrind. */
static bool has_filters(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

#if defined(__SANITIZE_ADDRESS__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#endif
#endif
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static void need_filters(void)
{
	if (!has_filters()) {
		print_message("skipped: no seccomp filters here\n");
		skip();
	}
}

/* The value of a line in /proc/self/status. */
static uint64_t status_of(const char *name, int base)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (n < 0)
		_exit(98);
	(void)close(fd);
	text[n] = '\0';
	at = strstr(text, name);
	if (!at)
		_exit(98);
	return strtoull(at + strlen(name), NULL, base);
}

static void have_no_capability(void)
{
	_exit(status_of("\nCapInh:", 16) || status_of("\nCapPrm:", 16) ||
	      status_of("\nCapEff:", 16) || status_of("\nCapAmb:", 16));
}

static void have_no_bounds(void)
{
	_exit(status_of("\nCapBnd:", 16) != 0);
}

static void have_no_new_privileges(void)
{
	_exit(status_of("\nNoNewPrivs:", 10) != 1);
}

static void have_a_filter(void)
{
	_exit(status_of("\nSeccomp:", 10) != 2);
}

/* What a container has that is given --cap-add SYS_ADMIN and little else; ambient, too. */
static void have_only_sys_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{
		.effective = 1U << CAP_SYS_ADMIN,
		.permitted = 1U << CAP_SYS_ADMIN,
		.inheritable = 1U << CAP_SYS_ADMIN,
	}};

	if (syscall(SYS_capset, &header, data) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) < 0 ||
	    status_of("\nCapAmb:", 16) == 0)
		_exit(97);
}

static void no_capability_is_left(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, have_no_capability), 0);
	assert_int_equal(run(NULL, have_no_new_privileges), 0);
}

static void root_loses_its_bounds_too(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run(NULL, have_no_bounds), 0);
}

static void with_little_privilege_it_is_entered_as_well(void **state)
{
	(void)state;
	/* root of a container may lack it */
	if (!(status_of("\nCapPrm:", 16) & 1U << CAP_SYS_ADMIN))
		skip();
	assert_int_equal(run(have_only_sys_admin, have_no_capability), 0);
	assert_int_equal(run(have_only_sys_admin, have_no_new_privileges), 0);
}

static void a_filter_is_loaded(void **state)
{
	(void)state;
	need_filters();
	assert_int_equal(run(NULL, have_a_filter), 0);
}

static void execute(void)
{
	(void)execl("/bin/true", "true", NULL);
}

static void fork_once(void)
{
	(void)fork();
}

static void open_a_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void connect_somewhere(void)
{
	(void)connect(0, NULL, 0);
}

static void trace_somebody(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void mount_something(void)
{
	(void)mount("none", "/", "tmpfs", MS_RDONLY, NULL);
}

static void unmount_something(void)
{
	(void)umount2("/nowhere", MNT_DETACH);
}

static void map_code(void)
{
	(void)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void make_code(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static void create_set_uid(void)
{
	(void)open("/nowhere/at/all", O_WRONLY | O_CREAT | O_CLOEXEC, 04755);
}

static void make_set_uid(void)
{
	(void)fchmod(0, 04755);
}

static void signal_somebody(void)
{
	(void)kill(getppid(), 0);
}

static void signal_a_thread_of_somebody(void)
{
	(void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void have_somebody_signalled(void)
{
	(void)fcntl(0, F_SETOWN, getppid());
}

static void type_for_somebody(void)
{
	(void)ioctl(0, TIOCSTI, "x");
}

static void set_an_option_of_a_socket(void)
{
	(void)setsockopt(0, SOL_SOCKET, SO_RCVBUF, "four", 4);
}

static void gain_capabilities(void)
{
	(void)syscall(SYS_capset, NULL, NULL);
}

static void become_somebody(void)
{
	(void)syscall(SYS_setuid, 0);
}

static void what_is_not_allowed_ends_the_process(void **state)
{
	static const struct {
		const char *name;
		deed *deed;
	} cases[] = {
		{"execve", execute},
		{"fork", fork_once},
		{"socket", open_a_socket},
		{"connect", connect_somewhere},
		{"ptrace", trace_somebody},
		{"mount", mount_something},
		{"umount2", unmount_something},
		{"mmap of code", map_code},
		{"mprotect to code", make_code},
		{"open of set-uid", create_set_uid},
		{"fchmod to set-uid", make_set_uid},
		{"kill", signal_somebody},
		{"tgkill of another", signal_a_thread_of_somebody},
		{"fcntl F_SETOWN", have_somebody_signalled},
		{"ioctl TIOCSTI", type_for_somebody},
		{"setsockopt SOL_SOCKET", set_an_option_of_a_socket},
		{"capset", gain_capabilities},
		{"setuid", become_somebody},
	};

	(void)state;
	need_filters();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = run(NULL, cases[i].deed);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: ended with %#x", cases[i].name, status);
	}
}

static void ask_of_the_parent(void)
{
	struct process process;
	char id[37];
	int fd, code;

	_exit(process_open(getppid(), &process) != 0 || process.start == 0 ||
	      process_reopen(process.pid, process.start, &fd) != 0 || process_over(fd) ||
	      process_code(fd, &code) == 0 || process_boot_id(id) != 0);
}

static void other_processes_can_be_asked_for(void **state)
{
	int fd = pidfd_open(getpid(), 0);

	(void)state;
	if (fd < 0) {
		print_message("skipped: no pidfd_open here\n");
		skip();
	}
	(void)close(fd);
	assert_int_equal(run(NULL, ask_of_the_parent), 0);
}

static struct sock_diag diag;

static void open_diag(void)
{
	sock_diag_open(&diag);
}

static void on_socket(void *arg, const struct sock_diag_socket *socket)
{
	(void)arg, (void)socket;
}

static void ask_for_sockets(void)
{
	_exit(sock_diag_list(&diag, ~0U, 1, UINT16_MAX, on_socket, NULL) != 0 ||
	      sock_diag_join(&diag) != 0 || sock_diag_hear(&diag, on_socket, NULL) != 0);
}

static void sockets_can_be_asked_for(void **state)
{
	(void)state;
	open_diag();
	if (sock_diag_list(&diag, ~0U, 1, UINT16_MAX, on_socket, NULL) < 0 ||
	    sock_diag_join(&diag) < 0) {
		print_message("skipped: no sockets are listed here\n");
		sock_diag_close(&diag);
		skip();
	}
	sock_diag_close(&diag);
	assert_int_equal(run(open_diag, ask_for_sockets), 0);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * What the C library calls by itself: blocks from mmap, a sort in memory of its own, a name for an
 * error.
 */
static void use_the_library(void)
{
	static int numbers[100000];
	char *large = malloc((size_t)1 << 24);

	if (!large)
		_exit(1);
	memset(large, 1, (size_t)1 << 24);
	large = realloc(large, (size_t)1 << 25);
	free(large);
	for (int i = 0; i < 100000; i++)
		numbers[i] = i ^ 0x5555;
	qsort(numbers, 100000, sizeof(numbers[0]), compare);
	_exit(numbers[0] != 0 || strlen(strerror(ENOENT)) == 0);
}

static void the_c_library_goes_on_working(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, use_the_library), 0);
}

static void give_up(void)
{
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

static void a_failed_assertion_is_told_as_one(void **state)
{
	int status = run(NULL, give_up);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_capability_is_left),
		cmocka_unit_test(root_loses_its_bounds_too),
		cmocka_unit_test(with_little_privilege_it_is_entered_as_well),
		cmocka_unit_test(a_filter_is_loaded),
		cmocka_unit_test(what_is_not_allowed_ends_the_process),
		cmocka_unit_test(other_processes_can_be_asked_for),
		cmocka_unit_test(sockets_can_be_asked_for),
		cmocka_unit_test(the_c_library_goes_on_working),
		cmocka_unit_test(a_failed_assertion_is_told_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
