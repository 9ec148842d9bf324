/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order: requests of which the order matters, in the hands of a worker that dies with them. For
 * hold.so.
 *
 *	order GRAVEYARD KEEPER WAITING HOLD closes|removal
 *
 * WAITING is the kernel's count of requests without an answer.
 *
 * closes: for each of many names its death, a close, and then its code, a write. The worker has
 * read them all, and committed none.
 *
 * removal: a close that is a death, and then the removal of the name. The close has been committed,
 * and not answered; the removal has not been read.
 */
#include "worker.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PAIRS 20

static const char *g, *waiting, *hold_file;
static pid_t keeper, worker;
static pid_t herald;

static unsigned read_waiting(void)
{
	FILE *file = fopen(waiting, "re");
	unsigned n;

	must(file && fscanf(file, "%u", &n) == 1);
	must(fclose(file) == 0);
	return n;
}

/* The kernel has no event for these. */
static void await_waiting(unsigned n)
{
	for (int i = 0; read_waiting() != n; i++) {
		if (i > 20000)
			fail("%u requests are unanswered, expected %u", read_waiting(), n);
		pass_time(500);
	}
}

static void await_held(void)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s.held", hold_file);
	for (int i = 0; stat(path, &st) < 0; i++) {
		if (i > 20000)
			fail("the worker does not get there");
		pass_time(500);
	}
	must(unlink(hold_file) == 0);
}

/* Whoever is stopped first ends the system call it is in, with all the requests that this takes. */
static void stop(pid_t pid)
{
	char path[64], state = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	must(kill(pid, SIGSTOP) == 0);
	for (int i = 0; state != 'T'; i++) {
		FILE *file = fopen(path, "re");

		must(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
		must(fclose(file) == 0);
		if (i > 20000)
			fail("process %d does not stop", (int)pid);
		pass_time(500);
	}
}

static void stop_worker(void)
{
	worker = await_child(keeper, "gyfs-worker", 0);
	stop(worker);
}

/* It goes on, until it meets the order; there it is killed. */
static void go_on_until(const char *order)
{
	int fd = open(hold_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	must(fd >= 0 && write(fd, order, strlen(order)) == (ssize_t)strlen(order));
	close(fd);
	must(kill(worker, SIGCONT) == 0);
	await_held();
}

/* A file that only a socket has open: of that one's close the kernel tells nothing but RELEASE. */
static int in_flight(const char *path)
{
	char space[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = space,
				 .msg_controllen = sizeof(space)};
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	int sockets[2], fd = open_in(g, path, O_WRONLY | O_CREAT);

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	must(sendmsg(sockets[0], &message, 0) == 1);
	must(close(sockets[0]) == 0 && close(fd) == 0);
	return sockets[1];
}

struct pair {
	int death, code; /* what is in flight; the stone, open for writing */
	pthread_t writer;
};

static void open_pair(struct pair *pair, unsigned number)
{
	char path[64];

	(void)snprintf(path, sizeof(path), ".born/pair-%u", number);
	close(open_in(g, path, O_WRONLY | O_CREAT));
	(void)snprintf(path, sizeof(path), "pair-%u", number);
	pair->code = open_in(g, path, O_WRONLY);
	(void)snprintf(path, sizeof(path), ".died/pair-%u", number);
	pair->death = in_flight(path);
}

static void *write_code(void *arg)
{
	const struct pair *pair = arg;

	must(write(pair->code, "ExitCode: 5\n", 12) == 12);
	return NULL;
}

static void closes(void)
{
	struct pair pairs[PAIRS];

	for (unsigned i = 0; i < PAIRS; i++)
		open_pair(&pairs[i], i);
	await_waiting(0);
	stop_worker();
	for (unsigned i = 0; i < PAIRS; i++) {
		must(close(pairs[i].death) == 0);
		await_waiting(2 * i + 1);
		must(pthread_create(&pairs[i].writer, NULL, write_code, &pairs[i]) == 0);
		await_waiting(2 * i + 2);
	}
	go_on_until("commit");
	must(kill_worker(keeper) != worker);
	for (unsigned i = 0; i < PAIRS; i++)
		must(pthread_join(pairs[i].writer, NULL) == 0 && close(pairs[i].code) == 0);
	await_waiting(0);
}

static void *remove_name(void *arg)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/removed", g);
	must(unlink(path) == 0);
	return arg;
}

static void removal(void)
{
	pthread_t remover;
	int death;

	close(open_in(g, ".born/removed", O_WRONLY | O_CREAT));
	death = in_flight(".died/removed");
	await_waiting(0);
	stop_worker();
	/* It looks for the name first. */
	must(pthread_create(&remover, NULL, remove_name, NULL) == 0);
	await_waiting(1);
	must(close(death) == 0);
	await_waiting(2);
	go_on_until("answer 18");
	await_waiting(2);
	must(kill_worker(keeper) != worker);
	must(pthread_join(remover, NULL) == 0);
	await_waiting(0);
}

int main(int argc, char **argv)
{
	must(argc == 6);
	g = argv[1];
	keeper = atoi(argv[2]);
	waiting = argv[3];
	hold_file = argv[4];
	(void)alarm(30);
	/* Its requests would be counted, too. */
	herald = await_child(keeper, "gyfs-herald", 0);
	stop(herald);
	if (strcmp(argv[5], "closes") == 0)
		closes();
	else
		removal();
	must(kill(herald, SIGCONT) == 0);
	return 0;
}
