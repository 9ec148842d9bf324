/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holder: a process that holds a lease ends, in one of several ways, while others wait for it.
 *
 *	holder GRAVEYARD NAME WAY at-once|late|never [CGROUP]
 *
 * Prints "DIED EXITCODE CODE REAPED": how many milliseconds after its end the parked reads of .wait/died
 * and .wait/exitcode returned, and what the latter said: a code, or the name of its errno. Its
 * parent reaps it at once, 20 ms later, or not before the reads have returned; at the latest REAPED
 * milliseconds after it began to end, which on a busy machine may be more.
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static const char *g, *name, *cgroup;
static int ready[2]; /* the holder says so once it has the lease */
static int go[2];    /* a byte: take it; the end of the file: end */

static int64_t now_us(void)
{
	struct timespec ts;

	must(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static void moment(long ms)
{
	const struct timespec time = {0, ms * 1000000};

	(void)nanosleep(&time, NULL);
}

/* ---- the holder ---- */

static void take(void)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), ".lease/%s", name);
	fd = open_in(g, path, O_WRONLY | O_CREAT);
	must(fd >= 0);
	must(write(ready[1], "r", 1) == 1);
}

static void await_end(void)
{
	char c;

	must(read(go[0], &c, 1) == 0);
}

static void way_exit0(void)
{
	take();
	await_end();
	_exit(0);
}

static void way_exit7(void)
{
	take();
	await_end();
	_exit(7);
}

static void way_kill(void)
{
	take();
	await_end();
	(void)kill(getpid(), SIGKILL);
}

static void way_segv(void)
{
	const struct rlimit none = {0, 0};
	volatile int *volatile nowhere = NULL;

	must(setrlimit(RLIMIT_CORE, &none) == 0);
	take();
	await_end();
	*nowhere = 1; /* NOLINT(clang-analyzer-core.NullDereference): that is the way */
}

static void *take_and_stay(void *arg)
{
	take();
	(void)pause();
	return arg;
}

static void *take_and_go(void *arg)
{
	take();
	return arg;
}

static void way_thread(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, take_and_stay, NULL) == 0);
	await_end();
	_exit(5);
}

static void way_thread_gone(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, take_and_go, NULL) == 0);
	must(pthread_join(thread, NULL) == 0);
	await_end();
	_exit(5);
}

static bool is_zombie(pid_t pid)
{
	char path[64], text[512];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	must(n > 0);
	close(fd);
	text[n] = '\0';
	return strstr(text, ") Z ");
}

static void *outlive_leader(void *arg)
{
	while (!is_zombie(getpid()))
		moment(1);
	take();
	await_end();
	_exit(6);
	return arg;
}

/* The first thread of a process may end before the others. */
static void way_leader_gone(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, outlive_leader, NULL) == 0);
	pthread_exit(NULL);
}

static void way_oom(void)
{
	int fd = open_in(cgroup, "cgroup.procs", O_WRONLY);
	const size_t size = 1 << 20;

	must(write(fd, "0", 1) == 1);
	close(fd);
	take();
	await_end();
	for (;;) {
		char *more = malloc(size);

		must(more);
		memset(more, 1, size);
		__asm__ volatile("" : : "r"(more) : "memory");
	}
}

static void init_of_namespace(void)
{
	pid_t holder = fork();

	must(holder >= 0);
	if (holder == 0)
		take();
	for (;;)
		(void)pause();
}

/* All in it are killed as its first process is, and reaped by the kernel. */
static void way_pidns(void)
{
	pid_t init;
	int status;

	must(unshare(CLONE_NEWPID) == 0);
	init = fork();
	must(init >= 0);
	if (init == 0)
		init_of_namespace();
	await_end();
	must(kill(init, SIGKILL) == 0);
	must(waitpid(init, &status, 0) == init);
	_exit(0);
}

/* A child that has the lease from its parent outlives it: of whom is the code? Of nobody. */
static void way_daemon(void)
{
	pid_t child;

	take();
	child = fork();
	must(child >= 0);
	if (child > 0)
		_exit(0);
	await_end();
	_exit(9);
}

static const struct way {
	const char *name;
	void (*run)(void);
} ways[] = {
	{"exit0", way_exit0},
	{"exit7", way_exit7},
	{"kill", way_kill},
	{"segv", way_segv},
	{"thread", way_thread},
	{"thread-gone", way_thread_gone},
	{"leader-gone", way_leader_gone},
	{"oom", way_oom},
	{"pidns", way_pidns},
	{"daemon", way_daemon},
};

static pid_t start(const char *way)
{
	size_t i = 0;
	pid_t pid;
	char c;

	while (i < sizeof(ways) / sizeof(ways[0]) && strcmp(ways[i].name, way) != 0)
		i++;
	must(i < sizeof(ways) / sizeof(ways[0]));
	must(pipe(ready) == 0 && pipe(go) == 0);
	pid = fork();
	must(pid >= 0);
	if (pid > 0)
		return pid;
	close(go[1]);
	must(read(go[0], &c, 1) == 1);
	ways[i].run();
	_exit(99);
}

/* ---- those who wait ---- */

struct reader {
	pthread_t thread;
	pid_t tid;
	int fd;
	char text[4096];
	int error;
	int64_t returned;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	__atomic_store_n(&r->tid, gettid(), __ATOMIC_RELEASE);
	n = read(r->fd, r->text, sizeof(r->text) - 1);
	r->returned = now_us();
	r->error = n < 0 ? errno : 0;
	r->text[n < 0 ? 0 : n] = '\0';
	return NULL;
}

static bool in_read(const struct reader *r)
{
	pid_t tid = __atomic_load_n(&r->tid, __ATOMIC_ACQUIRE);
	char path[64], text[64] = "";
	ssize_t n;
	int fd;

	if (tid == 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && text[0] >= '0' && text[0] <= '9' && strtol(text, NULL, 10) == SYS_read;
}

/* Returns once it sleeps in its read. The kernel has no event for that. */
static void park(struct reader *r, const char *what)
{
	char path[512];

	(void)snprintf(path, sizeof(path), ".wait/%s/%s", what, name);
	r->fd = open_in(g, path, O_RDONLY);
	must(pthread_create(&r->thread, NULL, read_one, r) == 0);
	while (!in_read(r))
		moment(1);
}

static long ms_after(int64_t end, const struct reader *r)
{
	return r->returned > end ? (long)((r->returned - end) / 1000) : 0;
}

/* Until its process has ended, and nobody has reaped it. */
static void await_death(pid_t pid)
{
	siginfo_t info;

	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

/* And whoever serves has had the time to see that its opener is not. */
static void must_be_alive(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), ".alive/%s", name);
	for (int i = 0; i < 3; i++)
		must(close(open_in(g, path, O_RDONLY)) == 0);
}

int main(int argc, char **argv)
{
	struct reader died = {0}, code = {0};
	int64_t begun, end, reaped = 0;
	pid_t pid;
	char c;

	must(argc >= 5);
	g = argv[1];
	name = argv[2];
	cgroup = argv[5];
	(void)alarm(30);
	pid = start(argv[3]);
	close(go[0]);
	close(ready[1]);
	park(&died, "died");
	park(&code, "exitcode");
	must(write(go[1], "t", 1) == 1);
	must(read(ready[0], &c, 1) == 1);
	if (strcmp(argv[3], "daemon") == 0) {
		must(waitpid(pid, NULL, 0) == pid);
		must_be_alive();
	}
	must(died.returned == 0 && code.returned == 0);

	begun = end = now_us();
	close(go[1]);
	if (strcmp(argv[3], "daemon") != 0) {
		await_death(pid);
		end = now_us();
		if (strcmp(argv[4], "late") == 0)
			moment(20);
		if (strcmp(argv[4], "never") != 0)
			must(waitpid(pid, NULL, 0) == pid);
		reaped = now_us() - begun;
	}
	must(pthread_join(died.thread, NULL) == 0);
	must(pthread_join(code.thread, NULL) == 0);
	must(died.error == 0 && strstr(died.text, "Died: "));
	code.text[strcspn(code.text, "\n")] = '\0';
	printf("%ld %ld %s %ld\n", ms_after(end, &died), ms_after(end, &code),
	       code.error ? strerrorname_np(code.error) : code.text, (long)(reaped / 1000));
	return 0;
}
