/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that hold leases, by pidfds that belong to their handles. All of it is this process's own. */
#pragma once

#include <stdint.h>
#include <sys/epoll.h>

/* Ends that are looked at in one go. */
#define HOLDERS_ENDED 64

struct holders {
	int epoll;        /* readable when one has ended, or was reaped; once for each */
	int *pidfds;      /* by state_handle_index(); 0: not known */
	unsigned reaping; /* handles with HANDLE_REAPING */
	int64_t patience; /* CLOCK_MONOTONIC: no HANDLE_EXPECTED ends before; INT64_MAX: there is none */
	int made;         /* that of the lease being opened; 0: none */
	struct epoll_event ended[HOLDERS_ENDED]; /* not looked at yet */
	unsigned ended_count;
	unsigned batches; /* that are still to be served before they are looked at */
};

/* -ENOMEM; -errno of epoll_create1(2). */
int holders_init(struct holders *h, unsigned handles);
void holders_release(struct holders *h, unsigned handles);

/* A pidfd, which becomes theirs, for the next handle; and that handle. */
void holders_make(struct holders *h, int pidfd);
void holders_adopt(struct holders *h, uint64_t fh);

/* 0: not known. */
int holders_get(const struct holders *h, uint64_t fh);
void holders_watch(struct holders *h, uint64_t fh);
void holders_drop(struct holders *h, uint64_t fh);

/* Fills in `ended`. */
void holders_collect(struct holders *h);
