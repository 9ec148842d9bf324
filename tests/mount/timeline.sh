#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The picture of a log: from wherever the log comes, of any size, and of nothing that is no log.
set -eu
TIME_LIMIT=600
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

check_svg=$(realpath "$(dirname "$0")/../lib/check_svg.py")
command -v xmllint >/dev/null || skip "there is no xmllint (libxml2-utils)"
command -v python3 >/dev/null || skip "there is no python3"

# draw LOG: into LOG.svg, which is well-formed, sound, and has all of the log in it.
draw()
{
	timeout 60 "$GRAVEYARDFS" --timeline "$1" >"$1.svg" || fail "$1 is not drawn"
	xmllint --noout "$1.svg" || fail "the picture of $1 is not well-formed"
	"$check_svg" "$1.svg" "$1" || fail "the picture of $1 is not right"
}

# refused STATUS WORDS LOG: says that, harmlessly, and draws nothing.
refused()
{
	rc=0
	timeout 60 "$GRAVEYARDFS" --timeline "$3" >out 2>said || rc=$?
	expect_eq "exit status with $3" "$rc" "$1"
	grep -qF -e "$2" said || fail "$3: said '$(cat said)', not '$2'"
	expect_eq "lines said of $3" "$(wc -l <said)" 1
	expect_eq "bytes that a terminal might obey" "$(tr -d '\n -~' <said | wc -c)" 0
	[ ! -s out ] || fail "$3 is drawn in part"
}

# --- of a graveyard, by whatever way ---
start_graveyard --linger 1ms
sh -c 'exec sleep 1000 9>"$1/.lease/robot"' sh "$G" &
robot=$!
cat "$G/.wait/born/robot" >born
touch "$G/.born/db" "$G/.ready/db"
for code in 0 3 137 255; do
	touch "$G/.born/agent"
	echo "$code" >"$G/.died/agent"
done
# kubexit's code for a signal; and what a terminal, a browser or XML might take for something else.
cat >"$G/kubexit" <<'STONE'
Born: "2026-11-21T03:00:00Z"
Died: "2026-11-21T03:00:01.000000001Z"
ExitCode: -1
Epitaph: "<script>alert(1)</script> & ]]> \"'"
STONE
touch "$G/.died/unknown" "$G/.born/removed"
rm "$G/removed"
kill -s KILL "$robot"
wait "$robot" 2>/dev/null || :
cat "$G/.wait/died/robot" >died
# That is told after the death, and is the last that happens.
[ "$kernel_tells" = 0 ] || await_code robot
cat "$G/.log" >real.log
[ "$(wc -l <real.log)" -ge 16 ] || fail "the log has $(wc -l <real.log) lines only"

draw real.log
draw_from()
{
	timeout 60 "$GRAVEYARDFS" --timeline "$@" >again.svg || fail "not drawn: $*"
	cmp again.svg real.log.svg || fail "another picture: $*"
}
draw_from real.log
draw_from "$G/.log"
draw_from <"$G/.log"
draw_from - <"$G/.log"
draw_from "$G/.events" # which would wait for more
draw_from <"$G/.events"
# shellcheck disable=SC2002 # a pipe is what is tested
cat real.log | draw_from
grep -q script real.log.svg && fail "an epitaph is in the picture"
stop_graveyard
draw_from "$LOG" # what it wrote to standard error
grep -v ' seq=' "$LOG" >no-events.log
timeout 60 "$GRAVEYARDFS" --timeline no-events.log | grep -q 'Nothing has happened yet' ||
	fail "something has happened"

# --- of 1 to 500 names, some of them long, with many lives and ends of each kind ---
# some_log NAMES: the same for the same number.
some_log()
{
	awk -v names="$1" '
		function put(at, name, life, what, code) {
			printf "%d 2026-11-%02dT%02d:%02d:%02d.%03dZ %s %d %s %s 0 0 %d\n", ++seq,
				21 + at / 86400000, at / 3600000 % 24, at / 60000 % 60, at / 1000 % 60, at % 1000,
				name, life, what, code, seq
		}
		BEGIN {
			split("0 0 0 1 3 127 128 129 137 143 192 255 -1 - -", codes, " ")
			for (i = 0; i < names; i++) {
				long = ""
				while (i % 10 == 7 && length(long) < 240)
					long = long "-and-longer"
				name = "app" long "-" i
				lives = i % 5 ? 1 + i % 3 : 1 + i % 40
				at = i * i * 37 % 900000
				for (life = 1; life <= lives; life++) {
					put(at, name, life, "born", "-")
					if ((i + life) % 3)
						put(at += i * 7919 % 60000, name, life, "ready", "-")
					if (life == lives && i % 4 == 1)
						break
					put(at += life * 104729 * (i + 1) % 200000, name, life, "died",
						codes[1 + (i + life) % 15])
					at += i * life * 31 % 50000
				}
			}
		}'
}
for names in 1 3 30 300 500; do
	some_log "$names" >"$names.log"
	draw "$names.log"
	cp "$names.log.svg" first.svg
	draw "$names.log"
	cmp first.svg "$names.log.svg" || fail "$names names: another picture of the same log"
done
expect_eq "names" "$(grep -c '<text x="16"' 500.log.svg)" 500

# --- spans from nanoseconds to centuries, and odd ones ---
# two_at TIME TIME: a life from the one to the other, whichever is later, and who is alive at the second.
two_at()
{
	printf '1 %s a 1 born - 0 0 0\n2 %s a 1 died 3 0 0 0\n3 %s b 1 born - 0 0 0\n' "$1" "$2" "$2"
}
for to in 2026-11-21T03:00:00Z 2026-11-21T03:00:00.000000003Z 2026-11-21T03:00:00.000047Z \
	2026-11-21T03:00:00.032Z 2026-11-21T03:00:01Z 2026-11-21T03:00:59Z 2026-11-21T03:13:00Z \
	2026-11-21T13:00:00Z 2026-11-22T03:00:00Z 2026-11-29T03:00:00Z 2027-01-21T03:00:00Z \
	2028-02-21T03:00:00Z 2056-02-21T03:00:00Z 2262-04-11T23:47:16.854775807Z \
	1677-09-21T00:12:43.145224192Z 2026-11-21T02:59:30Z; do
	two_at 2026-11-21T03:00:00Z "$to" >span.log
	draw span.log
done
two_at 2026-11-20T23:54:40Z 2026-11-22T01:06:40Z >midnight.log
draw midnight.log
: >empty.log
draw empty.log
head -n 1 3.log >single.log
draw single.log
tail -n 20 300.log >middle.log
draw middle.log
grep ' app-[12]. ' 300.log >chosen.log
draw chosen.log
head -c -1 3.log >no-newline.log
draw no-newline.log
cmp no-newline.log.svg 3.log.svg || fail "the last line counts without its newline, too"

# --- what is no log ---
refused 111 "unable to open 'none.log': No such file" none.log
refused 111 "unable to read '.': Is a directory" .
printf 'nonsense\n' >bad.log
refused 100 "'bad.log', line 1: has not the columns SEQ TIME NAME" bad.log
head -c -12 3.log >bad.log
refused 100 "line $(wc -l <3.log): has not the columns" bad.log
cat 3.log 3.log >bad.log
refused 100 "line $(($(wc -l <3.log) + 1)): SEQ 1 is not greater" bad.log
printf '1 2026-11-21T03:00:00Z a 1 born - 0 0 0\n\n' >bad.log
refused 100 'line 2: has not the columns' bad.log
head -c 100000 /dev/zero >bad.log
refused 100 'line 1: is longer than' bad.log
head -c 100000 /dev/urandom >bad.log
refused 100 "'bad.log', line " bad.log
some_log 1001 >bad.log
refused 100 'is of more than 1000 names' bad.log
for hostile in '\033[31mred' '<script>' 'a"b' "a'b" 'a&b' '\377\376' '\302\233' 'a\tb' '\342\200\256' ']]>' '%%s%%n'; do
	# shellcheck disable=SC2059 # octal numbers
	printf "1 2026-11-21T03:00:00Z $hostile 1 born - 0 0 0\n" >bad.log
	refused 100 'line 1: NAME ' bad.log
done
printf '1 2026-11-21T03:00:00Z a\n2 1 born - 0 0 0\n' >"$(printf 'bad\033[31m.log')"
refused 100 '\u001b[31m.log' "$(printf 'bad\033[31m.log')"
expect_fails sh -c '"$1" --timeline 3.log >/dev/full' sh "$GRAVEYARDFS"
grep -q "unable to write 'standard output': No space left" said || fail "said '$(cat said)'"
expect_fails sh -c '"$1" --timeline <&-' sh "$GRAVEYARDFS"
