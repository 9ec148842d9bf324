/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/without.h"

/* What the kernel puts into one datagram of a list it takes from the size of this. */
#define ANSWER_MAX 16384

/* How often a list is asked for that changes while it is read. */
#define TRIES 8

#define HEAR_AT_ONCE 256

/* ---- opening ---- */

static int open_one(void)
{
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	_cleanup_(cleanup_close) int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	/* Without an address the kernel tells it nothing. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return take_fd(fd);
}

void sock_diag_open(struct sock_diag *ret_diag)
{
	*ret_diag = (struct sock_diag){.requests = -EPROTONOSUPPORT, .news = -1};
	if (without("sock-diag"))
		return;
	ret_diag->requests = open_one();
	if (ret_diag->requests < 0)
		return;
	ret_diag->news = open_one();
	if (ret_diag->news < 0)
		ret_diag->news = -1;
}

void sock_diag_close(struct sock_diag *diag)
{
	if (diag->requests >= 0)
		(void)close(diag->requests);
	if (diag->news >= 0)
		(void)close(diag->news);
	*diag = (struct sock_diag){.requests = -EBADF, .news = -1};
}

/* ---- messages ---- */

struct answer {
	ssize_t len;
	_Alignas(struct nlmsghdr) char bytes[ANSWER_MAX];
};

/* What the kernel sent: what comes from others is passed over. 0; -EAGAIN nothing is there; another -errno. */
static int receive(int fd, struct answer *answer)
{
	struct sockaddr_nl from = {0};
	socklen_t size = sizeof(from);

	do
		answer->len = recvfrom(fd, answer->bytes, sizeof(answer->bytes),
				       MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &size);
	while ((answer->len < 0 && errno == EINTR) || (answer->len >= 0 && from.nl_pid != 0));
	if (answer->len < 0)
		return -errno;
	return (size_t)answer->len > sizeof(answer->bytes) ? -EIO : 0;
}

/* The message at `*at`, which becomes where the next one begins. NULL: there is none. */
static const struct nlmsghdr *next_message(const struct answer *answer, size_t *at)
{
	size_t left = (size_t)answer->len - *at;
	const struct nlmsghdr *message = (const void *)(answer->bytes + *at);

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > left)
		return NULL;
	*at += NLMSG_ALIGN(message->nlmsg_len) < left ? NLMSG_ALIGN(message->nlmsg_len) : left;
	return message;
}

static void take_socket(const struct nlmsghdr *message, sock_diag_each *each, void *arg)
{
	const struct inet_diag_msg *m = NLMSG_DATA(message);
	struct sock_diag_socket s;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	s = (struct sock_diag_socket){
		.id = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0],
		.port = ntohs(m->id.idiag_sport),
		.state = m->idiag_state,
		.held = m->idiag_inode != 0,
	};
	each(arg, &s);
}

/* ---- lists ---- */

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 what;
	struct rtattr attribute;
	struct inet_diag_bc_op filter[4];
};

_Static_assert(sizeof(struct request) == NLMSG_LENGTH(sizeof(struct inet_diag_req_v2)) +
						 RTA_LENGTH(sizeof(struct inet_diag_bc_op[4])),
	       "no holes");

/*
 * The filter is a program: where an operation is true it goes on so many bytes as `yes` says, else as `no`; at its
 * end the socket is taken, beyond that it is not. The port lies in the operation after that which looks at it.
 */
static struct request make_request(int family, unsigned states, uint16_t first, uint16_t last)
{
	return (struct request){
		.header = {.nlmsg_len = sizeof(struct request),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.what = {.sdiag_family = (uint8_t)family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = states},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(struct inet_diag_bc_op[4])),
			      .rta_type = INET_DIAG_REQ_BYTECODE},
		.filter = {{.code = INET_DIAG_BC_S_GE, .yes = 8, .no = 20},
			   {.no = first},
			   {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = 12},
			   {.no = last}},
	};
}

static int send_request(const struct sock_diag *diag, const struct request *request)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	do
		n = sendto(diag->requests, request, sizeof(*request), MSG_DONTWAIT,
			   (const struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* How a list ends: 1 it does not yet, 0 well, -errno. */
static int end_of(const struct nlmsghdr *message)
{
	int error;

	if (message->nlmsg_type != NLMSG_DONE && message->nlmsg_type != NLMSG_ERROR)
		return 1;
	/* Of both the first word is the error; a NLMSG_DONE of old had none. */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EIO;
	memcpy(&error, NLMSG_DATA(message), sizeof(error));
	return error < 0 ? error : 0;
}

/* Takes one datagram of the list. As end_of(). */
static int take_part(const struct sock_diag *diag, struct answer *answer, bool *interrupted,
		     sock_diag_each *each, void *arg)
{
	const struct nlmsghdr *m;
	size_t at = 0;
	int r = receive(diag->requests, answer);

	/* The kernel makes the next part as this one is read. */
	if (r < 0)
		return r == -EAGAIN ? -EIO : r;
	while ((m = next_message(answer, &at)) != NULL) {
		if (m->nlmsg_seq != diag->seq)
			continue;
		*interrupted |= (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		r = end_of(m);
		if (r <= 0)
			return r;
		take_socket(m, each, arg);
	}
	return 1;
}

/* The next list is not asked for in the middle of this one. */
static void drop_rest(const struct sock_diag *diag, struct answer *answer)
{
	while (receive(diag->requests, answer) != -EAGAIN && answer->len >= 0)
		;
}

static int list_family(struct sock_diag *diag, struct request *request, sock_diag_each *each,
		       void *arg)
{
	struct answer answer;
	bool interrupted = true;

	for (unsigned i = 0; interrupted && i < TRIES; i++) {
		int r;

		interrupted = false;
		request->header.nlmsg_seq = ++diag->seq;
		r = send_request(diag, request);
		if (r < 0)
			return r;
		do
			r = take_part(diag, &answer, &interrupted, each, arg);
		while (r > 0);
		if (r < 0) {
			drop_rest(diag, &answer);
			return r;
		}
	}
	return interrupted ? -EINTR : 0;
}

int sock_diag_list(struct sock_diag *diag, unsigned states, uint16_t first, uint16_t last,
		   sock_diag_each *each, void *arg)
{
	static const int families[] = {AF_INET, AF_INET6};

	if (diag->requests < 0)
		return diag->requests;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct request request = make_request(families[i], states, first, last);
		int r = list_family(diag, &request, each, arg);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- those that end ---- */

static const int groups[] = {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY};

int sock_diag_join(struct sock_diag *diag)
{
	if (diag->news < 0 || without("sock-destroy"))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (setsockopt(diag->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) < 0) {
			int r = -errno;

			sock_diag_leave(diag);
			return r;
		}
	}
	return 0;
}

void sock_diag_leave(struct sock_diag *diag)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		(void)setsockopt(diag->news, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &groups[i],
				 sizeof(groups[i]));
}

int sock_diag_hear(struct sock_diag *diag, sock_diag_each *each, void *arg)
{
	struct answer answer;

	for (unsigned i = 0; i < HEAR_AT_ONCE; i++) {
		const struct nlmsghdr *m;
		size_t at = 0;
		int r = receive(diag->news, &answer);

		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		while ((m = next_message(&answer, &at)) != NULL)
			take_socket(m, each, arg);
	}
	return 0;
}
