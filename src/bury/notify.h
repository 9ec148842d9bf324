/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of sd_notify(3): a child that speaks it says "READY=1" once it is ready. */
#pragma once

#include <stdbool.h>

#include "bury/loop.h"

/* "NOTIFY_SOCKET=@" and an abstract name of five hexadecimal digits, which the kernel picks. */
#define NOTIFY_VARIABLE_MAX 64

/*
 * Opens the socket. It has an abstract name, so that it needs no directory to write to; whoever shares our network
 * namespace, a pod, may write to it. `ret_variable`: what the child's environment is to have.
 * Errors: those of socket(2) and bind(2).
 */
int notify_open(int *ret_fd, char ret_variable[NOTIFY_VARIABLE_MAX]);

/* Reads what was said since. True: that it is ready. */
bool notify_read(int fd);
