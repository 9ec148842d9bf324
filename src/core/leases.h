/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: whoever holds `.lease/NAME` open for writing keeps a life going, and the last close is the death.
 * Who holds what right now, the session state knows, and it stages that death as any other (deed.life says of
 * which life). Here is what outlives the mount: the store's list of holders, by which the next one judges the
 * lives that hung on this one's descriptors.
 *
 * A death strikes the holders of its life off, in the same transaction; while the list is empty it pays nothing
 * for that. What a removal leaves is dropped when the holder closes, or by the next mount.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct graveyard;
struct lease;

/*
 * Stages that a process holds a lease on a life of a name. Begins the transaction if there is none; appends no
 * event, and is never refused for want of room. Staged again for the same process it is one lease still. Of a
 * life that is over, or is not the current one, nothing is staged.
 *
 * `pid` 0: not visible to the daemon. All those of a life are one lease, and are never shown to be alive.
 * Errors: -ENOENT never born; and the store's.
 */
int graveyard_lease(struct graveyard *g, const char *name, size_t len, uint64_t life, pid_t pid,
		    int64_t start);

/* Stages that it does not any more: for a process, or all that are not visible, when the last of them closes.
 * None need be staged or kept. Errors as above. */
int graveyard_unlease(struct graveyard *g, const char *name, size_t len, uint64_t life, pid_t pid);

/*
 * At the start of a mount, before anything is staged: says in which boot this is. If the last mount was in
 * another, everybody alive is dead as of `now`, without a code, "lost in a reboot", and nobody holds a lease.
 * An epitaph that is there stays.
 *
 * Commits by itself, in transactions of GRAVEYARD_BATCH deaths, the boot with the last: begun again after an
 * error or a kill it comes to the same end. The store's errors, after which nothing is staged.
 */
int graveyard_boot(struct graveyard *g, const char *boot_id, int64_t now);

/*
 * At the start of a mount, before anything is staged, and after graveyard_boot(): judges every life that is
 * leased. `alive` tells whether a holder can be shown to be alive, and is not asked of pid 0. If one is, the
 * life goes on, and `goes_on` is called with each such holder; the others are struck off. If none is, the life
 * is over as of `now`, without a code, "lease lost with its mount"; an epitaph that is there stays. Leases of
 * lives that are over, removed or not the current ones are dropped. Neither function may call the graveyard.
 *
 * Commits by itself, in transactions of about GRAVEYARD_BATCH deaths and holders, those of a life never
 * apart; begun again after an error or a kill it comes to the same end (and calls `goes_on` again). The
 * store's errors, after which nothing is staged.
 */
int graveyard_judge_leases(struct graveyard *g, bool (*alive)(void *arg, const struct lease *lease),
			   void (*goes_on)(void *arg, const char *name, const struct lease *lease),
			   void *arg, int64_t now);
