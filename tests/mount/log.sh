#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The log: a line each of a birth, a readiness, a death, with whom it is from; as logfmt and as JSON; and whatever
# strangers write, it is one harmless line.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
command -v python3 >/dev/null || skip "there is no python3"
expected_log='refused what'

# logged LINE [N]: until there are so many of exactly this line, in which TIME, PID and SEQ stand for some.
logged()
{
	line=$(printf '%s\n' "$1" | sed 's/[.]/[.]/g; s/TIME/[0-9]{4}-[0-9][0-9]-[0-9T:.-]*Z/; s/PID/[0-9]+/; s/SEQ/[0-9]+/')
	wait_log "^$line\$"
	expect_eq "lines that are $1" "$(grep -Ec "^$line\$" "$LOG")" "${2-1}"
}

# --- as logfmt

mkdir "$G/.born"
echo 'ExitCode: 9' >"$G/early"
start_graveyard --linger 1ms
logged 'level=info event=intake name=early msg="found underneath the mount"'
logged 'level=info event=born name=early life=1 via=intake uid=0 gid=0 seq=1 time=TIME'
logged 'level=info event=died name=early life=1 code=9 via=intake uid=0 gid=0 seq=2 time=TIME'

as_user 1000 sh -c 'echo $$; echo >"$1/.born/a"' sh "$G" >pid
pid=$(cat pid)
logged "level=info event=born name=a life=1 via=write uid=1000 gid=1000 pid=$pid seq=3 time=TIME"
touch "$G/.ready/a"
logged 'level=info event=ready name=a life=1 via=write uid=0 gid=0 pid=PID seq=4 time=TIME'
as_user 1000 sh -c 'echo $$; printf "ExitCode: 3\nEpitaph: \"level=error\"\n" >"$1/a"' sh "$G" >pid
logged "level=info event=died name=a life=1 code=3 via=write uid=1000 gid=1000 pid=$(cat pid) seq=SEQ time=TIME"
chown 1000 "$G/early"
logged 'level=info event=owner name=early via=write uid=1000 gid=0 pid=PID seq=SEQ time=TIME'
rm "$G/early"
logged 'level=info event=removed name=early life=1 via=write uid=0 gid=0 pid=PID seq=SEQ time=TIME'

sh -c 'echo $$; exec 9>"$1/.lease/l"; echo 4 >&9' sh "$G" >pid
logged "level=info event=born name=l life=1 via=lease uid=0 gid=0 pid=$(cat pid) seq=SEQ time=TIME"
logged "level=info event=died name=l life=1 code=4 via=lease uid=0 gid=0 pid=$(cat pid) seq=SEQ time=TIME"

kill_worker
logged 'level=warning event=restarted process=worker signal=KILL restarts=1'

# --- what strangers write

# lines: but for what a worker of a build for tests says, which comes when it comes.
lines()
{
	grep -vc 'msg="built to find faults' "$LOG"
}
before=$(lines)
for text in '\033]0;title\007\033[2J' '\302\233 31m \302\205' '"; rm -rf /' '<script>alert(1)</script>' \
	'event=died name=a' '\377\376\300\200' '\342\200\256gnp.exe' '\342\200\250level=error' '\363\240\201\201\341\240\216' \
	'%%s%%n'; do
	expect_fails sh -c 'printf "$1\n" >"$2/.died/x"' sh "ExitCode: $text" "$G"
done
wait_log 'line 1.*%s%n'
expect_eq "lines of ten that were refused" "$(($(lines) - before))" 10
python3 - "$LOG" <<'END'
import re, sys, unicodedata
pair = re.compile(r'[a-z]+=(?:[^\s"=\\<>&]+|"(?:[^"\\<>&]|\\(?:["\\]|u[0-9a-f]{4}))*")')
for line in open(sys.argv[1], 'rb').read().split(b'\n')[:-1]:
    text = line.decode('utf-8')
    assert all(unicodedata.category(c) not in ('Cc', 'Cf', 'Zl', 'Zp') for c in text), line
    rest = text
    while rest:
        found = pair.match(rest)
        assert found, line
        rest = rest[found.end():].removeprefix(' ')
END
stop_graveyard

# --- what a worker has kept and did not live to tell: also where the mount is made anew (no resend)

if grep -q GRAVEYARDFS_DIE_AT "$GRAVEYARDFS"; then
	for without in '' resend; do
		export GRAVEYARDFS_DIE_AT=committed:1 GRAVEYARDFS_WITHOUT=$without
		start_graveyard --linger 1ms
		touch "$G/.born/untold$without" 2>/dev/null || [ "$without" ] || fail "not born"
		logged "level=info event=born name=untold$without life=1 uid=0 gid=0 pid=PID seq=SEQ time=TIME"
		stop_graveyard
	done
	unset GRAVEYARDFS_DIE_AT GRAVEYARDFS_WITHOUT
fi

# --- as JSON

: >"$LOG"
rm -r "$G"
G="$T/g \"<b>\\
$(printf '\033[2J\377')"
mkdir "$G"
G=$(printf '%s' "$G")
"$GRAVEYARDFS" --db "$T/json.db" --linger 1ms --log-format json "$G" 2>>"$LOG" &
daemon=$!
wait_log '"event":"serving"'
: >"$G/.born/b"
echo 3 >"$G/.died/b"
expect_fails sh -c 'printf "ExitCode: \"\\377\033<\n" >"$1/.died/x"' sh "$G"
kill -s TERM "$daemon"
wait_exits "$daemon" 0
daemon=
python3 - "$LOG" "$G" <<'END'
import json, sys, os
lines = open(sys.argv[1], encoding='utf-8').read().split('\n')[:-1]
records = [json.loads(line) for line in lines]
assert not any(c in line for line in lines for c in '<>&\x1b\x7f'), lines
serving, = [r for r in records if r.get('event') == 'serving']
assert serving['mountpoint'] == os.fsencode(sys.argv[2]).decode('utf-8', 'replace'), serving
born, = [r for r in records if r.get('event') == 'born']
assert born['level'] == 'info' and born['name'] == 'b' and born['via'] == 'write', born
assert (born['life'], born['uid'], born['gid'], born['seq']) == (1, 0, 0, 1) and born['pid'] > 0, born
died, = [r for r in records if r.get('event') == 'died']
assert died['code'] == 3 and died['time'].endswith('Z'), died
refused, = [r for r in records if 'refused what' in r.get('msg', '')]
assert refused['level'] == 'warning' and '"\ufffd\x1b<' in refused['msg'], refused
END
