-- SPDX-License-Identifier: Apache-2.0
--
-- The graveyard as it lies on disk. People are welcome to read it:
--
--     sqlite3 -header -column graveyard.db 'select * from tombstones'
--
-- (tombstones, history and journal, at the end, are the views for that.)
--
-- A time is an INTEGER: nanoseconds since the Epoch, UTC. A column whose name ends in _seq is the number
-- of the event through which the fact became known, so that any life can be shown as it was at any event.
-- NULL is always "not known".
--
-- Laid out for a cheap commit: the death of a known life changes three leaf pages, one each of events,
-- lives and lives_alive. Hence no index on events but its number, no copy of a name outside graves, and
-- partial indexes, which stay small while tombstones accumulate.
--
-- REFERENCES is there for the reader and for tools that draw pictures. The daemon leaves
-- foreign_keys off: nothing is ever deleted, and a check would cost a look-up in each commit.
--
-- application_id and user_version are set by the code that runs this file, which also checks them: a
-- version that had to be kept equal to the file's number by hand would not stay so.

-- A name that has been heard of. Never deleted; ids are given in the order of hearing, without gaps.
CREATE TABLE graves (
  id      INTEGER PRIMARY KEY,
  name    TEXT    NOT NULL,
  uid     INTEGER NOT NULL,           -- the owner
  gid     INTEGER NOT NULL,
  life    INTEGER NOT NULL,           -- number of the latest life
  on_view INTEGER NOT NULL CHECK (on_view IN (0, 1))
) STRICT;

-- A look-up by name is the most frequent of all, and among a million names each page that it needs is read anew:
-- with all columns in the index the table is not needed. That a name has one grave the INSERT sees to: an index of
-- the name alone, to forbid another, would be one more page in each birth.
CREATE INDEX graves_by_name ON graves (name, uid, gid, life, on_view);

-- What `ls` shows, in order of id (an index entry ends with the row's id).
CREATE INDEX graves_on_view ON graves (on_view) WHERE on_view = 1;

-- A container starts again under its name: a new life.
CREATE TABLE lives (
  grave       INTEGER NOT NULL REFERENCES graves (id),
  life        INTEGER NOT NULL,       -- from 1
  born        INTEGER NOT NULL,
  ready       INTEGER,
  died        INTEGER,
  exit_code   INTEGER CHECK (exit_code BETWEEN -1 AND 255),
  epitaph     TEXT,
  born_seq    INTEGER NOT NULL,
  ready_seq   INTEGER,
  died_seq    INTEGER,
  code_seq    INTEGER,
  epitaph_seq INTEGER,
  removed_seq INTEGER,                -- taken off view
  history_at  INTEGER NOT NULL,       -- bytes that the lives before it take in .history/NAME
  PRIMARY KEY (grave, life)
) STRICT, WITHOUT ROWID;

CREATE INDEX lives_alive ON lives (grave) WHERE died IS NULL AND removed_seq IS NULL;

-- What can happen.
CREATE TABLE event_words (
  what INTEGER PRIMARY KEY,
  word TEXT    NOT NULL UNIQUE
) STRICT;

INSERT INTO event_words (what, word) VALUES
  (1, 'born'),
  (2, 'ready'),
  (3, 'epitaph'),                     -- written while alive, or added to a dead life that had none
  (4, 'died'),                        -- with a code where it was known at once
  (5, 'exitcode'),                    -- added to a dead life that had none
  (6, 'removed'),                     -- taken off view
  (7, 'owner'),                       -- handed over; uid and gid are the new owner's
  (8, 'fresh');                       -- everything taken off view at a start with --fresh

-- What happened, in order, without gaps: append-only.
CREATE TABLE events (
  seq       INTEGER PRIMARY KEY,
  time      INTEGER NOT NULL,         -- when it happened, as told
  recorded  INTEGER NOT NULL,         -- when the daemon heard of it
  grave     INTEGER REFERENCES graves (id),
  life      INTEGER,
  what      INTEGER NOT NULL REFERENCES event_words (what),
  exit_code INTEGER CHECK (exit_code BETWEEN -1 AND 255),
  uid       INTEGER NOT NULL,         -- of whoever opened the file that was written to
  gid       INTEGER NOT NULL,
  pid       INTEGER,                  -- unless it is not visible to the daemon
  text_at   INTEGER NOT NULL          -- bytes that the events before it take in .log
) STRICT;

-- In the views a time is RFC 3339 text with all nine digits, so that it sorts. Seconds are rounded
-- down, not towards zero, or times before 1970 would be wrong.

-- Every life of every name.
CREATE VIEW history AS
SELECT
  name,
  lives.life AS life,
  CASE
    WHEN died IS NOT NULL THEN 'dead'
    WHEN removed_seq IS NOT NULL THEN 'removed'
    WHEN ready IS NOT NULL THEN 'ready'
    ELSE 'alive'
  END AS state,
  strftime('%Y-%m-%dT%H:%M:%S', born / 1000000000 - (born % 1000000000 < 0), 'unixepoch')
    || printf('.%09dZ', (born % 1000000000 + 1000000000) % 1000000000) AS born,
  strftime('%Y-%m-%dT%H:%M:%S', ready / 1000000000 - (ready % 1000000000 < 0), 'unixepoch')
    || printf('.%09dZ', (ready % 1000000000 + 1000000000) % 1000000000) AS ready,
  strftime('%Y-%m-%dT%H:%M:%S', died / 1000000000 - (died % 1000000000 < 0), 'unixepoch')
    || printf('.%09dZ', (died % 1000000000 + 1000000000) % 1000000000) AS died,
  round((died - born) / 1e9, 3) AS lasted,  -- seconds
  exit_code,
  epitaph
FROM lives JOIN graves ON graves.id = lives.grave
ORDER BY name, lives.life;

-- What the mounted graveyard shows: the current life of each name on view.
CREATE VIEW tombstones AS
SELECT history.*
FROM graves JOIN history USING (name, life)
WHERE on_view = 1
ORDER BY name;

-- The events in words.
CREATE VIEW journal AS
SELECT
  seq,
  strftime('%Y-%m-%dT%H:%M:%S', time / 1000000000 - (time % 1000000000 < 0), 'unixepoch')
    || printf('.%09dZ', (time % 1000000000 + 1000000000) % 1000000000) AS time,
  strftime('%Y-%m-%dT%H:%M:%S', recorded / 1000000000 - (recorded % 1000000000 < 0), 'unixepoch')
    || printf('.%09dZ', (recorded % 1000000000 + 1000000000) % 1000000000) AS recorded,
  name,
  events.life AS life,
  word AS what,
  exit_code,
  events.uid AS uid,
  events.gid AS gid,
  pid
FROM events
  LEFT JOIN graves ON graves.id = events.grave
  LEFT JOIN event_words USING (what)
ORDER BY seq;
