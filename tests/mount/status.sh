#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .status and .status.json: who is in them, in which order, who waits; harmless, and of one moment.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
for tool in python3 sqlite3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
schema=$(dirname "$test_script")/../../doc/status.schema.json

# rows: the table without its times, which are those of the test, or of 2026: that year is told from half a year on.
rows()
{
	sed -E 's/ +$//; s/ ([0-9]{2}[:-][0-9]{2}|2026)( |$)/ TIME /g; s/ +/ /g' "$G/.status"
}

start_graveyard

# --- nobody is there

expect_eq "an empty table" "$(cat "$G/.status")" \
	"$(printf '%-16s %-6s %4s %-5s %5s %-5s %6s %4s %-7s %-12s' NAME STATE LIFE BORN READY DIED LASTED EXIT WAITING EPITAPH)"
expect_eq "nobody" "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["names"])' "$G/.status.json")" '[]'

# --- lives, of which all is told

three_lives()
{
	for life in 1 2 3; do
		cat <<-END >"$G/zoe"
			Born: "2026-11-2${life}T03:00:00Z"
			Ready: "2026-11-2${life}T03:00:02Z"
			Died: "2026-11-2${life}T03:10:00.5Z"
			ExitCode: $life
			Epitaph: "life $life"
		END
	done
}
three_lives
printf 'Born: "2000-01-01T00:00:00Z"\nReady: "2000-01-01T00:00:00.350Z"\n' >"$G/adam"
printf 'Born: "1999-01-01T00:00:00Z"\nDied: "1999-01-03T01:00:00Z"\n' >"$G/payments-service-worker-0001"
printf 'Born: "1999-01-01T00:00:00Z"\nDied: "1999-01-01T02:05:59Z"\nExitCode: -1\n' >"$G/payments-service-worker-0002"
echo 255 >"$G/.died/now"
touch "$G/.born/removed" "$G/.born/back"
rm "$G/removed" "$G/back"
touch "$G/.born/back"

# Who waits: the same, for several, for who is not there.
for _ in 1 2; do
	cat "$G/.wait/died/adam" >/dev/null 2>&1 &
done
cat "$G/.wait/exitcode/adam+unborn+zoe" >/dev/null 2>&1 &
cat "$G/.wait/succeeded/zoe" >/dev/null 2>&1 &
cat "$G/.wait/born/removed@1h" >/dev/null 2>&1 &
cat "$G/.wait/ready/unborn" >/dev/null 2>&1 &
last=$!
wait_parked 6

expect_table()
{
	rows >table
	# Those who are only waited for are in no order.
	{ grep -v waited table && grep waited table | sort; } >got
	diff -u want got >&2 || fail "$1"
}
cat >want <<'END'
NAME STATE LIFE BORN READY DIED LASTED EXIT WAITING EPITAPH
zoe dead 3 TIME 2.0s TIME 10m 3 1e1s life 3
adam ready 1 2000 350ms - - - 2d1e -
payments~er-0001 dead 1 1999 - 1999 2d - - -
payments~er-0002 dead 1 1999 - 1999 2h05m -1 - -
now dead 1 TIME - TIME 0ms 255 - -
back alive 2 TIME - - - - - -
removed waited - - - - - - 1b -
unborn waited - - - - - - 1r1e -
END
expect_table "the table"
# Tools that begin at the end (tail) have to know where that is.
expect_size()
{
	# shellcheck disable=SC2002 # wc -c <… would believe the size
	expect_eq "the size of the table" "$(stat -c %s "$G/.status")" "$(cat "$G/.status" | wc -c)"
}
expect_size
awk 'length($0) != 79 { print; exit 1 }' "$G/.status" >wrong || fail "not of 79 columns: $(cat wrong)"

# Any offset is a row, also where something has been removed.
for row in 7 2 5; do
	expect_eq "row $row by its offset" "$(dd "if=$G/.status" bs=80 skip="$row" count=1 status=none)" \
		"$(sed -n "$((row + 1))p" "$G/.status")"
done
expect_eq "the last by tail" "$(tail -n 1 "$G/.status")" "$(sed -n '$p' "$G/.status")"

# The next process counts them again.
kill_worker
wait_parked 6
expect_table "the table of the next worker"
# One who does not wait any more.
kill -s TERM "$last"
wait_exits "$last" 143
wait_parked 5
sed -i 's/1r1e/1e/' want
expect_table "the table with one less"

# --- JSON, by the schema

cat >validate.py <<'END'
"""As much of JSON Schema as doc/status.schema.json needs; what it does not know is an error."""
import json, re, sys

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
IGNORED = {"$schema", "title", "description", "$defs"}

def check(root, schema, value, where):
	def expect(good):
		if not good:
			sys.exit("%s: %r is not %s" % (where, value, json.dumps(schema)[:200]))
	for word, arg in schema.items():
		if word in IGNORED:
			continue
		if word == "$ref":
			check(root, root["$defs"][arg.removeprefix("#/$defs/")], value, where)
		elif word == "anyOf":
			kinds = [TYPES[root["$defs"][s["$ref"].removeprefix("#/$defs/")]["type"]] if "$ref" in s else TYPES[s["type"]] for s in arg]
			at = [i for i, kind in enumerate(kinds) if isinstance(value, kind)]
			expect(at)
			check(root, arg[at[0]], value, where)
		elif word == "const":
			expect(value == arg)
		elif word == "enum":
			expect(value in arg)
		elif word == "type":
			kinds = arg if isinstance(arg, list) else [arg]
			expect(any(isinstance(value, TYPES[kind]) and not isinstance(value, bool) for kind in kinds))
		elif word == "minimum":
			expect(value is None or value >= arg)
		elif word == "maximum":
			expect(value is None or value <= arg)
		elif word == "maxLength":
			expect(value is None or len(value) <= arg)
		elif word == "pattern":
			expect(re.search(arg, value))
		elif word == "required":
			expect(set(arg) <= set(value))
		elif word == "properties":
			expect(set(value) <= set(arg)) # what is told is documented
			for name, below in arg.items():
				check(root, below, value[name], where + "." + name)
		elif word == "items":
			for i, item in enumerate(value):
				check(root, arg, item, "%s[%d]" % (where, i))
		else:
			sys.exit("doc/status.schema.json says %r, which this test does not know" % word)

root, raw = json.load(open(sys.argv[1])), open(sys.argv[2], "rb").read()
value = json.loads(raw.decode("ascii") if "--ascii" in sys.argv else raw.decode("utf-8"))
check(root, root, value, "")
# It has to be able to say no.
for bad in ({"schema": 2}, {"seq": -1}, {"time": "now"}, {"more": 1}, {"names": [{}]}):
	try:
		check(root, root, {**value, **bad}, "")
	except SystemExit:
		continue
	raise AssertionError("passes, too: %r" % bad)
print(json.dumps(value))
END
validate()
{
	python3 validate.py "$schema" "$1" >valid.json
}
show='import json, sys
for n in json.load(open("valid.json"))["names"]:
	print(n["name"], n["state"], n["life"], n["lasted"], n["exitCode"], n["epitaph"], "".join(str(n["waiting"][k]) for k in ("born", "ready", "died", "exitcode", "succeeded")))'
validate "$G/.status.json"
cat >want <<'END'
zoe dead 3 600.5 3 life 3 00011
adam ready 1 None None None 00210
payments-service-worker-0001 dead 1 176400.0 None None 00000
payments-service-worker-0002 dead 1 7559.0 -1 None 00000
now dead 1 0.0 255 None 00000
back alive 2 None None None 00000
removed waited None None None None 10000
unborn waited None None None None 00010
END
python3 -c "$show" >names
{ grep -v ' waited ' names && grep ' waited ' names | sort; } >got
diff -u want got >&2 || fail "the names in JSON"
python3 - valid.json <<'END'
import json, sys
names = json.load(open(sys.argv[1]))["names"]
zoe = names[0]
assert (zoe["born"], zoe["ready"], zoe["died"]) == ("2026-11-23T03:00:00Z", "2026-11-23T03:00:02Z", "2026-11-23T03:10:00.5Z"), zoe
END
expect_eq "seq" "$(python3 -c 'import json; print(json.load(open("valid.json"))["seq"])')" "$(tail -n 1 "$G/.log" | cut -d ' ' -f 1)"

# --- what strangers write

cat >texts.py <<'END'
texts = {
	"controls": "".join(map(chr, range(1, 32))) + "\x7f\x9b31m\x9d0;title\x07\x1b]0;title\x07\x1b[2J",
	"script": "</script><script>alert('x')</script>&<!-- \"quoted\" 'too' `$(reboot)` \\",
	"wide": "漢字 läuft \u202egnirts\u2066 \u200f\u2028\u2029\ufeff e\u0301 \U0001f480" * 8,
	"quotes": "\"\\\"\\\\\" %s %n {} , ] }",
	"lines": "one\ntwo\r\nthree\tfour",
}
END
python3 - "$G" <<'END'
import sys
from texts import texts
for name, text in texts.items():
	quoted = "".join(c if c.isprintable() and c not in '"\\' else "\\U%08x" % ord(c) for c in text)
	with open(sys.argv[1] + "/" + name, "w", encoding="utf-8") as f:
		f.write('Epitaph: "%s"\n' % quoted)
with open(sys.argv[1] + "/bytes", "wb") as f:
	f.write(b'Epitaph: "\xff\xfe \xc0\x80 \xed\xa0\x80 \x80\xbf \xf5"\n')
END
cat >harmless.py <<'END'
"""Nothing in any rendering does anything on a terminal, each row is as wide as it is long, and JSON tells all."""
import json, sys, unicodedata
from texts import texts
g = sys.argv[1] + "/"
names = ["bytes"] + list(texts)
for file in [".status", ".status.json", ".log"] + names + [".history/" + n for n in names]:
	for c in open(g + file, encoding="utf-8", newline="").read():
		assert c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp", "Cn"), (file, c)
table = open(g + ".status", "rb").read()
assert all(0x20 <= b < 0x7f or b == 10 for b in table), table
assert all(len(line) == 79 for line in table.decode().splitlines()), table
raw = open(g + ".status.json").read()
assert not set("<>&") & set(raw), raw
epitaphs = {n["name"]: n["epitaph"] for n in json.loads(raw)["names"]}
for name, text in texts.items():
	assert epitaphs[name] == text, (name, epitaphs[name], text)
assert "\ufffd" in epitaphs["bytes"], epitaphs["bytes"]
END
python3 harmless.py "$G"
# What no parser of ours has seen: bytes in the database.
stop_graveyard
rm -f "$G"/*
sqlite3 "$DB" "UPDATE lives SET epitaph = CAST(x'ff1b5bc280' AS TEXT) WHERE epitaph LIKE 'one%'"
start_graveyard
validate "$G/.status.json"
expect_eq "bytes that are no character" "$(grep lines "$G/.status.json" | grep -o '"epitaph":"[^"]*"')" \
	"\"epitaph\":\"$(printf '\357\277\275')\\u001b[\\u0080\""

# --- who waits for several waits for each of them, also when one cannot come any more, and for the next worker

touch "$G/.born/one" "$G/.born/two"
cat "$G/.wait/ready/one,two" >/dev/null &
several=$!
wait_parked 1
echo 0 >"$G/.died/one"
expect_size
rm "$G/one"
expect_size
touch "$G/.born/one"
echo 0 >"$G/.died/one"
expect_size
for worker in first next; do
	expect_eq "who waits for one of two, by the $worker worker" \
		"$(rows | awk '$1 == "one" || $1 == "two" { print $2, $9 }' | paste -sd ' ')" "dead 1r alive 1r"
	kill_worker
	wait_parked 1
	expect_size
done
touch "$G/.ready/two"
wait_exits "$several" 0

# --- of one moment, byte by byte, whatever happens meanwhile

for life in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	touch "$G/.born/phoenix"
	echo "$life" >"$G/.died/phoenix"
done

cat >moment.py <<'END'
"""Opens both, has them read whole once and then in pieces, while events arrive and the worker is killed."""
import os, subprocess, sys
g, files = sys.argv[1], sys.argv[2:]
fds = [os.open(g + "/" + f, os.O_RDONLY) for f in files]

def whole(fd):
	text = b""
	while piece := os.pread(fd, 70000, len(text)):
		text += piece
	return text

wants = [whole(fd) for fd in fds]
print("opened", flush=True)
assert sys.stdin.readline() == "changed\n"
for size in (1, 7, 79, 81, 4096, 1 << 20):
	for file, fd, want in zip(files, fds, wants):
		got = b""
		while piece := os.pread(fd, size, len(got)):
			got += piece
		assert got == want, (file, size, got, want)
for file, fd, want in zip(files, fds, wants):
	for at in range(len(want) + 3, -1, -97): # backwards
		got = os.pread(fd, 101, at)
		assert got == want[at:at + 101], (file, at, len(want), got, want[at:at + 101])
for fd, want in zip(fds, wants): # by the offset of the descriptor itself, in two hands
	again = os.dup(fd)
	got = b""
	while piece := os.read(fd, 5) + os.read(again, 3):
		got += piece
	assert got == want
print("the same", flush=True)
END
mkfifo told said
python3 moment.py "$G" .status .status.json .log .history/phoenix <told >said &
reader=$!
exec 7>told 8<said
read -r line <&8
expect_eq "the reader" "$line" opened
change()
{
	echo 3 >"$G/.died/adam"
	touch "$G/.born/adam" "$G/.born/unborn" "$G/.born/removed" "$G/.born/new$1"
	rm "$G/back" "$G/new$1"
	touch "$G/.born/phoenix"
	echo 0 >"$G/.died/phoenix"
	touch "$G/.born/back" "$G/.born/new$1"
	echo 0 >"$G/.died/back"
	# Others are opened, each time more at once than before: they take all that is free.
	python3 -c 'import os, sys; [os.open(sys.argv[1], os.O_RDONLY) for _ in range(int(sys.argv[2]))]' "$G/.status.json" "$((100 * $1))"
}
change 1
kill_worker
change 2
echo changed >&7
for i in 3 4 5; do
	change "$i"
	kill_worker
done
read -r line <&8 || :
expect_eq "the reader" "$line" "the same"
wait_exits "$reader" 0
exec 7>&- 8<&-

# --- more than there is room for

python3 - "$G" <<'END'
import errno, os, resource, sys
g = sys.argv[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
fds = []
try:
	while len(fds) < 4000:
		fds.append(os.open(g + "/.status", os.O_RDONLY))
except OSError as e:
	assert e.errno == errno.ENFILE, e
assert 2000 <= len(fds) < 4000, len(fds)
for _ in range(3):
	try:
		os.open(g + "/.status.json", os.O_RDONLY)
		raise AssertionError("there was room")
	except OSError as e:
		assert e.errno == errno.ENFILE, e
assert os.path.exists(g + "/zoe")
os.close(fds.pop())
os.close(os.open(g + "/.status", os.O_RDONLY))
END
wait_log 'no room to keep what .status'
expect_eq "times that it was said" "$(grep -c 'no room to keep what .status' "$LOG")" 1
cat "$G/.status" >/dev/null

# So many are waited for that there never is: then it is not put together, either.
cat >crowd.py <<'END'
import errno, os, resource, select, sys
g, worker, count = sys.argv[1], sys.argv[2], 6000
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
poll = select.epoll()
for i in range(count):
	who = ",".join("%d-%d-" % (i, n) + 230 * "x" for n in range(4))
	poll.register(os.open(g + "/.wait/died/" + who, os.O_RDONLY), select.EPOLLIN)
assert poll.poll(0) == []

def memory(what):
	return int(open("/proc/%s/status" % worker).read().split(what + ":")[1].split()[0])

open("/proc/%s/clear_refs" % worker, "w").write("5") # forgets how much it was once
before = memory("VmHWM")
try:
	os.open(g + "/.status", os.O_RDONLY)
	raise AssertionError("there was room")
except OSError as e:
	assert e.errno == errno.ENFILE, e
print(memory("VmHWM") - before)
END
more=$(python3 crowd.py "$G" "$(worker_pid)")
echo "memory for a .status that there is no room for: $more kB"
[ "$more" -lt 2048 ] || fail "a .status that there is no room for takes $more kB"
cat "$G/.status" >/dev/null
