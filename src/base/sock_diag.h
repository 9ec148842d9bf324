/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP sockets of our network namespace, of IPv4 and IPv6, as the kernel lists them (sock_diag(7)), and those
 * that end, as it tells of them.
 *
 * It takes no privilege, and no call blocks. After sock_diag_open() all of it works in the sandbox (sandbox.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Fields private, but `news`: readable when there is something to hear; -1: there never is. */
struct sock_diag {
	int requests; /* or -errno: why there is none */
	int news;
	uint32_t seq;
};

struct sock_diag_socket {
	uint64_t id;    /* no other socket's before the next boot */
	uint16_t port;  /* the local one */
	unsigned state; /* TCP_LISTEN, and the others of <netinet/tcp.h> */
	bool held;      /* a process has it open (or it has come from accept(2) to be so) */
};

typedef void sock_diag_each(void *arg, const struct sock_diag_socket *socket);

/*
 * Never fails: where the kernel does not list sockets (or GRAVEYARDFS_WITHOUT has "sock-diag"), sock_diag_list()
 * says so.
 */
void sock_diag_open(struct sock_diag *ret_diag);
void sock_diag_close(struct sock_diag *diag);

/*
 * Calls `each` for the sockets whose state is in the mask (1 << TCP_LISTEN …) and whose local port is one of `first` to
 * `last`; for the same one perhaps more than once. One that is closed meanwhile may be among them or not.
 * Errors: -EINTR the list changed while it was read, again and again; what the kernel says, or said at the open.
 */
int sock_diag_list(struct sock_diag *diag, unsigned states, uint16_t first, uint16_t last,
		   sock_diag_each *each, void *arg);

/*
 * From now on the kernel tells when a socket has ended: when nobody has it open any more and, if it was a connection,
 * everything was sent. It then costs something to end any socket of the namespace, so: only while it is needed.
 * Errors: -EOPNOTSUPP GRAVEYARDFS_WITHOUT has "sock-destroy"; those of setsockopt(2).
 */
int sock_diag_join(struct sock_diag *diag);
void sock_diag_leave(struct sock_diag *diag);

/*
 * Calls `each` for sockets that have ended (their state says nothing), not for more than a few hundred at once.
 * Errors: -ENOBUFS others have ended that are not told of; those of recv(2).
 */
int sock_diag_hear(struct sock_diag *diag, sock_diag_each *each, void *arg);
