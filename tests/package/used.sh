#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# used.sh DIRECTORY: the packages that lie there, on the Debian of this machine, whose root is covered for it by a tmpfs:
# installed they work, and start nothing; upgraded, the new program takes over; removed, they leave the database; and
# purged, nothing.
set -eu

fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

if [ -z "${INSIDE-}" ]; then
	# The shell between is process 1: when it ends, the kernel kills whatever is left.
	INSIDE=1 exec timeout -k 5 120 unshare -mpf --kill-child --propagation private --mount-proc \
		sh -c '"$0" "$@"; exit $?' "$(realpath "$0")" "$(realpath "$1")" </dev/null
fi

T=/mnt
mount -t tmpfs tmpfs "$T"
mkdir "$T/changes" "$T/work" "$T/root"
mount -t overlay -o "lowerdir=/,upperdir=$T/changes,workdir=$T/work" overlay "$T/root"
for directory in run tmp; do
	mount -t tmpfs -o mode=1777 tmpfs "$T/root/$directory"
done
mount -t proc proc "$T/root/proc"
mount --rbind /dev "$T/root/dev"
cp "$1"/*.deb "$T/root/tmp"
rm -f "$T/root/usr/sbin/policy-rc.d" # of Debian's images: nothing is to be started

rm -f "$T/root/var/lib/man-db/auto-update" # an index of all manual pages takes seconds, each time

# It says that the service runs, and keeps what else it is asked for.
mkdir "$T/root/run/fake"
cat >"$T/root/run/fake/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/run/asked
case $* in
*is-enabled*) echo disabled; exit 1 ;;
esac
END
chmod +x "$T/root/run/fake/systemctl"

# run COMMAND…: there.
run()
{
	chroot "$T/root" env -i PATH=/run/fake:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

# dpkg_run ARGUMENT…: what it says is of interest only if it fails.
dpkg_run()
{
	: >"$T/root/run/asked"
	run dpkg "$@" >"$T/dpkg.log" 2>&1 || {
		cat "$T/dpkg.log" >&2
		fail "dpkg $*"
	}
}

install()
{
	# shellcheck disable=SC2046 # two words
	dpkg_run -i $(cd "$T/root" && echo tmp/graveyardfs_*.deb tmp/bury_*.deb)
}

# asked: systemd, of the service.
asked()
{
	grep -oE '(start|stop|restart|try-restart|reload|enable) graveyardfs\.service' "$T/root/run/asked" || :
}

# expect_asked WHEN WANT
expect_asked()
{
	[ "$(asked)" = "$2" ] || fail "$1 systemd was asked for '$(asked)', expected '$2'"
}

# changes: what is not as on this machine, save for dpkg's own books, and what is made anew from what there is.
changes()
{
	(cd "$T/changes" && find . ! -type d -print -o ! -exec test -d '/{}' ';' -print) | sort |
		grep -vE '^\./var/(lib/dpkg|cache|log)(/|$)' || :
}

changes >"$T/before"
mkdir -p "$T/root/run/systemd/system"
install
expect_asked 'By an installation' ''
[ ! -e "$T/root/etc/systemd/system/multi-user.target.wants/graveyardfs.service" ] || fail "it is enabled"
run graveyardfs --version >/dev/null
run bury --help >/dev/null
# Whether manual pages are installed is the machine's affair.
for package in "$T"/root/tmp/*.deb; do
	dpkg-deb --contents "$package"
done >"$T/contents"
for page in man1/bury.1.gz man8/graveyardfs.8.gz; do
	grep -q "/usr/share/man/$page\$" "$T/contents" || fail "there is no $page"
done

# As the unit does.
start=$(sed -n 's/^ExecStart=//p' "$T/root/lib/systemd/system/graveyardfs.service")
# shellcheck disable=SC2086 # words
run $start 2>"$T/log" &
timeout 60 tail -n +1 -F "$T/log" 2>/dev/null | grep -q -m1 serving || fail "it does not serve: $(cat "$T/log")"
G=/run/graveyard
run cmp "$G/.bin/bury" /usr/bin/bury || fail "another bury in .bin"
rc=0
run "$G/.bin/bury" --name agent -- sh -c 'exit 3' 2>"$T/bury.log" || rc=$?
[ "$rc:$(cat "$T/root$G/.exitcode/agent")" = 3:3 ] || fail "bury: $rc"
kill "$(pgrep -xo graveyardfs)"
wait

install
expect_asked 'By an upgrade' 'reload graveyardfs.service'

db=$T/root/var/lib/graveyard/graveyard.db
dpkg_run --remove graveyardfs bury
expect_asked 'By a removal' 'stop graveyardfs.service'
[ -e "$db" ] || fail "the database is gone with the program"
[ ! -e "$T/root/usr/bin/graveyardfs" ] || fail "the program is still there"
dpkg_run --purge graveyardfs bury
changes | diff "$T/before" - || fail "something is left (>) or gone"

install
mkdir "$T/root/var/lib/graveyard"
: >"$db"
: >"$T/root/var/lib/graveyard/another.db"
dpkg_run --purge graveyardfs bury
[ ! -e "$db" ] || fail "a purge leaves the database"
[ -e "$T/root/var/lib/graveyard/another.db" ] || fail "a purge takes what is not the unit's"
