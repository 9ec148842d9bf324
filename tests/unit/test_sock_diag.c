/* SPDX-License-Identifier: Apache-2.0 */
/* On sockets of our own, among whatever others there are. */
#include "base/sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG 20000 /* ms: nothing in here takes so long unless it is lost */

static struct sock_diag diag;

/* What was seen of one port. */
struct seen {
	uint16_t port;
	unsigned listening, established, held;
	uint64_t id; /* of the last connection */
};

static void see(void *arg, const struct sock_diag_socket *s)
{
	struct seen *seen = arg;

	if (s->port != seen->port)
		return;
	seen->listening += s->state == TCP_LISTEN;
	seen->established += s->state == TCP_ESTABLISHED;
	seen->held += s->held;
	if (s->state != TCP_LISTEN)
		seen->id = s->id;
}

static struct seen look(uint16_t port, unsigned states, uint16_t first, uint16_t last)
{
	struct seen seen = {.port = port};

	assert_int_equal(sock_diag_list(&diag, states, first, last, see, &seen), 0);
	return seen;
}

/* One that listens, on the loopback address of the family; it listens to IPv4, too, if it is IPv6. */
static int listen_on(int family, uint16_t *ret_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address = {.any.sa_family = (sa_family_t)family};
	socklen_t size = family == AF_INET ? sizeof(address.in) : sizeof(address.in6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	assert_int_equal(bind(fd, &address.any, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, &address.any, &size), 0);
	*ret_port = ntohs(address.in.sin_port);
	return fd;
}

/* By IPv4. */
static int connect_to(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int open_all(void **state)
{
	(void)state;
	sock_diag_open(&diag);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	sock_diag_close(&diag);
	return 0;
}

static void need_lists(void)
{
	struct seen nothing = {0};

	if (sock_diag_list(&diag, 1U << TCP_LISTEN, 1, 1, see, &nothing) < 0) {
		print_message("skipped: this kernel lists no sockets\n");
		skip();
	}
}

static void see_a_server(int family)
{
	uint16_t port = 0;
	int server = listen_on(family, &port), client, accepted;
	const unsigned both = 1U << TCP_LISTEN | 1U << TCP_ESTABLISHED;
	struct seen seen;

	if (server < 0)
		return; /* a kernel without IPv6 */
	assert_int_equal(look(port, both, port, port).listening, 1);
	client = connect_to(port);
	accepted = accept(server, NULL, NULL);
	assert_true(accepted >= 0);
	seen = look(port, both, port, port);
	assert_int_equal(seen.listening, 1);
	assert_int_equal(seen.established, 1);
	assert_int_equal(seen.held, 2);
	assert_true(seen.id == look(port, both, port, port).id);
	assert_int_equal(look(port, both, 1, UINT16_MAX).established, 1);
	assert_int_equal(look(port, 1U << TCP_LISTEN, port, port).established, 0);
	assert_int_equal(look(port, both, 1, (uint16_t)(port - 1)).listening, 0);
	(void)close(server);
	seen = look(port, both, port, port);
	assert_int_equal(seen.listening, 0);
	assert_int_equal(seen.established, 1);
	(void)close(client);
	(void)close(accepted);
	assert_int_equal(look(port, both, port, port).established, 0);
}

static void servers_and_connections_are_listed(void **state)
{
	(void)state;
	need_lists();
	see_a_server(AF_INET);
	see_a_server(AF_INET6);
}

static void long_lists_come_in_parts(void **state)
{
	enum { MANY = 400 };
	static int fds[2 * MANY];
	uint16_t port = 0;
	int server = listen_on(AF_INET, &port);

	(void)state;
	need_lists();
	assert_true(server >= 0);
	for (int i = 0; i < MANY; i++) {
		fds[2 * i] = connect_to(port);
		fds[2 * i + 1] = accept(server, NULL, NULL);
		assert_true(fds[2 * i + 1] >= 0);
	}
	assert_true(look(port, 1U << TCP_ESTABLISHED, port, port).established >= MANY);
	for (int i = 0; i < 2 * MANY; i++)
		(void)close(fds[i]);
	(void)close(server);
}

static void the_end_of_a_connection_is_told(void **state)
{
	struct pollfd news = {.fd = diag.news, .events = POLLIN};
	uint16_t port = 0;
	int server = listen_on(AF_INET, &port), client, accepted;
	struct seen there, ended;

	(void)state;
	need_lists();
	assert_true(server >= 0);
	client = connect_to(port);
	accepted = accept(server, NULL, NULL);
	there = look(port, 1U << TCP_ESTABLISHED, port, port);
	if (sock_diag_join(&diag) < 0) {
		print_message("skipped: this kernel does not tell\n");
		skip();
	}
	(void)close(client);
	(void)close(accepted);
	ended = (struct seen){.port = port};
	while (ended.id != there.id) {
		assert_int_equal(poll(&news, 1, LONG), 1);
		assert_int_equal(sock_diag_hear(&diag, see, &ended), 0);
	}
	sock_diag_leave(&diag);
	(void)close(server);
}

static void one_that_is_not_open_says_so(void **state)
{
	struct sock_diag closed = {.requests = -EPROTONOSUPPORT, .news = -1};
	struct seen nothing = {0};

	(void)state;
	assert_int_equal(sock_diag_list(&closed, ~0U, 1, 2, see, &nothing), -EPROTONOSUPPORT);
	assert_int_equal(sock_diag_join(&closed), -EOPNOTSUPP);
	sock_diag_close(&closed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(servers_and_connections_are_listed, open_all,
						close_all),
		cmocka_unit_test_setup_teardown(long_lists_come_in_parts, open_all, close_all),
		cmocka_unit_test_setup_teardown(the_end_of_a_connection_is_told, open_all,
						close_all),
		cmocka_unit_test(one_that_is_not_open_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
