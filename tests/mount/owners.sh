#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may write: whoever wrote the name first, and root; judged at the open. Who may read and wait: all.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

OWNER=1000
OTHER=1001

expected_log='refused what|told too late|Permission denied'
need_try
start_graveyard
export G

# by UID WORDS STEP…: as gets, but as somebody.
by()
{
	user=$1
	want=$2
	shift 2
	expect_eq "as $user: try $*" \
		"$(cd "$G" && as_user "$user" "$try" "$@")" "$want"
}

# has_owner UID: of $n, by every path that shows it.
has_owner()
{
	for path in "$n" ".born/$n" ".ready/$n" ".alive/$n" ".died/$n" ".exitcode/$n" ".history/$n"; do
		[ ! -e "$G/$path" ] || expect_eq "owner of $path" "$(stat -c '%u' "$G/$path")" "$1"
	done
}

# owned STATE: as new(), but not root's.
owned()
{
	new never
	case $1 in
	alive)
		by "$OWNER" "ok ok" open wc ".born/$n" close
		past='1 born,'
		;;
	dead)
		by "$OWNER" "ok ok" open wc ".died/$n" close
		past='1 born,1 died,'
		;;
	dead3)
		by "$OWNER" "ok ok ok" open wc ".died/$n" write "3\n" close
		past='1 born,1 died 3,'
		;;
	esac
	has_owner "$OWNER"
}

expect_eq "modes of directories" \
	"$(stat -c %a "$G" "$G/.born" "$G/.ready" "$G/.died" | paste -sd ' ')" "777 777 777 777"

# --- others may not, by whatever path

for state in alive dead dead3; do
	owned "$state"
	for path in "$n" ".born/$n" ".died/$n"; do
		by "$OTHER" "EACCES EACCES EACCES" open wc "$path" open wct "$path" open bca "$path"
		[ ! -e "$G/$path" ] || by "$OTHER" "EACCES EACCES" open w "$path" open wt "$path"
	done
	by "$OTHER" "EACCES EACCES EPERM" access "$n" access ".born/$n" truncate "$n"
	by "$OTHER" "EPERM EPERM EPERM EPERM" utimens "$n" mtime "$n" utimens ".born/$n" chmod 666 "$n"
	by "$OTHER" "EPERM EPERM" chown "$OTHER" "$n" chown "$OTHER" ".born/$n"
	by "$OTHER" "EPERM EPERM EPERM" rename "$n" mine link "$n" mine unlink ".born/$n"
	by "$OTHER" "EACCES" unlink "$n"
	by "$OTHER" "EACCES" open wcx ".ready/$n"
	for command in 'touch "$G/$1"' 'touch "$G/.born/$1"' 'touch "$G/.ready/$1"' \
		'touch "$G/.died/$1"' 'busybox touch "$G/.born/$1"' 'echo 4 >"$G/.died/$1"' \
		'echo 4 >"$G/$1"' 'rm -f "$G/$1"' 'cp /dev/null "$G/$1"' 'mv /etc/hostname "$G/$1"'; do
		expect_fails as_user "$OTHER" sh -c "$command" sh "$n"
	done
	nothing_new
	has_owner "$OWNER"
done
new alive
by "$OTHER" "EACCES EACCES EACCES EACCES" open w "$n" open w ".born/$n" open wc ".died/$n" unlink "$n"
expect_fails as_user "$OWNER" touch "$G/.died/$n"
nothing_new

# What nobody may write, root may not either.
owned dead3
for user in 0 "$OWNER" "$OTHER"; do
	by "$user" "EACCES EACCES EACCES EACCES" open w ".exitcode/$n" open w ".history/$n" \
		open w ".wait/died/$n" open w .log
	by "$user" "EACCES EACCES" access .log open w .bin/bury
done

# --- all may look and wait

owned alive
by "$OWNER" "ok ok" open wc ".ready/$n" close
for path in "$n" ".born/$n" ".ready/$n" ".alive/$n" ".history/$n" ".wait/born/$n" ".wait/ready/$n" \
	.log .events .status .status.json .metrics .help .bin/bury; do
	as_user "$OTHER" head -n 1 "$G/$path" >seen
	[ -s seen ] || fail "$path says nothing to others"
done
for path in . .born .ready .alive .died .exitcode .history .wait .wait/died .bin; do
	as_user "$OTHER" ls "$G/$path" >/dev/null
done
as_user "$OTHER" cat "$G/.wait/exitcode/$n" >code &
code=$!
as_user "$OTHER" cat "$G/.wait/died/$n" >died &
died=$!
wait_parked 2
by "$OWNER" "ok ok ok" open wc ".died/$n" write "0\n" close
wait_exits "$code" 0
wait_exits "$died" 0
expect_eq "the code that others read" "$(cat code)" 0
cmp died "$G/$n" || fail "the stone that others waited for is not the stone"
by "$OTHER" "ok 0 ok Born" open r ".exitcode/$n" read open r ".wait/succeeded/$n" read

# --- root may, and takes nothing away from the owner

owned alive
by 0 "ok ok ok ok" open wct "$n" write "Epitaph: e\n" open wc ".ready/$n" close
by 0 "ok ok" open wc ".died/$n" write "3\n"
by 0 "ok ok" open wc ".born/$n" close
has_owner "$OWNER"
by "$OWNER" "ok ok ok" open wc ".died/$n" write "4\n" close
journal "1 born,1 epitaph,1 ready,1 died 3,2 born,2 died 4"
as_user "$OWNER" touch "$G/.born/$n" "$G/.ready/$n" "$G/.died/$n" "$G/$n"
journal "1 born,1 epitaph,1 ready,1 died 3,2 born,2 died 4,3 born,3 ready,3 died"
has_owner "$OWNER"
expect_eq "who did it" "$(awk -v name="$n" '$3 == name { print $7 ":" $8 }' "$G/.log" | uniq -c |
	awk '{ print $1, $2 }' | paste -sd ,)" "1 1000:1000,4 0:0,4 1000:1000"

# --- an open file may be written to, whoever one has become

new alive
by 0 "ok ok ok ok" open wc ".died/$n" setuid "$OTHER" write "3\n" close
journal "${past}1 died 3"
expect_eq "on whose behalf" "$(awk -v name="$n" '$3 == name { print $7, $8 }' "$G/.log" | tail -n 1)" "0 0"
new alive
by 0 "ok ok ok EACCES" open w "$n" setuid "$OTHER" write "Epitaph: e\n" open w "$n"
journal "${past}1 epitaph"
new alive
sh -c 'exec 9>"$G/.died/$1"
	exec setpriv --reuid=1001 --regid=1001 --clear-groups sh -c "echo 3 >&9"' sh "$n"
journal "${past}1 died 3"
# Nor does it matter to whom the name was given meanwhile.
mkfifo -m 666 opened go

# write_late UID PATH: opens it as somebody, and writes once told to by `echo >go`.
write_late()
{
	as_user "$1" sh -c 'exec 5>>"$G/$1"; echo >opened; read -r _ <go; echo 3 >&5' sh "$2" \
		2>said &
	late=$!
	read -r _ <opened
}

owned alive
write_late "$OWNER" "$n"
gets ok chown "$OTHER" "$n"
echo >go
wait_exits "$late" 0
journal "${past}0 owner,1 died 3"

# But a creation is no more than an offer: who is first has the name.
new never
write_late "$OTHER" ".died/$n"
by "$OWNER" "ok ok" open wc ".born/$n" close
echo >go
rc=0
wait "$late" || rc=$?
[ "$rc" != 0 ] || fail "somebody else's death was taken"
journal "1 born"
has_owner "$OWNER"

# --- handing over, and removing

owned alive
by "$OWNER" "EPERM EPERM ok ok" chown "$OTHER" "$n" chown 0 "$n" chown "$OWNER" "$n" chmod 600 "$n"
by 0 "ok" chown "$OTHER" "$n"
has_owner "$OTHER"
by "$OWNER" "EACCES EACCES" open w "$n" open wc ".died/$n"
by "$OTHER" "ok ok ok" open wc ".died/$n" write "3\n" close
journal "${past}0 owner,1 died 3"

owned dead3
by "$OTHER" "EACCES" unlink "$n"
by "$OWNER" "ok ENOENT" unlink "$n" stat "$n"
by "$OTHER" "ok ok" open wc ".born/$n" close
has_owner "$OTHER"
by "$OWNER" "EACCES EACCES" open wc ".born/$n" unlink "$n"
by 0 "ok" unlink "$n"
journal "${past}1 removed,2 born,2 removed"
