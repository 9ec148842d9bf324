/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP ports that somebody waits for. The kernel tells nobody when one is listened on, nor of a connection that
 * begins; so ports are looked at, all that are due with one list of the kernel's, while somebody waits and not
 * otherwise: those that are to be listened on soon after the wait began, then more and more rarely; those that are to
 * be drained often enough that no connection that counts is missed (core/drain.h). While they have connections the
 * kernel's word that one has ended is waited for, where there is such a thing.
 *
 * Each look wakes those who wait for the port (core/vigil.h), who then ask here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drain_wait;
struct ports;
struct sock_diag;
struct vigil;
struct vigils;

enum ports_kind { PORTS_LISTENING, PORTS_DRAINED };

/* Both outlive it. -ENOMEM. */
int ports_new(struct sock_diag *diag, struct vigils *vigils, struct ports **ret_ports);
void ports_free(struct ports *ports);

/*
 * Does somebody listen on it? 1, 0.
 * Errors: -EIO the kernel does not tell; -EAGAIN too many ports, or connections, are looked at; -ENOMEM.
 */
int ports_listening(struct ports *ports, uint16_t port);

/* Has it been quiet for so long? 1, 0; goes on with the wait. Errors: the same; -ECONNREFUSED nobody listens. */
int ports_drained(struct ports *ports, uint16_t port, struct drain_wait *wait);

/*
 * Somebody begins to wait for it, `digits` bytes of `text`, after he has asked and was told 0: fills in interest and
 * the one name of the vigil. -EAGAIN: too many ports are looked at.
 */
int ports_watch(struct ports *ports, enum ports_kind kind, uint16_t port, const char *text,
		size_t digits, struct vigil *vigil);
/* He ends to wait. */
void ports_unwatch(struct ports *ports, enum ports_kind kind, const struct vigil *vigil);

/* When ports_look() is to be called, CLOCK_MONOTONIC; INT64_MAX: nobody waits. */
int64_t ports_due(const struct ports *ports);
void ports_look(struct ports *ports, int64_t now);

/* Readable when ports_hear() is to be called; -1: it never is. */
int ports_fd(const struct ports *ports);
void ports_hear(struct ports *ports);
