/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos.h"

#include <sys/stat.h>
#include <sys/wait.h>

struct holding {
	char path[256], name[64];
	struct lease *lease;
	int code;
	pid_t pid;
	int to, from; /* a byte: go on; a byte: it has */
};

/* ---- the process; other threads run where it came from, so it makes system calls and nothing else ---- */

__attribute__((noreturn)) static void give_up(void)
{
	(void)!write(STDOUT_FILENO, "!", 1);
	_exit(99);
}

static void go_on(void)
{
	char c;

	if (write(STDOUT_FILENO, ".", 1) != 1 || read(STDIN_FILENO, &c, 1) != 1)
		_exit(98);
}

__attribute__((noreturn)) static void hold(const struct holding *h)
{
	char text[8];
	int fd, len = snprintf(text, sizeof(text), "%d\n", h->code);

	fd = open(h->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		give_up();
	go_on();
	if (h->lease->way == WAY_LEFT) {
		pid_t child = fork();

		if (child < 0)
			give_up();
		if (child > 0)
			_exit(4);
		go_on();
		_exit(5);
	}
	if (h->lease->way == WAY_WRITTEN) {
		if (write(fd, text, (size_t)len) != len)
			give_up();
		_exit(h->code ^ 1);
	}
	if (h->lease->way == WAY_CLOSED) {
		if (close(fd) != 0)
			give_up();
		go_on();
	}
	_exit(h->code);
}

static void start(struct holding *h)
{
	int to[2], from[2];

	must(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	h->pid = fork();
	must(h->pid >= 0);
	if (h->pid == 0) {
		/* What others hold is not to be held by it. */
		if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0 ||
		    close_range(3, ~0U, 0) != 0)
			_exit(97);
		hold(h);
	}
	close(to[0]);
	close(from[1]);
	h->to = to[1];
	h->from = from[0];
}

/* ---- who drives it ---- */

static void hear(const struct holding *h)
{
	char c;

	if (read(h->from, &c, 1) != 1 || c != '.')
		fail("a holder of %s has failed", h->name);
}

static void let_go_on(const struct holding *h)
{
	must(write(h->to, ".", 1) == 1);
}

static void reap(const struct holding *h)
{
	int status;

	must(waitpid(h->pid, &status, 0) == h->pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 97)
		fail("a holder of %s exited with %d", h->name, WEXITSTATUS(status));
}

static void must_be_alive(const struct holding *h)
{
	char path[256];
	struct stat st;

	chaos_path(path, ".alive/%s", h->name);
	if (stat(path, &st) != 0)
		fail("%s is not alive", h->name);
}

static void await_death(const struct holding *h)
{
	char path[256], text[4096];
	int fd;

	chaos_path(path, ".wait/died/%s", h->name);
	fd = chaos_open(path, O_RDONLY);
	must(chaos_read(fd, text, sizeof(text)) > 0 && strstr(text, "Died: "));
	chaos_close(fd);
	chaos->waits++;
}

static void end(struct holding *h, uint64_t *random)
{
	switch (h->lease->way) {
	case WAY_KILLED:
		must(kill(h->pid, SIGKILL) == 0);
		break;
	case WAY_LEFT:
		let_go_on(h);
		reap(h);
		hear(h);
		must_be_alive(h);
		let_go_on(h);
		break;
	case WAY_CLOSED:
		let_go_on(h);
		hear(h);
		await_death(h);
		let_go_on(h);
		break;
	default:
		let_go_on(h);
	}
	if (h->lease->way == WAY_LEFT) {
		await_death(h);
		return;
	}
	if (chaos_random(random) % 2)
		await_death(h);
	reap(h);
	await_death(h);
}

static void run(struct holding *h, uint64_t *random)
{
	start(h);
	if (h->lease->way == WAY_EARLY) {
		pass_time((long)(chaos_random(random) % 3000));
		must(kill(h->pid, SIGKILL) == 0);
		must(waitpid(h->pid, NULL, 0) == h->pid);
	} else {
		hear(h);
		must_be_alive(h);
		pass_time((long)(chaos_random(random) % (chaos->pause * 2 + 1)));
		must_be_alive(h);
		end(h, random);
	}
	close(h->to);
	close(h->from);
	chaos->leases++;
}

static void *hold_one_after_the_other(void *arg)
{
	unsigned holder = (unsigned)(uintptr_t)arg;
	uint64_t random = chaos->seed + 5000 + holder;

	for (unsigned i = 0; i < NAMES && !chaos->ending; i++) {
		struct holding h = {.lease = &chaos->holders[holder].leases[i]};

		chaos_gate();
		h.lease->way = (enum way)(chaos_random(&random) % WAYS);
		h.lease->begun = true;
		h.code = (int)(chaos_random(&random) % 96);
		(void)snprintf(h.name, sizeof(h.name), "l%u-%u-%d", holder, i, h.code);
		chaos_path(h.path, ".lease/%s", h.name);
		run(&h, &random);
		pass_time((long)(chaos_random(&random) % (chaos->pause * 2 + 1)));
	}
	return NULL;
}

void chaos_hold(void)
{
	pthread_t threads[HOLDERS];

	for (uintptr_t i = 0; i < HOLDERS; i++)
		must(pthread_create(&threads[i], NULL, hold_one_after_the_other, (void *)i) == 0);
	for (unsigned i = 0; i < HOLDERS; i++)
		must(pthread_join(threads[i], NULL) == 0);
	exit(0);
}
