/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens, where no graveyardfs tells: our own network namespace, in a pod everybody's. */
#pragma once

#include <stdbool.h>

/*
 * Does something listen on that TCP port, whatever the address? False also where the kernel does not tell, neither by
 * sock_diag(7) nor in /proc.
 */
bool port_listening(unsigned port);
