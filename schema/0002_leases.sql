-- SPDX-License-Identifier: Apache-2.0
--
-- Who holds leases (.lease/NAME, open for writing). The descriptors end with the mount, and so would all
-- knowledge of whom the lives hung on: the next mount reads it here, and judges them.
--
-- Unlike tombstones, these are deleted: as soon as a lease is given back, or its life is over.

-- A process that holds a lease on a life, once however often it has it open.
CREATE TABLE leases (
  grave INTEGER NOT NULL REFERENCES graves (id),
  life  INTEGER NOT NULL,             -- in which it was opened; it never ends a later one
  pid   INTEGER NOT NULL,             -- 0: not visible to the daemon
  start INTEGER NOT NULL,             -- of the process, in clock ticks after boot: pids are used again
  PRIMARY KEY (grave, life, pid)
) STRICT, WITHOUT ROWID;

-- The boot in which the graveyard was last served: in another one, nobody who was alive can be. No row:
-- it was never said. One row, because it is one value.
CREATE TABLE boot (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 36)  -- /proc/sys/kernel/random/boot_id
) STRICT;
