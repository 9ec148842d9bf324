/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bury, served as GRAVEYARD/.bin/bury, is to outlive that file system: what it has not read of itself by then is
 * SIGBUS, in the first process of a container.
 */
#pragma once

/*
 * Where this program comes from a FUSE file system: runs it anew from a copy in memory, with the same arguments, and
 * does not return. 0: it lies elsewhere, as does that copy. -errno: that cannot be done (vm.memfd_noexec=2).
 */
int own_copy_run(char **argv);
