#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit, with a systemd of its own as process 1, which knows nothing but it: it is started once it serves, has a
# newer program take over when it is reloaded, is started again when it is killed, and leaves nothing mounted, whatever
# its end.
set -eu
. "$(dirname "$0")/../lib/container.sh"

[ -x /lib/systemd/systemd ] || skip "there is no systemd"

# The executable of the image, as it is the one tested.
image=$(podman create --pull=never --network none --no-healthcheck localhost/graveyardfs:0.1.0)
podman cp "$image:/graveyardfs" "$T/graveyardfs"
podman rm "$image" >/dev/null

units=$T/units
mkdir -p "$units/graveyardfs.service.d"
sed "s|/usr/local/sbin/graveyardfs|$T/graveyardfs|; s|/var/lib/graveyard/|$T/|" \
	"$deploy/systemd/graveyardfs.service" >"$units/graveyardfs.service"
# No journal, and no state outside of this directory.
printf '[Service]\nStandardError=append:%s\nStandardOutput=null\nStateDirectory=\n' "$T/log" \
	>"$units/graveyardfs.service.d/test.conf"
# All that a unit depends on by default.
for target in sysinit basic multi-user shutdown; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target >"$units/$target.target"
done
: >"$T/log"
systemd-analyze --man=no verify "$units/graveyardfs.service" 2>"$T/verified" || :
! grep graveyardfs.service: "$T/verified" || fail "systemd-analyze finds fault with it"

# What it mounts is seen here, save for /proc.
unshare -mpf --kill-child --propagation unchanged sh -c '
	mount --make-private /proc
	mount -t proc proc /proc
	exec env -i container=test SYSTEMD_UNIT_PATH="$1" PATH="$PATH" \
		/lib/systemd/systemd --unit=multi-user.target --log-target=console --log-level=info' \
	sh "$units" >"$T/systemd.log" 2>&1 &
systemd=$!

# systemctl ARGUMENT…: from within, as systemd wants to know the process that asks.
systemctl()
{
	nsenter -t "$(pgrep -P "$systemd")" -m -p systemctl "$@"
}

G=/run/graveyard
until systemctl is-active multi-user.target >/dev/null 2>&1; do
	kill -s 0 "$systemd" || { cat "$T/systemd.log" >&2; fail "systemd has ended"; }
	sleep 0.1
done
# Type=notify: it serves as soon as this returns.
systemctl start graveyardfs || { cat "$T/log" "$T/systemd.log" >&2; fail "not started"; }
"$T/graveyardfs" --check "$G"
echo 3 >"$G/.died/agent"
main=$(systemctl show -P MainPID graveyardfs)
[ "$main" != 0 ] || fail "no main process"
keeper=$(pgrep -xo graveyardfs)
expect_eq "OOM score" "$(systemctl show -P OOMScoreAdjust graveyardfs)" -900

# Reloaded: a newer program serves, and who waits goes on waiting.
cat "$G/.wait/exitcode/waited-for" >"$T/waited" &
waiter=$!
wait_parked .wait/exitcode/waited-for
worker=$(pgrep -x gyfs-worker)
cp "$T/graveyardfs" "$T/newer"
mv "$T/newer" "$T/graveyardfs"
systemctl reload graveyardfs
until now=$(pgrep -x gyfs-worker) && [ "$now" != "$worker" ]; do sleep 0.1; done
expect_eq "the program that serves" "$(stat -Lc %i "/proc/$now/exe")" "$(stat -c %i "$T/graveyardfs")"
echo 4 >"$G/.died/waited-for"
wait "$waiter"
expect_eq "what was waited for" "$(cat "$T/waited")" 4

# Killed: the dead mount is cleared away, and it is started again.
kill -s KILL "$keeper"
until [ "$(systemctl show -P NRestarts graveyardfs)" = 1 ] && systemctl is-active graveyardfs >/dev/null; do
	sleep 0.1
done
expect_eq "the code after that" "$(cat "$G/.exitcode/agent")" 3
expect_eq "mounts" "$(grep -c fuse.graveyardfs /proc/self/mountinfo)" 1

systemctl stop graveyardfs
expect_eq "state" "$(systemctl show -P Result graveyardfs)" success
expect_eq "mounts" "$(grep -c fuse.graveyardfs /proc/self/mountinfo)" 0
[ -e "$G/agent" ] || fail "no stone is left"
