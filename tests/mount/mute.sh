#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A graveyard whose server has read what it was asked, and never answers: whoever asks it cannot be killed until its
# connection ends, nor can process 1 end before him. It is cleared away by a start, which ends as usual.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/processes.sh"
command -v python3 >/dev/null || skip "there is no python3"

cat >mute.py <<'END'
import errno, os, struct, subprocess, sys

INIT, SIZE = 26, 1 << 17
fd = os.open("/dev/fuse", os.O_RDWR)
os.set_inheritable(fd, True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
subprocess.run(["mount", "-i", "-t", "fuse.graveyardfs", "-o", options, "mute", sys.argv[1]], check=True, close_fds=False)
print("mounted", flush=True)
while True:
    try:
        request = os.read(fd, 2 * SIZE)
    except OSError as e:
        sys.exit(e.errno != errno.ENODEV)
    _, opcode, unique = struct.unpack_from("IIQ", request)
    if opcode == INIT:
        answer = struct.pack("IIIIHHIIHHI7I", 7, 31, SIZE, 0, 12, 10, SIZE, 1, 0, 0, 0, *[0] * 7)
        os.write(fd, struct.pack("IiQ", 16 + len(answer), 0, unique) + answer)
END

mount --make-shared "$T"
mkfifo said_mute
python3 mute.py "$G" >said_mute &
mute=$!
read -r _ <said_mute

plain=$GRAVEYARDFS
rc=0
timeout 20 "$plain" --check "$G" || rc=$?
expect_eq "exit status of --check" "$rc" 1

cat >first <<END
#!/bin/sh
exec unshare -pfm --propagation unchanged --kill-child --mount-proc '$plain' "\$@"
END
chmod +x first
GRAVEYARDFS=$T/first
start_graveyard --linger 1ms
# Those who asked it have their error, and so has it.
wait_exits "$mute" 0
echo 3 >"$G/.died/a"
read -r keeper _ <"/proc/$daemon/task/$daemon/children" || :
kill -s TERM "$keeper"
timeout 20 tail --pid="$keeper" -f /dev/null || fail "process 1 cannot end"
wait_graveyard
expect_eq "exit status" "$rc" 0
expect_eq "device still mounted" "$(mount_device "$G")" ""
