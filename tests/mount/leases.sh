#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Leases: whoever holds .lease/NAME open for writing is alive; the last close is the death.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
expected_log='refused what|unable to keep a tombstone: No space left on device'

need_shells
need_try
mkfifo go holds
chmod 666 go holds
# Open for both: a reader that comes while the last writer still has it meets no end of the file.
exec 6<>holds
export G T

# hold NAME [COMMAND…]: in $holder, once it has the lease as its descriptor 9. By itself it ends on
# let_go.
hold()
{
	name=$1
	shift
	[ $# -gt 0 ] || set -- sh -c 'echo >"$T/holds"; read -r _ <"$T/go"'
	"$@" 9>"$G/.lease/$name" &
	holder=$!
	read -r _ <&6
}

let_go()
{
	echo >go
}

# lives NAME: it does, by a lease.
lives()
{
	[ -e "$G/.alive/$1" ] || fail "$1 is dead"
	[ -e "$G/.lease/$1" ] || fail "$1 is alive, but there is no .lease/$1"
}

# lives_are EVENTS: the journal of $n without the codes, which the kernel may have told, or not.
lives_are()
{
	expect_eq "the lives of $n" "$(awk -v name="$n" '
		$3 == name && $5 != "exitcode" { print $4, $5 }' "$G/.log" | paste -sd ,)" "$1"
}

# A close is told of by the kernel once it is done, and does not wait for us.
dies()
{
	timeout 10 cat "$G/.wait/died/$1" >died || fail "$1 does not die"
	absent ".alive/$1" ".lease/$1"
}

start_graveyard --linger 1ms

# --- from the open to the close

new never
absent ".lease/$n"
gets "ENOENT ENOENT" open r ".lease/$n" open w ".lease/$n"
nothing_new
exec 9>"$G/.lease/$n"
lives "$n"
journal "1 born"
expect_eq "what .lease has" "$(cd "$G/.lease" && echo *)" "$n"
cmp "$G/.lease/$n" "$G/$n"
expect_eq "its size" "$(stat -c %s "$G/.lease/$n")" "$(wc -c <"$G/$n")"
# Whoever reads it is no holder.
exec 8<"$G/.lease/$n"
exec 9>&-
dies "$n"
has_stone "Born Died"
expect_fails cat "$G/.wait/exitcode/$n"
grep -q 'No data' "$T/said" || fail "a lease that nobody gave a code: $(cat "$T/said")"
expect_eq "the stone as of the open" "$(sed 's/:.*//' <&8)" Born
exec 8<&-
journal "1 born,1 died"
expect_eq "what .lease has" "$(ls "$G/.lease")" ""

# Each way to open it for writing, and in each a whole life.
life=1
past=
for flags in wc wct wca bc wcx; do
	gets "ok ok" open "$flags" ".lease/$n-flags" close
	dies "$n-flags"
	past="$past,$life born,$life died"
	life=$((life + 1))
done
n=$n-flags
lives_are "${past#,}"
new never
touch "$G/.lease/$n"
dies "$n"
lives_are "1 born,1 died"

# It counts from the open, and the events are the opener's.
new never
hold "$n" as_user 1000 sh -c 'echo >"$T/holds" 9>&-; read -r _ <"$T/go"'
journal "1 born"
gets "EEXIST" open wcx ".lease/$n"
let_go
dies "$n"
expect_eq "whose events" "$(awk -v n="$n" '$3 == n { print $7, $8 }' "$G/.log" | uniq)" "0 0"
expect_eq "the pid in its events" \
	"$(awk -v n="$n" '$3 == n { print $9 }' "$G/.log" | uniq)" "$holder"
lives_are "1 born,1 died"

# --- several descriptors, several holders: the last close

new never
exec 9>"$G/.lease/$n"
exec 8>&9
exec 9>&-
lives "$n"
exec 8>&-
dies "$n"

# A child has it from its parent, and outlives it.
new never
hold "$n" sh -c '(echo >"$T/holds"; read -r _ <"$T/go") & exit 0'
wait_exits "$holder" 0
lives "$n"
let_go
dies "$n"
lives_are "1 born,1 died"

# Close on exec: what execve leaves open is the lease.
new never
(exec cat go 9>"$G/.lease/$n") &
holder=$!
timeout 10 cat "$G/.wait/born/$n" >born
lives "$n"
let_go
wait_exits "$holder" 0
dies "$n"

new never
hold "$n"
first=$holder
exec 8>"$G/.lease/$n"
gets "ok ok" open w ".lease/$n" close
journal "1 born"
let_go
wait_exits "$first" 0
lives "$n"
exec 8>&-
dies "$n"
journal "1 born,1 died"

# A life that began otherwise, and goes on as a lease.
new ready
exec 9>"$G/.lease/$n"
lives "$n"
nothing_new
exec 9>&-
dies "$n"
journal "${past}1 died"

# What a killed holder had.
new never
hold "$n"
kill -s KILL "$holder"
wait "$holder" 2>/dev/null || :
dies "$n"
lives_are "1 born,1 died"

# --- a code written to it

# told CODE: of $n, and with its death.
told()
{
	dies "$n"
	journal "1 born,1 died $1"
	expect_eq "the code of $n" "$(timeout 10 cat "$G/.wait/exitcode/$n")" "${2-$1}"
}

new never
exec 9>"$G/.lease/$n"
echo 3 >&9
lives "$n"
absent ".exitcode/$n" ".died/$n"
journal "1 born"
exec 9>&-
told 3
new never
echo 4 >"$G/.lease/$n"
told 4
for code in 0 255; do
	new never
	gets "ok ok ok" open wc ".lease/$n" write "$code\n" close
	told "$code"
done
new never
gets "ok ok ok" open wc ".lease/$n" write "-1\n" close
told -1 255

# Without its newline, and in pieces.
new never
gets "ok ok ok ok" open wc ".lease/$n" write "1" write "2" close
told 12

# Written by the one of two who closes first.
new never
exec 8>"$G/.lease/$n"
gets "ok ok ok" open wc ".lease/$n" write "5\n" close
lives "$n"
absent ".exitcode/$n"
exec 8>&-
told 5

# By a child, over a descriptor that it has from its parent.
new never
hold "$n" sh -c '(echo 6 >&9); echo >"$T/holds"; read -r _ <"$T/go"'
lives "$n"
let_go
told 6

# What is no code.
for rubbish in hello 256 -2 3x '3 4' 'ExitCode: 4000'; do
	new never
	exec 9>"$G/.lease/$n"
	if env printf '%s\n' "$rubbish" >&9 2>said.now; then
		fail "'$rubbish' was taken for a code"
	fi
	grep -q 'Invalid argument' said.now || fail "'$rubbish': $(cat said.now)"
	lives "$n"
	journal "1 born"
	echo 7 >&9
	exec 9>&-
	told 7
done

# --- a lease is one of the life in which it was opened

new dead3
exec 9>"$G/.lease/$n"
lives "$n"
journal "${past}2 born"
# That life ends otherwise, and the next begins: not the lease's.
touch "$G/.died/$n"
absent ".alive/$n"
journal "${past}2 born,2 died"
touch "$G/.born/$n"
echo 9 >&9 2>/dev/null || :
exec 9>&-
exec 9>"$G/.lease/$n-after"
exec 9>&-
dies "$n-after"
[ -e "$G/.alive/$n" ] || fail "a lease has ended a later life than its own"
expect_eq "the current life" "$(awk -v n="$n" '$3 == n { last = $4 $5 } END { print last }' "$G/.log")" 3born

# The same, and the later life is a lease, too.
new never
exec 8>"$G/.lease/$n"
touch "$G/.died/$n"
absent ".alive/$n"
exec 9>"$G/.lease/$n"
exec 8>&-
exec 8>"$G/.lease/$n-after"
exec 8>&-
dies "$n-after"
lives "$n"
exec 9>&-
timeout 10 cat "$G/.wait/died/$n" >died
journal "1 born,1 died,2 born,2 died"

# Taken off view while it is held.
new never
exec 9>"$G/.lease/$n"
gets "EPERM" unlink ".lease/$n"
lives "$n"
rm "$G/$n"
absent ".lease/$n" ".alive/$n" "$n"
exec 8>"$G/.lease/$n"
lives "$n"
exec 9>&-
exec 9>"$G/.lease/$n-after"
exec 9>&-
dies "$n-after"
lives "$n"
exec 8>&-
dies "$n"
journal "1 born,1 removed,2 born,2 died"
new never
exec 9>"$G/.lease/$n"
rm "$G/$n"
exec 9>&-
exec 9>"$G/.lease/$n-after"
exec 9>&-
dies "$n-after"
journal "1 born,1 removed"

# --- who may, and what for

new alive
for path in ".alive/$n" ".alive/nobody"; do
	expect_fails touch "$G/$path"
	expect_fails sh -c ': >"$1"' sh "$G/$path"
	expect_fails sh -c 'echo 3 >>"$1"' sh "$G/$path"
	expect_fails sh -c ': <>"$1"' sh "$G/$path"
done
absent nobody
nothing_new

new never
as_user 1000 sh -c ': >"$1"' sh "$G/.born/$n"
past='1 born,'
gets "ok EACCES" setuid 1001 open wc ".lease/$n"
gets "ok ok" setuid 1001 stat "$n"
nothing_new
absent ".lease/$n"
gets "ok ok ok" setuid 1000 open wc ".lease/$n" close
dies "$n"
lives_are "${past}1 died"
# Somebody who may not cannot end it, nor keep it alive.
new never
exec 9>"$G/.lease/$n"
gets "ok EACCES EACCES" setuid 1000 open w ".lease/$n" open wc ".lease/$n"
exec 9>&-
dies "$n"
# Who opened it may have become somebody else.
new never
gets "ok ok ok ok" open wc ".lease/$n" setuid 1000 write "3\n" close
told 3

for n in my-agent a-b-c.d_e agent-0; do
	: >"$G/.lease/$n"
	dies "$n"
	journal "1 born,1 died"
done
for bad in -dash .hidden 'a b' 'a,b'; do
	gets "EINVAL" open wc ".lease/$bad"
done

# --- one line, in each shell

cat >"$T/bin/agent" <<'END'
#!/bin/sh
echo >"$T/holds"
read -r _ <"$T/go"
END
chmod 755 "$T/bin/agent"
echo 'exec agent 9>$G/.lease/agent' >one_line

# run_agent: by that line, in $sh, as $user.
run_agent()
{
	as_user "$user" "$sh" "$T/one_line" &
	agent=$!
	read -r _ <&6
	lives agent
}

for sh in $SHELLS; do
	for user in 0 1000; do
		run_agent
		let_go
		dies agent
		wait_exits "$agent" 0

		run_agent
		awk -v n=agent '$3 == n { pid = $9 } END { print pid }' "$G/.log" >pid
		kill -s KILL "$(cat pid)"
		dies agent
		wait_exits "$agent" 137
		rm "$G/agent"
	done
done

# --- a disk that is full

stop_graveyard
mkdir small
mount -t tmpfs -o size=2m tmpfs small
DB=$T/small/graveyard.db
start_graveyard --linger 1ms
exec 9>"$G/.lease/held"
echo 3 >&9
dd if=/dev/zero of=small/filler bs=4k 2>/dev/null && fail "the disk is not full"
new never
gets "ENOSPC" open wc ".lease/$n"
absent ".lease/$n" "$n"
nothing_new
lives held

# Its death is owed, and kept as soon as there is room.
exec 9>&-
wait_log 'unable to keep a tombstone: No space left'
expect_fails touch "$G/.born/held"
gets "ENOSPC" open wc ".lease/held"
[ -e "$G/.alive/held" ] || fail "what could not be kept is there"
rm small/filler
timeout 20 cat "$G/.wait/died/held" >died
exec 9>"$G/.lease/held"
lives held
n=held
journal "1 born,1 died 3,2 born"
exec 9>&-
