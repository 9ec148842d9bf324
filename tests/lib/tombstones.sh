# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests of many tombstones, which are there sooner than they can be told. To be read after mount.sh.

# shellcheck disable=SC2154 # DB: of mount.sh

# make_tombstones N: in a new database, before the start.
#
# Name i was born as event 2i-1 and died as event 2i, all at one moment, and only of the last is the code known.
# A line of .log then has as many bytes as any other, plus the digits of its number.
make_tombstones()
{
	names=$1
	events=$((2 * names))
	line=' 2026-01-01T00:00:00.123456789Z n0000001 1 born - 0 0 1 '
	start_graveyard
	stop_graveyard
	sqlite3 "$DB" >/dev/null <<-END
		PRAGMA journal_mode = OFF;
		PRAGMA synchronous = OFF;
		BEGIN;
		CREATE TEMP TABLE t (i INTEGER PRIMARY KEY, at INTEGER);
		WITH RECURSIVE e (i, at) AS (
		  SELECT 1, 0 UNION ALL SELECT i + 1, at + length(i) + ${#line} FROM e WHERE i < $events
		) INSERT INTO t SELECT * FROM e;
		INSERT INTO graves (id, name, uid, gid, life, on_view)
		  SELECT i, printf('n%07d', i), 0, 0, 1, 1 FROM t WHERE i <= $names;
		INSERT INTO lives (grave, life, born, died, exit_code, born_seq, died_seq, code_seq, history_at)
		  SELECT i, 1, 1767225600123456789, 1767225600123456789, iif(i = $names, 3, NULL),
		    2 * i - 1, 2 * i, iif(i = $names, 2 * i, NULL), 0
		  FROM t WHERE i <= $names;
		INSERT INTO events (seq, time, recorded, grave, life, what, exit_code, uid, gid, pid, text_at)
		  SELECT i, 1767225600123456789, 1767225600123456789, (i + 1) / 2, 1,
		    iif(i % 2 = 1, 1, 4), iif(i = $events, 3, NULL), 0, 0, 1, at FROM t;
		COMMIT;
		PRAGMA journal_mode = WAL;
	END
}
