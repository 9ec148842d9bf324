#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Leases of an earlier mount: whose holder can be shown alive lives on, whose cannot is dead; after
# a reboot everybody is.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
command -v sqlite3 >/dev/null || skip "there is no sqlite3"

mkfifo holds
# Open for both: a reader that comes while the last writer still has it meets no end of the file.
exec 6<>holds

# hold NAME [LEASE]: a process NAME that holds it, until end NAME or lose NAME.
hold()
{
	mkfifo "go-$1"
	sh -c 'echo >"$1"; read -r _ <"$2"' sh "$T/holds" "$T/go-$1" 9>"$G/.lease/${2-$1}" &
	eval "holder_$1=$!"
	read -r _ <&6
}

end()
{
	echo >"go-$1"
	eval "wait_exits \"\$holder_$1\" 0"
}

lose()
{
	eval "kill -s KILL \"\$holder_$1\""
	eval "wait \"\$holder_$1\"" 2>/dev/null || :
}

crash()
{
	kill -s KILL "$daemon"
	wait_graveyard 2>/dev/null
}

goes_on()
{
	for n in "$@"; do
		[ -e "$G/.alive/$n" ] || fail "$n is dead: $(cat "$G/$n")"
		journal "1 born"
	done
}

# lost EPITAPH NAME…
lost()
{
	epitaph=$1
	shift
	for n in "$@"; do
		journal "1 born,1 epitaph,1 died"
		has_stone "Born Died Epitaph"
		expect_eq "the epitaph of $n" "$(field Epitaph)" "$epitaph"
		case $epitaph in *reboot) via=reboot ;; *) via=lost ;; esac
		wait_log "^level=info event=died name=$n life=1 via=$via seq="
		expect_fails timeout 10 cat "$G/.wait/exitcode/$n"
		grep -q 'No data' "$T/said" || fail "the code of $n: $(cat "$T/said")"
	done
}

# ends_itself NAME: as its holder ends, and not before; of a death that was seen there is no
# epitaph.
ends_itself()
{
	cat "$G/.wait/died/$1" >died &
	waiter=$!
	wait_parked 1
	end "${2-$1}"
	timeout 10 tail --pid="$waiter" -f /dev/null || fail "$1 does not die"
	wait_exits "$waiter" 0
	! grep -q Epitaph died || fail "the death of $1: $(cat died)"
	expect_eq "deaths of $1" "$(awk -v n="$1" '$3 == n && $5 == "died"' "$G/.log" | grep -c .)" 1
}

# --- killed

start_graveyard --linger 1ms
touch "$G/.born/free"
hold stays
hold leaves
hold crowd1 crowd
hold crowd2 crowd
hold couple1 couple
hold couple2 couple
hold before
end before
timeout 10 cat "$G/.wait/died/before" >died
[ "$kernel_tells" = 0 ] || await_code before
hold removed
rm "$G/removed"
events=$(grep -c . "$G/.log")
crash
lose leaves
lose couple1
lose couple2
lose crowd1
start_graveyard --linger 1ms
goes_on free stays crowd
lost 'lease lost with its mount' leaves couple
expect_eq "events of the start" "$(grep -c . "$G/.log")" $((events + 4))

# Somebody else who has a lease on the same life does not end it.
: >"$G/.lease/stays"
: >"$G/.lease/after"
timeout 10 cat "$G/.wait/died/after" >died
goes_on stays

# And once more.
crash
start_graveyard --linger 1ms
goes_on free stays crowd
ends_itself stays
ends_itself crowd crowd2
goes_on free

# --- ended in good order

hold patient
hold hasty
stop_graveyard
lose hasty
start_graveyard --linger 1ms
goes_on patient
lost 'lease lost with its mount' hasty
ends_itself patient

# --- a pid that is somebody else's now, and one that could not be seen

hold reused
hold renamed
hold unseen
crash
lose reused
# shellcheck disable=SC2154 # holder_NAME is set by hold
sqlite3 "$DB" "UPDATE leases SET pid = $$ WHERE pid = $holder_reused;
	UPDATE leases SET start = start - 1 WHERE pid = $holder_renamed;
	UPDATE leases SET pid = 0 WHERE pid = $holder_unseen"
start_graveyard --linger 1ms
lost 'lease lost with its mount' reused renamed unseen
end renamed
end unseen

# --- a reboot

hold rebooted
crash
sqlite3 "$DB" "UPDATE boot SET id = '00000000-0000-0000-0000-000000000000'"
start_graveyard --linger 1ms
lost 'lost in a reboot' rebooted free
expect_eq "who is alive after a reboot" "$(ls "$G/.alive")" ""
end rebooted
lost 'lost in a reboot' rebooted
stop_graveyard
expect_eq "leases that are kept" "$(sqlite3 "$DB" 'SELECT count(*) FROM leases')" 0
start_graveyard --linger 1ms
lost 'lost in a reboot' rebooted free
