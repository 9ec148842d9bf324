#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# poll, select and epoll on waits and on .events; the scenarios are in helpers/poller.c.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
poller=$(dirname "$GRAVEYARDFS")/tests/mount/helpers/poller
[ -x "$poller" ] || skip "the helpers are not built"

start_graveyard
timeout 40 "$poller" "$G"
wait_parked 0

# Polling takes one of the waits, until it is closed.
stop_graveyard
start_graveyard --fresh --max-waits 200
timeout 40 "$poller" "$G"
