#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A lease is a lease however many other names were looked up: also where the opening comes at the very
# moment in which there is no room for one idle name more, and where the worker is killed before
# it has told.
set -eu
TIME_LIMIT=${TIME_LIMIT:-180}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
helpers=$(dirname "$GRAVEYARDFS")/tests/mount/helpers
[ -x "$helpers/idle_names" ] || skip "the helpers are not built"
idle=32768 # IDLE_NAMES in fs/session.c

mkfifo said go
exec 6<>said

# holds [killed]: opens the lease, in such a moment; it has to be there, and its end has to be a death.
holds()
{
	start_graveyard --linger 1ms
	# The herald's requests would be counted.
	herald=$(herald_pid)
	stop "$herald"
	[ -z "${1-}" ] || hold_at answer 16 # FUSE_WRITE
	"$helpers/idle_names" "$G" "$(worker_pid)" "/sys/fs/fuse/connections/$connection/waiting" \
		"$idle" >said <go &
	holder=$!
	exec 7>go
	[ -z "${1-}" ] || kill_held
	read -r _ <&6
	[ -e "$G/.lease/held" ] || fail "a lease that was opened is not there"
	kill -s CONT "$herald"
	exec 7>&-
	wait_exits "$holder" 0
	timeout 20 tail -n 1 "$G/.wait/died/held" >/dev/null || fail "a lease that was opened does not die"
	expect_eq "its deaths" "$(grep -Ec ' held [12] died ' "$G/.log")" 2
	stop_graveyard
	rm -r "$(dirname "$DB")" "$G"
	mkdir "$G"
}

holds
need_hold
holds killed
