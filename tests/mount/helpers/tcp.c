/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp: servers and clients that do what a test wants of them. Each says a word on standard output once it is so.
 *
 *	tcp serve ADDRESS PORT   serves: keeps each connection until its client ends it ("listening")
 *	tcp lazy ADDRESS PORT    the same, but takes no notice of its clients' ends
 *	tcp client ADDRESS PORT  connects, and stays ("connected")
 *	tcp probes ADDRESS PORT  connects and closes at once, about ten times a second ("probing")
 *
 * Signals: SIGUSR1 to a server: it stops to listen; to a client: it ends its own side ("half"). SIGUSR2 to a client: it
 * resets the connection, and exits. SIGTERM ends all.
 */
#include "must.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

#define CLIENTS 64

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t parse(const char *address, const char *port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, address, &ret->in.sin_addr) == 1) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons((uint16_t)atoi(port));
		return sizeof(ret->in);
	}
	must(inet_pton(AF_INET6, address, &ret->in6.sin6_addr) == 1);
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons((uint16_t)atoi(port));
	return sizeof(ret->in6);
}

static void say(const char *word)
{
	must(puts(word) >= 0 && fflush(stdout) == 0);
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	must(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0 &&
	     sigaddset(&set, SIGUSR2) == 0);
	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	must(fd >= 0);
	return fd;
}

static uint32_t next_signal(int signals)
{
	struct signalfd_siginfo info;

	must(read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info));
	return info.ssi_signo;
}

static int make_socket(const union address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	return fd;
}

/* ---- servers ---- */

static int listen_at(const union address *address, socklen_t size)
{
	int fd = make_socket(address), on = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
	must(bind(fd, &address->any, size) == 0);
	must(listen(fd, CLIENTS) == 0);
	return fd;
}

/* Takes no notice of POLLHUP and the like, if it is lazy: poll(2) always tells of those, save of what is negative. */
static void serve(const union address *address, socklen_t size, int lazy)
{
	struct pollfd fds[CLIENTS + 2] = {{.fd = open_signals(), .events = POLLIN},
					  {.fd = listen_at(address, size), .events = POLLIN}};
	int count = 2;
	char text[512];

	say("listening");
	for (;;) {
		must(poll(fds, (nfds_t)count, -1) > 0);
		if (fds[0].revents && next_signal(fds[0].fd) == SIGUSR1) {
			must(close(fds[1].fd) == 0);
			fds[1].fd = -1;
			fds[1].revents = 0;
			say("not listening");
		}
		for (int i = 2; i < count; i++) {
			if (!fds[i].revents || read(fds[i].fd, text, sizeof(text)) > 0)
				continue;
			(void)close(fds[i].fd);
			fds[i--] = fds[--count];
		}
		if (fds[1].revents) {
			int fd = accept(fds[1].fd, NULL, NULL);

			if (fd < 0 || lazy)
				continue;
			must(count < CLIENTS + 2);
			fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
}

/* ---- clients ---- */

static int connect_to(const union address *address, socklen_t size)
{
	int fd = make_socket(address);

	if (connect(fd, &address->any, size) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void be_client(const union address *address, socklen_t size)
{
	const struct linger reset = {.l_onoff = 1};
	int signals = open_signals(), fd = connect_to(address, size);

	must(fd >= 0);
	say("connected");
	while (next_signal(signals) == SIGUSR1) {
		must(shutdown(fd, SHUT_WR) == 0);
		say("half");
	}
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
	must(close(fd) == 0);
}

static void probe(const union address *address, socklen_t size)
{
	const struct timespec pause = {0, 100000000};
	int said = 0;

	for (;;) {
		int fd = connect_to(address, size);

		if (fd >= 0)
			must(close(fd) == 0);
		if (!said++)
			say("probing");
		(void)nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	union address address;
	socklen_t size;

	must(argc == 4);
	size = parse(argv[2], argv[3], &address);
	if (strcmp(argv[1], "serve") == 0 || strcmp(argv[1], "lazy") == 0)
		serve(&address, size, argv[1][0] == 'l');
	else if (strcmp(argv[1], "client") == 0)
		be_client(&address, size);
	else if (strcmp(argv[1], "probes") == 0)
		probe(&address, size);
	else
		fail("what is '%s'?", argv[1]);
	return 0;
}
