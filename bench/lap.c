/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lap: how long a command takes, in milliseconds, the median of several runs.
 *
 *	lap ROUNDS run COMMAND…		until it ends; it must succeed
 *	lap ROUNDS serve COMMAND…	until it says "event=serving" on standard error; then it is killed
 *	lap memory PID			kilobytes held by a process and its descendants instead
 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void exec_command(char **argv, int output_fd, int number)
{
	if (dup2(output_fd, number) < 0)
		fail("dup2");
	execvp(*argv, argv);
	fail("%s", *argv);
}

static int64_t time_run(char **argv)
{
	int null = open_or_fail("/dev/null", O_WRONLY);
	int64_t start = now_ns();
	pid_t pid = fork_child();

	if (!pid)
		exec_command(argv, null, STDOUT_FILENO);
	await_child(pid);
	close(null);
	return now_ns() - start;
}

static void await_serving(int fd)
{
	char text[16384];
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, text + used, sizeof(text) - 1 - used);
		if (n <= 0)
			fail("it ended instead: %.*s", (int)used, text);
		used += (size_t)n;
		text[used] = '\0';
	} while (!strstr(text, " event=serving "));
}

static int64_t time_serve(char **argv)
{
	int fds[2];
	int64_t start, ns;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		fail("pipe");
	start = now_ns();
	pid = fork_child();
	if (!pid)
		exec_command(argv, fds[1], STDERR_FILENO);
	close(fds[1]);
	await_serving(fds[0]);
	ns = now_ns() - start;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	return ns;
}

int main(int argc, char **argv)
{
	struct sample sample = {0};
	bool serve = argc > 3 && !strcmp(argv[2], "serve");

	if (argc == 3 && !strcmp(argv[1], "memory")) {
		printf("%ld\n", memory_kb((pid_t)parse_count(argv[2])));
		return 0;
	}
	if (argc < 4 || (!serve && strcmp(argv[2], "run") != 0)) {
		fprintf(stderr, "usage: lap ROUNDS run|serve COMMAND...\n       lap memory PID\n");
		return 100;
	}
	for (long rounds = parse_count(argv[1]); rounds > 0; rounds--)
		sample_add(&sample, serve ? time_serve(argv + 3) : time_run(argv + 3));
	printf("%.2f\n", (double)sample_percentile(&sample, 50) / NS_PER_MS);
	sample_release(&sample);
	return 0;
}
