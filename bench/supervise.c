/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise: what bury costs, against the least there is.
 *
 *	supervise wake ROUNDS BURY LABEL:DIR…	a sibling's exit to the moment its dependent has TERM, both under bury, in
 *						that graveyard; "fifo": the sibling holds a FIFO open, and who reads that
 *						sees its end and sends TERM
 *	supervise life ROUNDS BURY LABEL:DIR…	the whole life of `true` under bury; "bare": without; "least": under the
 *						least that keeps its code in the first of the graveyards, with a lease
 *	supervise memory BURY DIR		kilobytes that one waiting holds: its proportional share, and all of it
 *
 * It is also both children: supervise dies FILE, supervise waits FILE.
 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SILENCE_US 10000
#define CONTESTS_MAX 8

/* A file that all of them map. */
struct board {
	_Atomic(pid_t) dies, waits; /* 0: not there yet */
	_Atomic(int64_t) exited, told;
};

static struct board *board;
static path_t board_path, fifo_path;

static void map_board(const char *path)
{
	int fd = open_or_fail(path, O_RDWR);

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		fail("mmap '%s'", path);
	close(fd);
}

/* ---- the two children ---- */

/* At the end of its standard input. */
static _Noreturn void die(void)
{
	char c;

	board->dies = getpid();
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	board->exited = now_ns();
	_exit(0);
}

static _Noreturn void wait_for_term(void)
{
	sigset_t term;
	int signal;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	board->waits = getpid();
	sigwait(&term, &signal);
	board->told = now_ns();
	_exit(0);
}

/* ---- wake ---- */

static pid_t await_there(_Atomic(pid_t) *who)
{
	while (!*who)
		sched_yield();
	await_blocked(*who, *who, -1);
	return *who;
}

static void quiet_stderr(void)
{
	int fd = open_or_fail("/dev/null", O_WRONLY);

	if (dup2(fd, STDERR_FILENO) < 0)
		fail("dup2");
}

static pid_t start_bury(const char *bury, const char *dir, const char *option, const char *argument,
			const char *role, int input)
{
	char self[512] = "";
	pid_t pid;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		fail("readlink");
	pid = fork_child();
	if (pid)
		return pid;
	quiet_stderr();
	if (input >= 0 && dup2(input, STDIN_FILENO) < 0)
		fail("dup2");
	execl(bury, bury, "--graveyard", dir, option, argument, "--", self, role, board_path,
	      (char *)NULL);
	fail("%s", bury);
}

/* Both under bury, in that graveyard. */
static void start_pair(const char *bury, const char *dir, long round, int input, pid_t pids[2])
{
	char name[64], cond[80];

	snprintf(name, sizeof(name), "n%ld", round);
	snprintf(cond, sizeof(cond), "died:n%ld", round);
	pids[0] = start_bury(bury, dir, "--name", name, "dies", input);
	pids[1] = start_bury(bury, dir, "--until", cond, "waits", -1);
}

/* With nothing between them but a FIFO. */
static void start_fifo(const int input[2], pid_t pids[2])
{
	pid_t waits;

	pids[0] = fork_child();
	if (!pids[0]) {
		close(input[1]);
		open_or_fail(fifo_path, O_WRONLY);
		if (dup2(input[0], STDIN_FILENO) < 0)
			fail("dup2");
		die();
	}
	waits = fork_child();
	if (!waits) {
		close(input[1]);
		wait_for_term();
	}
	pids[1] = fork_child();
	if (!pids[1]) {
		char c;

		close(input[1]);
		if (read(open_or_fail(fifo_path, O_RDONLY), &c, 1) != 0 || kill(waits, SIGTERM))
			fail("fifo");
		_exit(0);
	}
	await_there(&board->waits);
	await_blocked(pids[1], pids[1], -1);
}

static void wake_once(const char *bury, const char *dir, long round, struct sample *sample)
{
	pid_t pids[2];
	int input[2];

	memset(board, 0, sizeof(*board));
	if (pipe2(input, O_CLOEXEC))
		fail("pipe");
	if (dir)
		start_pair(bury, dir, round, input[0], pids);
	else
		start_fifo(input, pids);
	await_there(&board->dies);
	await_there(&board->waits);
	await_blocked(pids[1], pids[1], -1);
	usleep(SILENCE_US);
	close(input[0]);
	close(input[1]);
	await_child(pids[0]);
	await_child(pids[1]);
	while (!dir && !board->told)
		sched_yield();
	while (!dir && waitpid(-1, NULL, WNOHANG) > 0)
		;
	sample_add(sample, board->told - board->exited);
}

/* ---- life ---- */

static pid_t start_true(void)
{
	pid_t pid = vfork();

	if (pid < 0)
		fail("vfork");
	if (!pid) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Takes a lease, runs it, and writes how it ended: what no supervisor can do without. */
static void live_least(const char *dir, struct sample *sample)
{
	int64_t start = now_ns();
	pid_t pid = fork_child();

	if (!pid) {
		path_t path;
		int lease;

		path_format(path, "%s/.lease/life", dir);
		lease = open_or_fail(path, O_WRONLY | O_CREAT | O_CLOEXEC);
		await_child(start_true());
		if (write(lease, "0\n", 2) != 2)
			fail("write");
		_exit(0);
	}
	await_child(pid);
	sample_add(sample, now_ns() - start);
}

static void live_once(const char *bury, const char *dir, struct sample *sample)
{
	int64_t start = now_ns();
	pid_t pid = dir ? vfork() : start_true();

	if (pid < 0)
		fail("vfork");
	if (!pid) {
		execl(bury, bury, "--quiet", "--graveyard", dir, "--name", "life", "--",
		      "/bin/true", (char *)NULL);
		_exit(127);
	}
	await_child(pid);
	sample_add(sample, now_ns() - start);
}

/* ---- memory ---- */

static void print_memory(const char *bury, const char *dir)
{
	char line[256];
	pid_t pids[2];
	int input[2];
	path_t path;
	FILE *status;

	memset(board, 0, sizeof(*board));
	if (pipe2(input, O_CLOEXEC))
		fail("pipe");
	start_pair(bury, dir, -1, input[0], pids); /* a name that none of the rounds has */
	await_there(&board->dies);
	await_there(&board->waits);
	path_format(path, "/proc/%d/smaps_rollup", pids[1]);
	status = fopen(path, "re");
	if (!status)
		fail("open '%s'", path);
	while (fgets(line, sizeof(line), status)) {
		long kb;

		if (sscanf(line, "Rss: %ld", &kb) == 1 || sscanf(line, "Pss: %ld", &kb) == 1)
			printf("%.4s %ld\n", line, kb);
	}
	fclose(status);
	close(input[0]);
	close(input[1]);
	await_child(pids[0]);
	await_child(pids[1]);
}

/* ---- */

static void prepare(const char *dir)
{
	path_format(board_path, "%s/../board", dir);
	path_format(fifo_path, "%s/../board.fifo", dir);
	write_file(board_path, O_TRUNC, "");
	if (truncate(board_path, sizeof(struct board)))
		fail("truncate");
	if (mkfifo(fifo_path, 0600) && errno != EEXIST)
		fail("mkfifo");
	map_board(board_path);
}

/* The bare one first, then one in each graveyard, in turns. */
static void compete(bool life, long rounds, const char *bury, char **contests, int count)
{
	struct sample samples[CONTESTS_MAX + 1] = {0}, least = {0};

	for (long round = 0; round < rounds; round++) {
		for (int i = 0; i <= count; i++) {
			const char *dir = i ? strchr(contests[i - 1], ':') + 1 : NULL;

			if (life)
				live_once(bury, dir, &samples[i]);
			else
				wake_once(bury, dir, round, &samples[i]);
		}
		if (life)
			live_least(strchr(contests[0], ':') + 1, &least);
	}
	for (int i = 0; i <= count; i++) {
		char label[64];

		snprintf(label, sizeof(label), "%.*s", i ? (int)strcspn(contests[i - 1], ":") : 8,
			 i      ? contests[i - 1]
			 : life ? "bare"
				: "fifo");
		sample_print(&samples[i], label);
		sample_release(&samples[i]);
	}
	if (life)
		sample_print(&least, "least");
	sample_release(&least);
}

int main(int argc, char **argv)
{
	if (argc == 3 && (!strcmp(argv[1], "dies") || !strcmp(argv[1], "waits"))) {
		map_board(argv[2]);
		if (*argv[1] == 'd')
			die();
		wait_for_term();
	}
	if (argc == 4 && !strcmp(argv[1], "memory")) {
		prepare(argv[3]);
		print_memory(argv[2], argv[3]);
		return 0;
	}
	if (argc < 5 || argc - 4 > CONTESTS_MAX ||
	    (strcmp(argv[1], "wake") && strcmp(argv[1], "life")))
		fail("usage: supervise wake|life ROUNDS BURY LABEL:DIR...");
	for (int i = 4; i < argc; i++) {
		if (!strchr(argv[i], ':'))
			fail("not LABEL:DIR: %s", argv[i]);
	}
	prepare(strchr(argv[4], ':') + 1);
	compete(*argv[1] == 'l', parse_count(argv[2]), argv[3], argv + 4, argc - 4);
	return 0;
}
