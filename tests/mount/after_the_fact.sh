#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A database that was copied out of a pod: served read-only it tells all that the pod's own did; and README's queries.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
for tool in python3 sqlite3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
readme=$(dirname "$test_script")/../../README.md

stone()
{
	cat >"$G/$1"
}

start_graveyard
stone agent <<'END'
Born: "2026-11-21T03:00:00Z"
Ready: "2026-11-21T03:00:02Z"
Died: "2026-11-21T03:10:00.5Z"
ExitCode: 3
Epitaph: "out of memory"
END
stone agent <<'END'
Born: "2026-11-21T03:11:00Z"
Died: "2026-11-21T03:11:30Z"
ExitCode: 0
END
stone db <<'END'
Born: "2026-11-21T02:00:00Z"
Ready: "2026-11-21T02:00:10.5Z"
END
stone proxy <<'END'
Born: "2026-11-21T02:59:00Z"
Died: "2026-11-21T03:20:00Z"
END
stone removed <<'END'
Born: "2026-11-21T02:59:00Z"
END
rm "$G/removed"

# Copied while it is in use: what is newest is in the -wal only.
mkdir copy
cp "$DB" "$DB-wal" copy
[ "$(sqlite3 "file:$DB?immutable=1" 'SELECT count(*) FROM graves' 2>/dev/null || echo 0)" != 4 ] ||
	fail "there is nothing in the -wal, so this tests nothing"
views='.status .log .history/agent .history/removed agent'
for view in $views; do
	cat "$G/$view" >"want.$(echo "$view" | tr / .)"
done
# When it was opened is another moment.
without_time()
{
	sed 's/"time":"[^"]*"//'
}
without_time <"$G/.status.json" >want.json
touch "$G/.born/later"
stop_graveyard
rm -f "$G"/*

DB=$T/copy/graveyard.db
sum=$(cat "$DB" "$DB-wal" | cksum)
start_graveyard --read-only
for view in $views; do
	cmp "$G/$view" "want.$(echo "$view" | tr / .)" || fail "another $view"
done
without_time <"$G/.status.json" | cmp - want.json || fail "another .status.json"
expect_fails cat "$G/.wait/died/nobody"
grep -q canceled said || fail "who waits in vain was told: $(cat said)"
stop_graveyard
expect_eq "the copy" "$(cat "$DB" "$DB-wal" | cksum)" "$sum"

# --- README: each query, as it is there

awk '/^## / { here = $0 == "## After the fact" } here && /^```$/ { sql = 0 } sql; here && /^```sql$/ { sql = 1 }' \
	"$readme" >queries
expect_eq "titles" "$(grep -c '^-- ' queries)" "$(grep -c ';$' queries)"

# query TITLE: what README's query of that title finds.
query()
{
	grep -qxF -e "-- $1" queries || fail "README has no query for: $1"
	echo "$1" >>tried
	grep -xF -A 1 -e "-- $1" queries | tail -n 1 | sqlite3 "$DB"
}
expect_eq "first" "$(query 'what died first' | paste -sd ' ')" \
	"agent|1|2026-11-21T03:10:00.500000000Z|3|out of memory agent|2|2026-11-21T03:11:30.000000000Z|0| proxy|1|2026-11-21T03:20:00.000000000Z||"
expect_eq "longest" "$(query 'the longest life' | paste -sd ' ')" "proxy|1|1260.0| agent|1|600.5|3 agent|2|30.0|0"
expect_eq "restarts" "$(query 'how often each was restarted')" "agent|1"
expect_eq "never died" "$(query 'what never died' | paste -sd ' ')" \
	"db|1|ready|2026-11-21T02:00:00.000000000Z removed|1|removed|2026-11-21T02:59:00.000000000Z"
expect_eq "failed" "$(query 'what failed')" "agent|1|2026-11-21T03:10:00.500000000Z|3|out of memory"
expect_eq "never ready" "$(query 'what was never ready' | paste -sd ' ')" "agent|2|30.0 proxy|1|1260.0 removed|1|"
expect_eq "ready after" "$(query 'how long each took to be ready, in seconds' | sort | paste -sd ' ')" "agent|1|2.0 db|1|10.5"
expect_eq "last" "$(query 'the last events' | cut -d '|' -f 2-4 | paste -sd ' ')" "removed|1|removed removed|1|born proxy|1|died"
expect_eq "who told" "$(query 'who told that the agent is dead' | cut -d '|' -f 1,2 | paste -sd ' ')" \
	"2026-11-21T03:10:00.500000000Z|0 2026-11-21T03:11:30.000000000Z|0"
expect_eq "late" "$(query 'what was heard of late, by more than a second' | grep -c agent)" "$(grep -c ' 2026-11-21.* agent ' want..log)"
expect_eq "queries that were tried" "$(sort tried)" "$(sed -n 's/^-- //p' queries | sort)"
