#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# However its place is written, relative, with slashes after it, through a link, it is served there, taken down, and
# cleared of one that hangs.
set -eu
# Most of it is waiting for those that hang.
TIME_LIMIT=120
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
expected_log="the worker does not end"
place=$G

# serve_at PATH: which is another of the place.
serve_at()
{
	cat >"$T/serving" <<-END
		#!/bin/sh
		exec '$plain' --linger 1ms --db '$DB' '$1'
	END
	chmod +x "$T/serving"
	GRAVEYARDFS=$T/serving
	start_graveyard
	GRAVEYARDFS=$plain
}
plain=$GRAVEYARDFS

not_mounted()
{
	expect_eq "device still mounted" "$(mount_device "$place")" ""
}

ln -s g link
for path in g g/ ./g// link link/ "$T/link"; do
	serve_at "$path"
	echo 3 >"$place/.died/a"
	stop_graveyard
	[ -f "$place/a" ] || fail "$path: no stone was left"

	serve_at "$path"
	"$GRAVEYARDFS" --check "$path" || fail "$path: not served"
	"$GRAVEYARDFS" --unmount "$path"
	wait_graveyard
	expect_eq "exit status of one that was unmounted" "$rc" 0
	not_mounted
done

# It is taken down without a worker that hangs; and a hung one, which is asked only by a process that can be given
# up, is cleared away.
hung=
for path in link/ g/; do
	serve_at "$path"
	stop "$(worker_pid)"
	kill -s TERM "$daemon"
	wait_graveyard
	expect_eq "exit status" "$rc" 111
	not_mounted

	serve_at "$path"
	stop "$(worker_pid)"
	hung="$hung $daemon"
	rc=0
	timeout 20 "$GRAVEYARDFS" --check "$path" || rc=$?
	expect_eq "exit status of --check $path" "$rc" 1
	DB=$T/db-$path/graveyard.db
	serve_at "$path"
	stop_graveyard
done
# shellcheck disable=SC2086 # words
kill -s KILL $hung

# Where there is none it is made, such that everybody can write who comes before the mount.
place=$T/new/place
G=$place
serve_at "$T/new/place/"
expect_eq "mode underneath" "$(unshare -m sh -c 'umount -l "$1" && stat -c %a "$1"' sh "$place")" 777
stop_graveyard
